// A sink that needs a new descriptor for each batch.

import { closeSync, openSync } from 'node:fs'
import { defineTopology } from '../../../../dist/index.js'
import { ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters, pathOf } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

export default defineTopology({
  name: 'descriptors',
  source: inputSource(),
  map: { threads: 2, handler: stamp },
  order: parameters.order,
  // EMFILE fails the batch before anything of it is written.
  sink: ledgerSink({ before: () => closeSync(openSync(pathOf('each-batch'), 'a')) }),
})
