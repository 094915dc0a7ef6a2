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

function die(name, more) {
  if (!once(name)) return
  tellFault('death', more)
  process.exit(3)
}

/** Dies with a batch half written, with all of it written, or with nothing of it written. */
const dyingSink = () =>
  ledgerSink({
    batchMax: 100,
    before(batch, ledger) {
      const ids = batch.map((message) => idOf(unstamped(message.text())))
      const id = ids.find((each) => deaths.has(each))
      if (id !== undefined && once(`sink-${id}`)) {
        const count = { none: 0, half: batch.length >> 1, all: batch.length }[deaths.get(id)]
        ledger.append(eventText('at') + textOf(batch.slice(0, count)))
        tellFault('death', ids.join(' '))
        process.exit(3)
      }
      return isLate ? new Promise((resolve) => setTimeout(resolve, 1)) : undefined
    },
  })

function dyingSource() {
  const source = inputSource()
  let readCount = 0
  return {
    ...source,
    read(max) {
      const count = ++readCount
      const way = deaths.get(count)
      if (way === 'read') die(`source-${count}`, way)
      const records = source.read(max)
      if (way === 'gave') die(`source-${count}`, way)
      if (way === 'timer') setTimeout(() => die(`source-${count}`, way), 1)
      return records
    },
    async ack(acks) {
      const count = readCount
      const way = deaths.get(count)
      if (way === 'ack') die(`source-${count}`, way)
      // An ack that takes a while: others gather behind it.
      if (isLate) await new Promise((resolve) => setTimeout(resolve, 3))
      await source.ack(acks)
      if (way === 'acked') die(`source-${count}`, way)
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
