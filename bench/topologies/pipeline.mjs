// generator → map → a sink that counts and checks: one of the works, as the environment says. By hand:
// MILLRACE_BENCH_WORK=map-1k MILLRACE_BENCH_COUNT=100000 node dist/main.js run bench/topologies/pipeline.mjs

import { writeFileSync } from 'node:fs'
import { heapWatch } from '../heap.mjs'
import { Meter, WORKS } from '../work.mjs'

const {
  MILLRACE_BENCH_PACKAGE = 'millrace',
  MILLRACE_BENCH_WORK = 'map-128',
  MILLRACE_BENCH_COUNT = '1000000',
  MILLRACE_BENCH_WARM = '1',
  MILLRACE_BENCH_THREADS = '1',
  MILLRACE_BENCH_RESULT,
  MILLRACE_BENCH_VIEW,
} = process.env
const { defineTopology, generator, Response } = await import(MILLRACE_BENCH_PACKAGE)

const work = WORKS[MILLRACE_BENCH_WORK]
const count = Number(MILLRACE_BENCH_COUNT)
const threads = Number(MILLRACE_BENCH_THREADS)
const handler = MILLRACE_BENCH_VIEW ? (message) => message.value : work.handler
const watch = heapWatch()
const meter = new Meter(work, count, Number(MILLRACE_BENCH_WARM), watch?.sink)

export default defineTopology({
  name: 'bench',
  source: generator({ count, sizeBytes: work.sizeBytes }),
  map: { handler: watch?.map(handler, count / threads) ?? handler, threads },
  sink: {
    name: 'meter',
    write(batch) {
      for (const message of batch) meter.take(message.value)
      return batch.map(Response.ok)
    },
    close() {
      const result = JSON.stringify(meter.result())
      if (MILLRACE_BENCH_RESULT === undefined) process.stderr.write(`${result}\n`)
      else writeFileSync(MILLRACE_BENCH_RESULT, result)
    },
  },
})
