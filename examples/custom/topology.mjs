// A source and a sink of one's own; see main.mjs for the program that runs it.

import { fileURLToPath } from 'node:url'
import { defineTopology } from 'millrace'
import { ReadingsSource } from './readings-source.mjs'
import { SegmentsSink } from './segments-sink.mjs'

export default defineTopology({
  name: 'custom',
  source: new ReadingsSource(2_000),
  map: (message) => {
    const { sensor, celsius } = message.json()
    return JSON.stringify({ sensor, kelvin: Number((celsius + 273.15).toFixed(2)) })
  },
  sink: new SegmentsSink(fileURLToPath(new URL('out', import.meta.url))),
})
