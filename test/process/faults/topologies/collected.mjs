// Into a collector that may be down, or silent.

import { defineTopology } from '../../../../dist/index.js'
import { collectorSink } from './support/collector-sink.mjs'
import { ledgerFallback } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const {
  port,
  order,
  writeTimeoutMs,
  batchMax,
  attempts,
  inFlight = 4_096,
  messageBytes = 1_048_576,
} = parameters

export default defineTopology({
  name: 'collected',
  source: inputSource(),
  map: { threads: 2, handler: stamp },
  order,
  sink: collectorSink({ port, writeTimeoutMs, batchMax, ...(attempts && { retry: { attempts } }) }),
  ...(attempts && { fallback: ledgerFallback() }),
  limits: { inFlight, messageBytes },
})
