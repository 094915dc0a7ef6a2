// The broker of the benchmark: that of KAFKA_BROKERS, or one of our own by the launcher of the tests; and what is asked of it.

import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { tsImport } from 'tsx/esm/api'

const POLL_MS = 200
const HEAP = '1g'
export const PARTITIONS = 6

/** One for all cases; ended by `close`. */
export class Cluster {
  static async start() {
    const { KAFKA_BROKERS: given } = process.env
    if (given !== undefined) return await new Cluster(given).connect()
    const { Broker } = await tsImport('../../test/kafka/broker/broker.ts', import.meta.url)
    // As in service: with the compiler that the tests do without, and deleted topics gone at once.
    const jvm = [`-Xmx${HEAP}`, `-Xms${HEAP}`, '-XX:+UseG1GC']
    const broker = await Broker.start({ jvm, properties: { 'log.segment.delete.delay.ms': 1_000 } })
    const { install } = await tsImport('../../test/kafka/broker/install.ts', import.meta.url)
    const { JAVA: java } = await tsImport('../../test/kafka/broker/tools.ts', import.meta.url)
    const { classPath } = await install()
    return await new Cluster(broker.address, broker, { java, classPath }).connect()
  }

  constructor(brokers, broker, java = {}) {
    this.brokers = brokers
    this.broker = broker
    /** What runs Java's own tools; empty where the broker is somebody else's. */
    this.java = java
    const { Kafka, logLevel } = kafkajs
    this.kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
    this.admin = this.kafka.admin()
  }

  async connect() {
    await this.admin.connect()
    return this
  }

  /** Makes a topic, whose records have the broker's time: the same clock for all contenders. */
  async topic() {
    const topic = `bench-${randomUUID()}`
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
    const topics = [{ topic, numPartitions: PARTITIONS, configEntries }]
    await this.admin.createTopics({ topics, waitForLeaders: false })
    await this.until(async () => (await this.ends(topic)).length === PARTITIONS)
    return topic
  }

  async remove(topic) {
    await this.admin.deleteTopics({ topics: [topic] })
  }

  /** Where its partitions end, in their order. */
  async ends(topic) {
    const offsets = await this.admin.fetchTopicOffsets(topic).catch(() => [])
    return offsets.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset))
  }

  /** What the group has committed, in the same order; -1 for nothing. */
  async committed(groupId, topic) {
    const [{ partitions }] = await this.admin.fetchOffsets({ groupId, topics: [topic] })
    return partitions.sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset))
  }

  async until(condition, deadlineMs = 30_000) {
    const end = Date.now() + deadlineMs
    while (!(await condition())) {
      if (Date.now() > end) return false
      await pause(POLL_MS)
    }
    return true
  }

  async close() {
    await this.admin.disconnect()
    await this.broker?.remove()
  }
}
