// @platformatic/kafka alone: writes batches, one after the other.

import { KEYS } from '../kafka/work.mjs'
import { Generator } from '../work.mjs'

const BATCH = 5_000

export async function run({ brokers, to: topic, count, sizeBytes, platformatic }) {
  const { Producer } = await import(platformatic)
  const producer = new Producer({ clientId: 'produce', bootstrapBrokers: brokers.split(',') })
  const generator = new Generator(sizeBytes)
  const writing = write()
  return {
    async stop() {
      await writing
      await producer.close()
      return {}
    },
  }

  async function write() {
    for (let at = 0; at < count; at += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => ({
        topic,
        key: Buffer.from(`key-${(at + i) % KEYS}`),
        value: generator.next(),
      }))
      await producer.send({ messages, acks: -1 })
    }
  }
}
