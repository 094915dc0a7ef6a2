// A sink that becomes ten times slower after some batches.

import { defineTopology } from '../../../../dist/index.js'
import { tellFault } from './support/faults.mjs'
import { ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { fastBatches, fastMs, slowMs, inFlight } = parameters
let batchCount = 0

const sink = ledgerSink({
  batchMax: 100,
  before() {
    if (++batchCount === fastBatches) tellFault('slow')
    return new Promise((resolve) => setTimeout(resolve, batchCount < fastBatches ? fastMs : slowMs))
  },
})

export default defineTopology({
  name: 'slow-sink',
  source: inputSource(),
  map: { threads: 2, handler: stamp },
  order: 'key',
  sink,
  limits: { inFlight },
})
