// What a case does with a driver: topics of its own, members of groups that keep what they are told, producers.

import { randomUUID } from 'node:crypto'
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { type Codec, connectionOf } from '../../kafka/connection.js'
import type {
  Consumer,
  ConsumerEvents,
  ConsumerOptions,
  Driver,
  OutBatch,
  OutRecord,
  Producer,
  RawBatch,
  RawRecord,
  TopicPartition,
} from '../../kafka/driver.js'
import type { KafkaError } from '../../kafka/kafka-error.js'
import { mendRequestQueue } from '../../kafka/kafkajs/mend-request-queue.js'
import { systemClock } from '../../kernel/clock.js'
import { createLog } from '../../kernel/log.js'
import { breach } from '../breach.js'
import { pause } from '../deadline.js'

const POLL_MS = 10
const SESSION_MS = 6_000
const log = createLog(() => undefined, 'driver', 'test')

export type Told =
  | { what: 'assigned'; generation: number; partitions: readonly TopicPartition[] }
  | { what: 'rebalancing' }
  | { what: 'outOfRange'; partition: TopicPartition }
  | { what: 'failed'; error: KafkaError }

/** A member of a group, and all that it was told. */
export class Member implements ConsumerEvents {
  readonly told: Told[] = []
  readonly batches: RawBatch[] = []
  readonly consumer: Consumer
  /** Where it goes on when it is assigned a partition; undefined for nowhere. */
  start: bigint | undefined = 0n

  constructor(driver: Driver, options: ConsumerOptions) {
    this.consumer = driver.consumer(options, this, log)
  }

  get records(): RawRecord[] {
    return this.batches.flatMap(({ records }) => records)
  }

  get generation(): number {
    const last = this.told.findLast((each) => each.what === 'assigned')
    return last?.what === 'assigned' ? last.generation : -1
  }

  get assignedCount(): number {
    const last = this.told.findLast((each) => each.what === 'assigned')
    return last?.what === 'assigned' ? last.partitions.length : -1
  }

  of(partition: number): RawBatch[] {
    return this.batches.filter((batch) => batch.partition === partition)
  }

  batch(batch: RawBatch): void {
    this.batches.push(batch)
  }

  rebalancing(): void {
    this.told.push({ what: 'rebalancing' })
  }

  assigned(generation: number, partitions: readonly TopicPartition[]): void {
    this.told.push({ what: 'assigned', generation, partitions })
    if (this.start === undefined) return
    for (const partition of partitions) this.consumer.seek({ ...partition, offset: this.start })
  }

  outOfRange(partition: TopicPartition): void {
    this.told.push({ what: 'outOfRange', partition })
  }

  failed(error: KafkaError): void {
    this.told.push({ what: 'failed', error })
  }
}

export class DriverKit {
  readonly driver: Driver
  readonly kafka: Kafka
  readonly timeoutMs: number
  readonly #brokers: string
  readonly #admin: Admin
  readonly #closes: (() => Promise<unknown>)[] = []

  private constructor(driver: Driver, brokers: string, timeoutMs: number) {
    this.driver = driver
    this.#brokers = brokers
    this.timeoutMs = timeoutMs
    mendRequestQueue()
    const { Kafka: KafkaClass, logLevel } = kafkajs
    this.kafka = new KafkaClass({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
    this.#admin = this.kafka.admin()
  }

  static async make(driver: Driver, brokers: string, timeoutMs: number): Promise<DriverKit> {
    const kit = new DriverKit(driver, brokers, timeoutMs)
    await kit.#admin.connect()
    return kit
  }

  async topic(numPartitions = 1, config: Record<string, string> = {}): Promise<string> {
    const topic = `contract-${randomUUID()}`
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await this.#admin.createTopics({
      topics: [{ topic, numPartitions, configEntries }],
      waitForLeaders: false,
    })
    this.#closes.unshift(() => this.#admin.deleteTopics({ topics: [topic] }))
    await this.until('the topic has leaders', () => this.#hasLeaders(topic, numPartitions))
    return topic
  }

  /** Its leaders answer: who writes before may have to write twice. */
  async #hasLeaders(topic: string, count: number): Promise<boolean> {
    const offsets = await this.#admin.fetchTopicOffsets(topic).catch(() => [])
    return offsets.length === count
  }

  group(): string {
    return `contract-${randomUUID()}`
  }

  deleteRecords(topic: string, offset: number): Promise<void> {
    return this.#admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  }

  member(topics: string | readonly string[], groupId: string, brokers = this.#brokers): Member {
    const member = new Member(this.driver, {
      connection: connectionOf('contract', { brokers, connectTimeoutMs: 2_000 }),
      topics: typeof topics === 'string' ? [topics] : topics,
      groupId,
      sessionTimeoutMs: SESSION_MS,
      heartbeatMs: 300,
      rebalanceTimeoutMs: 10_000,
      requestTimeoutMs: 10_000,
      fetchWaitMs: 100,
      fetchBytesMax: 10_485_760,
      fetchPartitionBytesMax: 1_048_576,
    })
    this.#closes.push(() => member.consumer.close())
    return member
  }

  /** A member that has its assignment. */
  async joined(
    topics: string | readonly string[],
    groupId = this.group(),
    start?: bigint | 'none',
  ): Promise<Member> {
    const member = this.member(topics, groupId)
    if (start !== undefined) member.start = start === 'none' ? undefined : start
    await member.consumer.open()
    await this.until('the member is assigned partitions', () => member.assignedCount >= 0)
    return member
  }

  producer(codec: Codec = 'none', brokers = this.#brokers): Producer {
    const connection = connectionOf('contract', { brokers, connectTimeoutMs: 2_000 })
    const producer = this.driver.producer({ connection, codec, requestTimeoutMs: 10_000 }, log)
    this.#closes.push(() => producer.close())
    return producer
  }

  /** Writes values to a partition, and requires that they are written. */
  async write(topic: string, values: readonly string[], partition = 0, codec: Codec = 'none'): Promise<void> {
    const producer = this.producer(codec)
    await producer.open()
    for (const error of await producer.send([{ topic, partition, records: values.map(plain) }]))
      if (error !== undefined) throw error
  }

  async until(what: string, condition: () => unknown): Promise<void> {
    const end = systemClock.now() + this.timeoutMs
    while (!(await condition())) {
      if (systemClock.now() > end) breach(what, `not after ${this.timeoutMs} ms`, what)
      await pause(POLL_MS)
    }
  }

  async end(): Promise<void> {
    for (const close of this.#closes.reverse()) await close().catch(() => undefined)
    await this.#admin.disconnect()
  }
}

export function plain(value: string): OutRecord {
  return { key: null, value: Buffer.from(value), headers: [] }
}

export function batchOf(topic: string, partition: number, ...records: OutRecord[]): OutBatch {
  return { topic, partition, records }
}

export function valuesOf(records: readonly RawRecord[]): (string | undefined)[] {
  return records.map(({ value }) => value?.toString())
}

/** Makes so many values. */
export function numbered(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `value-${from + i}`)
}
