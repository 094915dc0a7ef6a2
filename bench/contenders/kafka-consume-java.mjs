// Java's kafka-consumer-perf-test: it counts, and looks at nothing.

import { runJavaTool } from '../kafka/java-tool.mjs'

/** The name of its column of records a second while it fetched. */
const RATE = 'fetch.nMsg.sec'

export async function run(job) {
  const { brokers, from, groupId, count } = job
  const finished = runJavaTool(job, 'ConsumerPerformance', [
    ...['--bootstrap-server', brokers],
    ...['--topic', from],
    ...['--group', groupId],
    ...['--num-records', String(count)],
  ])
  return {
    async stop() {
      const [head, values] = (await finished()).trim().split('\n').slice(-2)
      const rate = Number(values.split(',')[head.split(', ').indexOf(RATE)])
      return { rate }
    },
  }
}
