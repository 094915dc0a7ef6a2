// topic → map → topic; or a generator → topic, or topic → a sink that counts.

import { writeFileSync } from 'node:fs'
import { handlerOf, jobOfProcess, KEYS, WARM_SHARE, workOf } from '../kafka/work.mjs'
import { Meter } from '../work.mjs'

const { MILLRACE_BENCH_PACKAGE = 'millrace' } = process.env
const { defineTopology, generator, kafka, Response } = await import(MILLRACE_BENCH_PACKAGE)

const job = jobOfProcess()
const { brokers, from, to, groupId, count, sizeBytes, threads, result } = job

export default defineTopology({
  name: 'bench',
  source:
    from === undefined
      ? generator({ count, sizeBytes, keys: KEYS })
      : kafka({ brokers, topics: from, groupId }),
  ...(from === undefined || to === undefined ? {} : { map: { handler: handlerOf(job), threads } }),
  sink: to === undefined ? counting() : kafka({ brokers, topic: to }),
})

function counting() {
  const meter = new Meter(workOf(job), count, count * WARM_SHARE)
  return {
    name: 'meter',
    write(batch) {
      for (const message of batch) meter.take(message.value)
      return batch.map(Response.ok)
    },
    close: () => writeFileSync(result, JSON.stringify(meter.result())),
  }
}
