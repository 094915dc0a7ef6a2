// kafkajs alone: takes batches, counts, commits.

import kafkajs from 'kafkajs'
import { WARM_SHARE, workOf } from '../kafka/work.mjs'
import { Meter } from '../work.mjs'

const { Kafka, logLevel } = kafkajs

export async function run(job) {
  const { brokers, from, groupId, count } = job
  const meter = new Meter(workOf(job), count, count * WARM_SHARE)
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topics: [from], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    async eachBatch({ batch, commitOffsetsIfNecessary }) {
      for (const { value } of batch.messages) meter.take(value)
      const offset = String(BigInt(batch.lastOffset()) + 1n)
      await commitOffsetsIfNecessary({
        topics: [{ topic: from, partitions: [{ partition: batch.partition, offset }] }],
      })
    },
  })
  return {
    async stop() {
      await consumer.disconnect()
      return meter.result()
    },
  }
}
