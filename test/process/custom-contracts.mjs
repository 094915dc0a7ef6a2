// The public contract suites, with Node's own test runner, on the source and the sink of examples/custom.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { sinkContract, sourceContract } from 'millrace/testing'
import { ReadingsSource } from '../../examples/custom/readings-source.mjs'
import { SegmentsSink } from '../../examples/custom/segments-sink.mjs'

const COUNT = 120

sourceContract(
  () => {
    const readings = Array.from({ length: COUNT }, (_, i) =>
      JSON.stringify({ sensor: `sensor-${i % 10}`, celsius: 20 + (i % 17) / 10 }),
    )
    return { source: new ReadingsSource(COUNT), expected: readings }
  },
  { describe, it, name: 'readings', resumable: true, runs: 5 },
)

sinkContract(
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-segments-'))
    return {
      sink: new SegmentsSink(directory),
      accepted: () => linesIn(directory),
      cleanup: () => rmSync(directory, { recursive: true }),
    }
  },
  { describe, it, name: 'segments', lineBreaks: false, runs: 5 },
)

function linesIn(directory) {
  const text = readdirSync(directory)
    .sort()
    .map((name) => readFileSync(join(directory, name), 'latin1'))
    .join('')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line, 'latin1'))
}
