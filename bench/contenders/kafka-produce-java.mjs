// Java's kafka-producer-perf-test with its defaults: no keys, and 5 requests under way. What it writes is not looked at.

import { runJavaTool } from '../kafka/java-tool.mjs'

export async function run(job) {
  const { brokers, to, count, sizeBytes } = job
  const finished = runJavaTool(job, 'ProducerPerformance', [
    ...['--bootstrap-server', brokers],
    ...['--topic', to],
    ...['--num-records', String(count)],
    ...['--record-size', String(sizeBytes)],
    ...['--throughput', '-1'],
    ...['--command-property', 'acks=all'],
  ])
  return {
    async stop() {
      await finished()
      return {}
    },
  }
}
