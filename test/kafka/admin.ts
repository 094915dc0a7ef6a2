// Topics and records of tests, by a client that is not under test.

import { randomUUID } from 'node:crypto'
import kafkajs, { type Admin, type KafkaMessage, type Message, type Producer } from 'kafkajs'
import { mendRequestQueue } from '../../src/kafka/kafkajs/mend-request-queue.js'
import { until } from './until.js'

/** A fetch brings whole batches: with small ones it can be told how little to bring. */
const BATCH = 600

export type Read = { topic: string; partition: number; message: KafkaMessage }

export class TestAdmin {
  readonly admin: Admin
  readonly #kafka: InstanceType<typeof kafkajs.Kafka>
  readonly #producer: Producer

  private constructor(brokers: string) {
    mendRequestQueue()
    this.#kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING })
    this.admin = this.#kafka.admin()
    this.#producer = this.#kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  }

  static async connect(brokers: string): Promise<TestAdmin> {
    const made = new TestAdmin(brokers)
    await made.admin.connect()
    await made.#producer.connect()
    return made
  }

  async topic(
    numPartitions = 1,
    config: Record<string, string> = {},
    name = `t-${randomUUID()}`,
  ): Promise<string> {
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }))
    const topics = [{ topic: name, numPartitions, configEntries }]
    await this.admin.createTopics({ topics, waitForLeaders: false })
    // Its leaders answer: who writes before may have to write twice.
    await until(`topic ${name} is there`, async () => {
      const offsets = await this.admin.fetchTopicOffsets(name).catch(() => [])
      return offsets.length === numPartitions
    })
    return name
  }

  async write(topic: string, messages: readonly Message[]): Promise<void> {
    for (let at = 0; at < messages.length; at += BATCH)
      await this.#producer.send({ topic, messages: messages.slice(at, at + BATCH) })
  }

  /** Gives what the group has committed, by partition: -1 for nothing. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    const [found] = await this.committedAnywhere(groupId, [topic])
    return found.partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset))
  }

  /** The same of all its topics, or of some. */
  committedAnywhere(groupId: string, topics?: string[]) {
    // A coordinator that was just asked for, or came back, is not there at once.
    return until('the coordinator answers', () =>
      this.admin.fetchOffsets({ groupId, ...(topics && { topics }) }).catch((error) => {
        if (error.retriable !== true) throw error
        return undefined
      }),
    )
  }

  async committedSum(groupId: string, topic: string): Promise<number> {
    return (await this.committed(groupId, topic)).reduce((sum, offset) => sum + Math.max(0, offset), 0)
  }

  /** Reads topics from their start, until the condition is true of what was read. */
  async readUntil(topics: readonly string[], isDone: (read: readonly Read[]) => boolean): Promise<Read[]> {
    const read: Read[] = []
    const end = await this.follow(topics, (each) => read.push(each))
    try {
      await until('what was written is read', () => isDone(read))
      return read
    } finally {
      await end()
    }
  }

  /** Reads topics from their start, and what comes. Gives what ends it. */
  async follow(topics: readonly string[], take: (read: Read) => void): Promise<() => Promise<void>> {
    const consumer = this.#kafka.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 100 })
    await consumer.connect()
    await consumer.subscribe({ topics: topics.slice(), fromBeginning: true })
    await consumer.run({ autoCommit: false, eachMessage: async (each) => take(each) })
    return () => consumer.disconnect()
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#producer.disconnect(), this.admin.disconnect()])
  }
}
