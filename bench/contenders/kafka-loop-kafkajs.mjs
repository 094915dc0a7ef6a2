// The loop that a careful user of kafkajs writes: takes a batch, maps it, writes it, commits.

import kafkajs from 'kafkajs'
import { handlerOf } from '../kafka/work.mjs'

const { Kafka, logLevel, Partitioners } = kafkajs
/** kafkajs copies the list of a partition with each message that it adds: a whole batch in one call is slower. */
const CHUNK = 1_000

export async function run(job) {
  const { brokers, from, to, groupId } = job
  const handler = handlerOf(job)
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  const consumer = kafka.consumer({ groupId })
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [from], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    async eachBatch({ batch, resolveOffset, commitOffsetsIfNecessary, heartbeat }) {
      const messages = batch.messages.map((message) => ({ key: message.key, value: handler(message) }))
      for (let at = 0; at < messages.length; at += CHUNK) {
        const chunk = messages.slice(at, at + CHUNK)
        await producer.sendBatch({ acks: -1, topicMessages: [{ topic: to, messages: chunk }] })
      }
      resolveOffset(batch.lastOffset())
      const offset = String(BigInt(batch.lastOffset()) + 1n)
      await commitOffsetsIfNecessary({
        topics: [{ topic: from, partitions: [{ partition: batch.partition, offset }] }],
      })
      await heartbeat()
    },
  })
  return {
    async stop() {
      await Promise.all([consumer.disconnect(), producer.disconnect()])
      return {}
    },
  }
}
