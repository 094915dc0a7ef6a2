// A handler that fails with some probability: the same attempts of the same messages in every run.

import { defineTopology } from '../../../../dist/index.js'
import { failsAt } from '../fails-at.mjs'
import { idOf } from '../input.mjs'
import { ledgerFallback, ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { seed, probability, order } = parameters

export default defineTopology({
  name: 'handler-throws',
  source: inputSource(),
  map: {
    threads: 2,
    handler(message, context) {
      const id = idOf(message.text())
      const isLate = id % 2 === 0
      if (failsAt(seed, id, message.attempt, probability)) {
        const error = new Error(`message ${id} failed at attempt ${message.attempt}`)
        if (!isLate) throw error
        return Promise.reject(error)
      }
      return isLate ? Promise.resolve(stamp(message, context)) : stamp(message, context)
    },
  },
  order,
  sink: ledgerSink(),
  fallback: ledgerFallback(),
  retry: { attempts: 3, backoff: { initialMs: 1, maxMs: 5 } },
})
