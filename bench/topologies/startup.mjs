// The shortest topology that says something.

import { defineTopology, generator, log } from 'millrace'
import { copy } from '../work.mjs'

export default defineTopology({
  name: 'startup',
  source: generator({ count: 1, sizeBytes: 128 }),
  map: { handler: copy, threads: 1 },
  sink: log(),
})
