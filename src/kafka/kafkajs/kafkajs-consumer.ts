// A member of a group through kafkajs. Its fetch loop hands over a batch and goes on at once, so heartbeats never wait; where
// to read, and what to commit, is told from above. Its own restarts are off: a session that fails is over.

import type { Admin, Consumer as Client, EachBatchPayload } from 'kafkajs'
import { within } from '../../kernel/deadline.js'
import type { Log } from '../../kernel/log.js'
import type {
  Consumer,
  ConsumerEvents,
  ConsumerOptions,
  Health,
  OffsetAt,
  TopicOffset,
  TopicPartition,
} from '../driver.js'
import { KafkaError } from '../kafka-error.js'
import { ASSIGNORS } from './kafkajs-assignor.js'
import { countPartitions, createClient } from './kafkajs-client.js'
import { allowFetch, withPlace } from './kafkajs-codecs.js'
import { kafkajsError } from './kafkajs-error.js'
import { recordOf } from './kafkajs-record.js'
import type { KafkajsSockets } from './kafkajs-sockets.js'

type Assigned = { name: string; isHeld: boolean; isPaused: boolean; position: bigint }
type Commit = EachBatchPayload['commitOffsetsIfNecessary']

const CLOSE_MS = 4_000
const METADATA_MS = 60_000

export class KafkajsConsumer implements Consumer {
  readonly #options: ConsumerOptions
  readonly #events: ConsumerEvents
  readonly #admin: Admin
  readonly #client: Client
  readonly #sockets: KafkajsSockets
  readonly #assigned = new Map<string, Assigned>()
  #generation = -1
  #toldGeneration = -1
  #commit: Commit | undefined
  #failure: KafkaError | undefined
  #isJoined = false
  #isClosed = false
  #lost = 0

  constructor(options: ConsumerOptions, events: ConsumerEvents, log: Log) {
    this.#options = options
    this.#events = events
    allowFetch(options.fetchBytesMax)
    // A fetch has no longer than any other request.
    const requestTimeoutMs = options.requestTimeoutMs + options.fetchWaitMs
    const { kafka, sockets } = createClient(options.connection, requestTimeoutMs, log, {
      assignment: (generation) => {
        this.#toldGeneration = generation
      },
      connectionLost: () => this.#lost++,
      topicLost: () => this.#failed(new KafkaError('unknown-topic', 'a topic is gone')),
    })
    this.#sockets = sockets
    this.#admin = kafka.admin()
    this.#client = kafka.consumer({
      groupId: options.groupId,
      partitionAssigners: ASSIGNORS,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      heartbeatInterval: options.heartbeatMs,
      maxWaitTimeInMs: options.fetchWaitMs,
      minBytes: 1,
      maxBytes: options.fetchBytesMax,
      maxBytesPerPartition: options.fetchPartitionBytesMax,
      metadataMaxAge: METADATA_MS,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000, restartOnFailure: async () => false },
    })
    this.#listen()
  }

  async open(): Promise<void> {
    const { topics } = this.#options
    try {
      await this.#admin.connect()
      for (const topic of topics) await this.#requireTopic(topic)
      await this.#client.connect()
      // Where kafkajs resets a position by itself, nothing is skipped: it is told as out of range all the same.
      await this.#client.subscribe({ topics: topics.slice(), fromBeginning: true })
      await this.#client.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => this.#took(payload),
      })
    } catch (thrown) {
      throw kafkajsError(thrown)
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  seek({ topic, partition, offset }: TopicOffset): void {
    const assigned = this.#assigned.get(keyOf(topic, partition))
    if (assigned === undefined) return
    assigned.position = offset
    assigned.isHeld = false
    this.#client.seek({ topic, partition, offset: String(offset) })
    if (!assigned.isPaused) this.#client.resume([{ topic, partitions: [partition] }])
  }

  pause({ topic, partition }: TopicPartition): void {
    const assigned = this.#assigned.get(keyOf(topic, partition))
    if (assigned === undefined) return
    assigned.isPaused = true
    this.#client.pause([{ topic, partitions: [partition] }])
  }

  resume({ topic, partition }: TopicPartition): void {
    const assigned = this.#assigned.get(keyOf(topic, partition))
    if (assigned === undefined) return
    assigned.isPaused = false
    if (!assigned.isHeld) this.#client.resume([{ topic, partitions: [partition] }])
  }

  async commit(generation: number, offsets: readonly TopicOffset[]): Promise<void> {
    if (generation !== this.#generation || !this.#isJoined)
      throw new KafkaError('fenced', `generation ${generation} is over`)
    try {
      // The commit of a batch tries once, under the generation of now. That of the consumer tries again, also when meanwhile
      // others own the partitions, and brokers take it (https://github.com/tulios/kafkajs/issues/751): only before the first
      // batch, where there is no other.
      if (this.#commit !== undefined) await this.#commit({ topics: byTopic(offsets) })
      else await this.#client.commitOffsets(offsets.map((each) => ({ ...each, offset: String(each.offset) })))
    } catch (thrown) {
      throw kafkajsError(thrown)
    }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<(bigint | undefined)[]> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))]
    try {
      const answers = await this.#admin.fetchOffsets({ groupId: this.#options.groupId, topics })
      return partitions.map(({ topic, partition }) => {
        const found = answers.find((answer) => answer.topic === topic)
        const offset = BigInt(found?.partitions.find((each) => each.partition === partition)?.offset ?? -1)
        return offset < 0n ? undefined : offset
      })
    } catch (thrown) {
      throw kafkajsError(thrown)
    }
  }

  async offsets(partitions: readonly TopicPartition[], at: OffsetAt): Promise<bigint[]> {
    const found = new Map<string, bigint>()
    try {
      for (const topic of new Set(partitions.map((each) => each.topic))) {
        for (const [partition, offset] of await this.#offsetsOf(topic, at))
          found.set(keyOf(topic, partition), offset)
      }
    } catch (thrown) {
      throw kafkajsError(thrown)
    }
    return partitions.map(({ topic, partition }) => {
      const offset = found.get(keyOf(topic, partition))
      if (offset === undefined)
        throw new KafkaError('unknown-topic', `there is no partition ${partition} of ${topic}`)
      return offset
    })
  }

  health(): Health {
    return { joined: this.#isJoined, reconnects: this.#lost }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#isJoined = false
    const ended = Promise.allSettled([this.#client.disconnect(), this.#admin.disconnect()])
    await within<unknown>(CLOSE_MS, ended, () => undefined)
    this.#sockets.endAll()
  }

  async #offsetsOf(topic: string, at: OffsetAt): Promise<(readonly [number, bigint])[]> {
    if (typeof at === 'number') {
      const found = await this.#admin.fetchTopicOffsetsByTimestamp(topic, at)
      return found.map(({ partition, offset }) => [partition, BigInt(offset)] as const)
    }
    const found = await this.#admin.fetchTopicOffsets(topic)
    return found.map(
      ({ partition, low, high }) => [partition, BigInt(at === 'earliest' ? low : high)] as const,
    )
  }

  async #requireTopic(topic: string): Promise<void> {
    try {
      await countPartitions(this.#admin, topic)
    } catch (error) {
      if (error instanceof KafkaError && error.kind === 'unknown-topic')
        throw new KafkaError('unknown-topic', `there is no topic ${topic}`, { cause: error })
      throw error
    }
  }

  #listen(): void {
    const { events } = this.#client
    this.#client.on(events.REQUEST_TIMEOUT, this.#sockets.onTimeout)
    this.#admin.on(this.#admin.events.REQUEST_TIMEOUT, this.#sockets.onTimeout)
    this.#client.on(events.GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment))
    this.#client.on(events.REBALANCING, () => {
      if (!this.#isClosed) this.#events.rebalancing()
    })
    // A batch of nothing but control records is passed over without a call of eachBatch.
    this.#client.on(events.START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0)
        this.#passed(payload.topic, payload.partition, payload.lastOffset, payload.highWatermark)
    })
    this.#client.on(events.CRASH, ({ payload }) => this.#failed(kafkajsError(payload.error)))
  }

  #joined(assignment: Record<string, number[]>): void {
    if (this.#isClosed) return
    this.#generation = this.#toldGeneration
    this.#isJoined = true
    this.#assigned.clear()
    const partitions: TopicPartition[] = []
    for (const [topic, numbers] of Object.entries(assignment)) {
      // kafkajs goes on at what is committed, of what it kept too: here it waits until it is told where.
      this.#client.pause([{ topic, partitions: numbers }])
      for (const partition of numbers) {
        partitions.push({ topic, partition })
        const name = `${topic}-${partition}`
        this.#assigned.set(keyOf(topic, partition), { name, isHeld: true, isPaused: false, position: -1n })
      }
    }
    this.#events.assigned(this.#generation, partitions)
  }

  #failed(error: KafkaError): void {
    const wasJoined = this.#isJoined
    this.#failure = withPlace(error, this.#assigned.values())
    this.#isJoined = false
    // Before the first join, `open` rejects.
    if (wasJoined && !this.#isClosed) this.#events.failed(this.#failure)
  }

  #took(payload: EachBatchPayload): void {
    const { batch } = payload
    const { topic, partition } = batch
    const assigned = this.#assigned.get(keyOf(topic, partition))
    // What is not resolved is fetched again.
    if (this.#isClosed || assigned === undefined || assigned.isHeld || assigned.isPaused || payload.isStale())
      return
    this.#commit = payload.commitOffsetsIfNecessary
    const { fetchedOffset } = batch as unknown as { fetchedOffset: string }
    if (BigInt(fetchedOffset) !== assigned.position) {
      // kafkajs has chosen a position by itself: the log did not hold the one that it was at. It has also committed it, though
      // it commits nothing by itself: https://github.com/tulios/kafkajs/pull/1142.
      this.#hold(topic, partition, assigned)
      this.#events.outOfRange({ topic, partition })
      return
    }
    const lastOffset = batch.lastOffset()
    payload.resolveOffset(lastOffset)
    const fetchOffset = assigned.position
    assigned.position = BigInt(lastOffset) + 1n
    this.#events.batch({
      topic,
      partition,
      generation: this.#generation,
      fetchOffset,
      nextOffset: assigned.position,
      highWatermark: BigInt(batch.highWatermark),
      records: batch.messages.map(recordOf),
    })
  }

  #passed(topic: string, partition: number, lastOffset: string, highWatermark: string): void {
    const assigned = this.#assigned.get(keyOf(topic, partition))
    const nextOffset = BigInt(lastOffset) + 1n
    if (this.#isClosed || assigned === undefined || assigned.isHeld || nextOffset <= assigned.position) return
    const fetchOffset = assigned.position
    assigned.position = nextOffset
    const batch = { topic, partition, generation: this.#generation, fetchOffset, nextOffset, records: [] }
    this.#events.batch({ ...batch, highWatermark: BigInt(highWatermark) })
  }

  #hold(topic: string, partition: number, assigned: Assigned): void {
    assigned.isHeld = true
    this.#client.pause([{ topic, partitions: [partition] }])
  }
}

function byTopic(offsets: readonly TopicOffset[]) {
  const topics = new Map<string, { partition: number; offset: string }[]>()
  for (const { topic, partition, offset } of offsets) {
    const partitions = topics.get(topic) ?? []
    partitions.push({ partition, offset: String(offset) })
    topics.set(topic, partitions)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

function keyOf(topic: string, partition: number): string {
  return `${partition}:${topic}`
}
