// The loop of kafkajs that writes by @platformatic/kafka, which is the faster one at that.

import kafkajs from 'kafkajs'
import { handlerOf } from '../kafka/work.mjs'

const { Kafka, logLevel } = kafkajs

export async function run(job) {
  const { brokers, from, to: topic, groupId, platformatic } = job
  const { Producer } = await import(platformatic)
  const handler = handlerOf(job)
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR })
  const producer = new Producer({ clientId: 'loop', bootstrapBrokers: brokers.split(',') })
  const consumer = kafka.consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topics: [from], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    async eachBatch({ batch, resolveOffset, commitOffsetsIfNecessary, heartbeat }) {
      const messages = batch.messages.map((message) => ({ topic, key: message.key, value: handler(message) }))
      await producer.send({ messages, acks: -1 })
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
      await Promise.all([consumer.disconnect(), producer.close()])
      return {}
    },
  }
}
