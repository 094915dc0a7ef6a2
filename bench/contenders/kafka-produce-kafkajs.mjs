// kafkajs alone: writes batches, one after the other.

import kafkajs from 'kafkajs'
import { KEYS } from '../kafka/work.mjs'
import { Generator } from '../work.mjs'

const { Kafka, logLevel, Partitioners } = kafkajs
/** kafkajs copies the list of a partition with each message that it adds: larger ones are slower. */
const BATCH = 1_000

export async function run({ brokers, to: topic, count, sizeBytes }) {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const generator = new Generator(sizeBytes)
  const writing = write()
  return {
    async stop() {
      await writing
      await producer.disconnect()
      return {}
    },
  }

  async function write() {
    for (let at = 0; at < count; at += BATCH) {
      const messages = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => ({
        key: `key-${(at + i) % KEYS}`,
        value: generator.next(),
      }))
      await producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] })
    }
  }
}
