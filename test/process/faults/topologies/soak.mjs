// Everything at random: handlers fail, threads of all kinds die, hang or are slow, the sink and the fallback are down for a while. What
// happens at which message is decided by the seed.

import { defineTopology } from '../../../../dist/index.js'
import { failsAt } from '../fails-at.mjs'
import { idOf, unstamped } from '../input.mjs'
import { eventText } from '../ledger.mjs'
import { chanceOf } from '../random.mjs'
import { isOn } from './support/control.mjs'
import { tellFault } from './support/faults.mjs'
import { ledgerFallback, ledgerSink, textOf } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { once } from './support/once.mjs'
import { parameters, pathOf } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { seed, order, probability, checkpoint } = parameters
/** Deaths of map threads by id, of the sinks' thread by id, of the source's by the number of a read. */
const deaths = new Map(parameters.deaths)
const sinkDeaths = new Set(parameters.sinkDeaths)
const readDeaths = new Set(parameters.readDeaths)
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function die(word, more) {
  tellFault(word, more)
  process.exit(3)
}

const WAYS = {
  exit: (id) => die('death', String(id)),
  lateExit: (id) => later(3).then(() => die('death', String(id))),
  spin() {
    for (;;) {}
  },
  never: () => new Promise(() => {}),
}

function handler(message, context) {
  const id = idOf(message.text())
  if (failsAt(seed, id, message.attempt, probability)) throw new Error(`message ${id} failed`)
  const way = deaths.get(id)
  if (way !== undefined && once(`death-${id}`)) return WAYS[way](id)
  return chanceOf(seed, id, 77) < 0.3 ? later(2).then(() => stamp(message, context)) : stamp(message, context)
}

function before(batch, ledger) {
  if (isOn('sink-down')) throw new Error('the sink is down')
  const ids = batch.map((message) => idOf(unstamped(message.text())))
  const id = ids.find((each) => sinkDeaths.has(each))
  if (id !== undefined && once(`sink-${id}`)) {
    ledger.append(eventText('at') + textOf(batch.slice(0, batch.length >> 1)))
    die('sink-death', ids.join(' '))
  }
  return isOn('sink-slow') ? later(50) : undefined
}

function source() {
  const inner = inputSource(checkpoint && { checkpoint: pathOf('checkpoint') })
  let readCount = 0
  return {
    ...inner,
    read(max) {
      if (readDeaths.has(++readCount) && once(`read-${parameters.life}-${readCount}`))
        die('read-death', String(readCount))
      return inner.read(max)
    },
  }
}

export default defineTopology({
  name: 'soak',
  source: source(),
  map: {
    threads: 2,
    handler,
    handlerTimeoutMs: 500,
    retry: { attempts: 4, backoff: { initialMs: 2, maxMs: 20 } },
  },
  order,
  sink: ledgerSink({ before, batchMax: 100 }),
  fallback: ledgerFallback({
    before() {
      if (isOn('fallback-down')) throw new Error('the fallback is down')
    },
  }),
  limits: { inFlight: 2_000 },
})
