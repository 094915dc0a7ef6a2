// A topology with next to nothing to do: one message a second, through every thread.

import { blackhole, defineTopology, generator } from 'millrace'
import { copy } from '../work.mjs'

export default defineTopology({
  name: 'idle',
  source: generator({ rate: 1, sizeBytes: 128 }),
  map: { handler: copy, threads: 1 },
  sink: blackhole(),
})
