// Something that does not return: a sink, a handler that waits or spins, a read.

import { defineTopology } from '../../../../dist/index.js'
import { idOf } from '../input.mjs'
import { tellFault } from './support/faults.mjs'
import { ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const STUCK_ID = 2_000
const { stuck, graceMs } = parameters

const forever = () => {
  tellFault('stuck', stuck)
  return new Promise(() => {})
}
const isStuckOne = (message) => idOf(message.text()) === STUCK_ID

const handlers = {
  handler: (message, context) => (isStuckOne(message) ? forever() : stamp(message, context)),
  spin(message, context) {
    if (!isStuckOne(message)) return stamp(message, context)
    tellFault('stuck', stuck)
    for (;;) {}
  },
}

let readCount = 0
const source = inputSource({ rate: 20_000 })
const stuckSource = { ...source, read: (max) => (++readCount === 20 ? forever() : source.read(max)) }
const stuckSink = {
  ...ledgerSink(),
  name: 'tar',
  write: forever,
}

export default defineTopology({
  name: 'stuck',
  source: stuck === 'source' ? stuckSource : source,
  map: { threads: 1, handler: handlers[stuck] ?? stamp },
  sink: stuck === 'sink' ? stuckSink : ledgerSink(),
  limits: { graceMs },
})
