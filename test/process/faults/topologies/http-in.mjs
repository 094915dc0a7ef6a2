// Requests through two map threads into a ledger. The harness decides how long a write takes, and makes it ten times as long.

import { setTimeout as later } from 'node:timers/promises'
import { defineTopology, http } from '../../../../dist/index.js'
import { isOn } from './support/control.mjs'
import { ledgerSink } from './support/ledger-sink.mjs'
import { ledgerSource } from './support/ledger-source.mjs'
import { parameters } from './support/parameters.mjs'
import { stamp } from './support/stamp.mjs'

const { inFlight, connections, writeMs, batchMax } = parameters

export default defineTopology({
  name: 'http-in',
  source: ledgerSource(http({ port: 0, inFlight, ...(connections && { limits: { connections } }) })),
  map: { threads: 2, handler: stamp },
  order: 'key',
  sink: ledgerSink({ batchMax, before: () => later(isOn('slow') ? 10 * writeMs : writeMs) }),
})
