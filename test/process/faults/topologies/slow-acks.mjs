// A source whose acks take long: it makes each durable before it asks for the next.

import { defineTopology } from '../../../../dist/index.js'
import { ledgerSink } from './support/ledger-sink.mjs'
import { inputSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { order, ackMs, inFlight } = parameters
const source = inputSource()

export default defineTopology({
  name: 'slow-acks',
  source: {
    ...source,
    async ack(acks) {
      await new Promise((resolve) => setTimeout(resolve, ackMs))
      await source.ack(acks)
    },
  },
  map: { threads: 2, handler: stamp },
  order,
  sink: ledgerSink(),
  limits: { inFlight },
})
