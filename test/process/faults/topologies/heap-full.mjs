// A handler that fills the heap, in two ways. The engine decides whether the thread dies of it, or the whole process.

import { defineTopology } from '../../../../dist/index.js'
import { idOf } from '../input.mjs'
import { tellFault } from './support/faults.mjs'
import { ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { once } from './support/once.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

/** Ways by id. */
const full = new Map(parameters.full)

const WAYS = {
  /** Many small objects: the engine mostly ends the thread in time. */
  thread() {
    for (const kept = []; ; ) kept.push({ more: [kept.length] })
  },
  /** One table that doubles: it asks for more than there is at once, and mostly the process ends. */
  process() {
    const kept = new Map()
    for (let i = 0; ; i++) kept.set(i, i)
  },
}

export default defineTopology({
  name: 'heap-full',
  source: inputSource(),
  map: {
    threads: 2,
    handler(message, context) {
      const id = idOf(message.text())
      if (full.has(id) && once(`heap-${id}`)) {
        tellFault('death', String(id))
        WAYS[full.get(id)]()
      }
      return stamp(message, context)
    },
  },
  order: parameters.order,
  sink: ledgerSink(),
})
