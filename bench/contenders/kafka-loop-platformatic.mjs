// The loop that a careful user of @platformatic/kafka writes: what the stream has is mapped, written and committed together.

import { handlerOf } from '../kafka/work.mjs'

/** More are not written together: meanwhile the stream fetches the next ones. */
const BATCH = 2_000
/** All of them may be for one partition, and its broker takes 1 MiB at a time. */
const BATCH_BYTES = 900_000

export async function run(job) {
  const { brokers, from, to: topic, groupId, platformatic, sizeBytes } = job
  const { Consumer, Producer } = await import(platformatic)
  const handler = handlerOf(job)
  const bootstrapBrokers = brokers.split(',')
  const producer = new Producer({ clientId: 'loop', bootstrapBrokers })
  const consumer = new Consumer({ clientId: 'loop', bootstrapBrokers, groupId })
  const stream = await consumer.consume({
    topics: [from],
    autocommit: false,
    mode: 'committed',
    fallbackMode: 'earliest',
  })
  const batch = []
  let isWriting = false
  stream.on('data', (message) => {
    batch.push(message)
    if (batch.length >= BATCH) stream.pause()
    if (!isWriting) {
      isWriting = true
      setImmediate(write)
    }
  })

  async function write() {
    while (batch.length > 0) {
      const taken = batch.splice(0, Math.floor(BATCH_BYTES / sizeBytes))
      stream.resume()
      const messages = taken.map((message) => ({ topic, key: message.key, value: handler(message) }))
      await producer.send({ messages, acks: -1 })
      const next = new Map(taken.map(({ partition, offset }) => [partition, offset + 1n]))
      const offsets = [...next].map(([partition, offset]) => ({
        topic: from,
        partition,
        offset,
        leaderEpoch: -1,
      }))
      await consumer.commit({ offsets })
    }
    isWriting = false
  }

  return {
    async stop() {
      await stream.close()
      await Promise.all([consumer.close(true), producer.close()])
      return {}
    },
  }
}
