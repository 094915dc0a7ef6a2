// A sink that refuses some messages, and a fallback that is down while the harness says so.

import { defineTopology, Response } from '../../../../dist/index.js'
import { failsAt } from '../fails-at.mjs'
import { idOf, unstamped } from '../input.mjs'
import { isOn } from './support/control.mjs'
import { ledgerFallback, ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { seed, order, probability, inFlight } = parameters
const good = ledgerSink()
const isBad = (message) => failsAt(seed, idOf(unstamped(message.text())), 1, probability)

const sink = {
  ...good,
  ordered: false,
  write(batch) {
    const accepted = batch.filter((message) => !isBad(message))
    if (accepted.length > 0) good.write(accepted)
    return batch.map((message) =>
      isBad(message) ? Response.failure(message, 'refused') : Response.ok(message),
    )
  },
}

const fallback = ledgerFallback({
  before() {
    if (isOn('down')) throw new Error('the fallback is down')
  },
})

export default defineTopology({
  name: 'fallback-down',
  source: inputSource(),
  map: { threads: 2, handler: stamp },
  order,
  sink,
  fallback,
  retry: { attempts: 2, backoff: { initialMs: 1 } },
  limits: { inFlight },
})
