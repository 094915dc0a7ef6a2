// The records that the contenders read: numbered, with keys in turn.

import { Producer } from 'platformatic-kafka-1'
import { Generator } from '../work.mjs'
import { KEYS } from './work.mjs'

const BATCH = 3_000

/** Writes so many to a topic. */
export async function preload(brokers, topic, sizeBytes, count) {
  const producer = new Producer({ clientId: 'preload', bootstrapBrokers: brokers.split(',') })
  const generator = new Generator(sizeBytes)
  for (let at = 0; at < count; at += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => ({
      topic,
      key: Buffer.from(`key-${(at + i) % KEYS}`),
      value: generator.next(),
    }))
    await producer.send({ messages, acks: -1 })
  }
  await producer.close()
}
