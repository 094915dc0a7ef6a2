// Handlers and writes that take a while and have short deadlines.

import { defineTopology } from '../../../../dist/index.js'
import { ledgerFallback, ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { order, timeoutMs } = parameters
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export default defineTopology({
  name: 'pausable',
  source: inputSource(),
  map: {
    threads: 2,
    handlerTimeoutMs: timeoutMs,
    async handler(message, context) {
      await later(5)
      return stamp(message, context)
    },
  },
  order,
  sink: ledgerSink({ writeTimeoutMs: timeoutMs, before: () => later(10) }),
  fallback: ledgerFallback(),
})
