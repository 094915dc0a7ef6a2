// One run of one contender in a process of its own: prints what came out as one line of JSON.
// The job comes in the environment, because the threads that it starts inherit that.

import { heapGrowth, heapWatch } from './heap.mjs'
import { Meter, Origin, workOfThread } from './work.mjs'

const { MILLRACE_BENCH_COUNT, MILLRACE_BENCH_WARM, MILLRACE_BENCH_THREADS, MILLRACE_BENCH_HEAP } = process.env
const work = workOfThread()
const count = Number(MILLRACE_BENCH_COUNT)
const origin = new Origin(work, count)
const meter = new Meter(work, count, Number(MILLRACE_BENCH_WARM), heapWatch()?.sink)

const contender = await import(`./contenders/${process.argv[2]}.mjs`)
const ours = await contender.run({ work, origin, meter, workers: Number(MILLRACE_BENCH_THREADS) })
const result = ours ?? { ...meter.result(), acked: origin.acked }
if (MILLRACE_BENCH_HEAP !== undefined) result.heapGrowthBytes = heapGrowth(MILLRACE_BENCH_HEAP)
process.stdout.write(`${JSON.stringify(result)}\n`)
