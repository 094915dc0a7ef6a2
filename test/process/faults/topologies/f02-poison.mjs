// Some messages fail at every attempt, and wait long between them.

import { defineTopology } from '../../../../dist/index.js'
import { idOf } from '../input.mjs'
import { tellFault } from './support/faults.mjs'
import { ledgerFallback, ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const poison = new Set(parameters.poison)

export default defineTopology({
  name: 'poison',
  source: inputSource(),
  map: {
    threads: 2,
    handler(message, context) {
      const id = idOf(message.text())
      if (!poison.has(id)) return stamp(message, context)
      tellFault('poison', `${id} ${message.attempt}`)
      throw new Error(`message ${id} is poison`)
    },
  },
  order: parameters.order,
  sink: ledgerSink(),
  fallback: ledgerFallback(),
  retry: { attempts: 3, backoff: { initialMs: 150, factor: 1, jitter: 0 } },
})
