// The plain load: lines through two map threads, into a ledger or a file. What breaks it comes from outside.

import { defineTopology, file } from '../../../../dist/index.js'
import { ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters, pathOf } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { checkpoint, sink, order, inFlight = 4_096, isLate } = parameters

export default defineTopology({
  name: 'load',
  source: inputSource(checkpoint && { checkpoint: pathOf('checkpoint') }),
  map: {
    threads: 2,
    handler: isLate ? async (message, context) => stamp(message, context) : stamp,
  },
  order,
  sink: sink === 'file' ? file({ path: pathOf('sink.ledger') }) : ledgerSink(),
  limits: { inFlight },
})
