// The threads at the ends die: that of the sinks within a batch, that of the source within a read or an ack.

import { defineTopology } from '../../../../dist/index.js'
import { idOf, unstamped } from '../input.mjs'
import { eventText } from '../ledger.mjs'
import { tellFault } from './support/faults.mjs'
import { ledgerSink, textOf } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { once } from './support/once.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { order, end, isLate } = parameters
/** Ways by id for the sinks' thread, by the number of the read for the source's. */
const deaths = new Map(parameters.deaths)
/** So little at once that there are more reads than the one to die in. */
const READ_MAX = 50
/** What of a batch is written before the thread dies. */
const WRITTEN = { none: () => 0, half: (length) => length >> 1, all: (length) => length }

function die(more) {
  tellFault('death', more)
  process.exit(3)
}

const dyingSink = () =>
  ledgerSink({
    batchMax: 100,
    before(batch, ledger) {
      const ids = batch.map((message) => idOf(unstamped(message.text())))
      const id = ids.find((each) => deaths.has(each) && once(`sink-${each}`))
      if (id !== undefined) {
        const count = WRITTEN[deaths.get(id)](batch.length)
        ledger.append(eventText('at') + textOf(batch.slice(0, count)))
        die(ids.join(' '))
      }
      return isLate ? new Promise((resolve) => setTimeout(resolve, 1)) : undefined
    },
  })

function dyingSource() {
  const source = inputSource()
  let readCount = 0

  function dieIf(way, isDue) {
    for (const [read, each] of deaths) if (each === way && isDue(read) && once(`source-${read}`)) die(way)
  }
  // Not each read has an ack of its own: it is the first one from this read on.
  const dieInAck = (way) => dieIf(way, (read) => read <= readCount)

  return {
    ...source,
    read(max) {
      const count = ++readCount
      const isNow = (read) => read === count
      dieIf('read', isNow)
      const records = source.read(Math.min(max, READ_MAX))
      dieIf('gave', isNow)
      if (deaths.get(count) === 'timer') setTimeout(() => dieIf('timer', isNow), 1)
      return records
    },
    async ack(acks) {
      dieInAck('ack')
      // An ack that takes a while: others gather behind it.
      if (isLate) await new Promise((resolve) => setTimeout(resolve, 3))
      await source.ack(acks)
      dieInAck('acked')
    },
  }
}

export default defineTopology({
  name: 'end-dies',
  source: end === 'source' ? dyingSource() : inputSource(),
  map: { threads: 2, handler: stamp },
  order,
  sink: end === 'sink' ? dyingSink() : ledgerSink(),
  limits: { inFlight: 2_000 },
})
