// A member of a group through @platformatic/kafka: the client joins, heartbeats and commits, the fetch loop is our own.

import { within } from '../../kernel/deadline.js'
import type { Log } from '../../kernel/log.js'
import { ASSIGNOR_NAMES, assignPartitions } from '../assignor.js'
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
import type { Assignment, GroupClient, Metadata, Platformatic, Pool } from './client.js'
import { FetchLoop } from './fetch-loop.js'
import { type FetchModule, FetchRequest } from './fetch-request.js'
import { platformaticError } from './platformatic-error.js'
import { clientOptions } from './platformatic-options.js'
import { requestOf } from './requests.js'

const CLOSE_MS = 4_000
const METADATA_MS = 30_000
const EARLIEST = -2n
const LATEST = -1n

export class PlatformaticConsumer implements Consumer {
  readonly #package: Platformatic
  readonly #options: ConsumerOptions
  readonly #events: ConsumerEvents
  readonly #log: Log
  readonly #client: GroupClient
  readonly #pool: Pool
  readonly #sizes = new Map<string, number>()
  #loop: FetchLoop | undefined
  #generation = -1
  #isJoined = false
  #isOver = false
  #lost = 0
  /** The heartbeat that is under way is answered. */
  #heard: () => void = () => undefined

  constructor(package_: Platformatic, options: ConsumerOptions, events: ConsumerEvents, log: Log) {
    this.#package = package_
    this.#options = options
    this.#events = events
    this.#log = log
    const { connection, groupId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, heartbeatMs } =
      options
    const { requestTimeoutMs, fetchWaitMs } = options
    this.#client = new package_.Consumer({
      // A join waits for the others until the time for a rebalance is over. All else has less: see `#answer`.
      ...clientOptions(connection, rebalanceTimeoutMs + requestTimeoutMs),
      groupId,
      ...(groupInstanceId !== undefined && { groupInstanceId }),
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, rebalanceTimeoutMs),
      heartbeatInterval: heartbeatMs,
      autocommit: false,
      protocols: ASSIGNOR_NAMES.map((name) => ({ name, version: 1 })),
      partitionAssigner: assign,
    })
    // Connections of their own: a broker answers one after the other, and heartbeats must not wait for a fetch.
    const fetching = clientOptions(connection, fetchWaitMs + requestTimeoutMs)
    this.#pool = new package_.ConnectionPool(connection.clientId, fetching)
    this.#listen()
  }

  async open(): Promise<void> {
    const { topics } = this.#options
    try {
      for (const topic of topics) {
        await this.#requireTopic(topic)
        this.#client.topics.track(topic)
      }
      const module = await this.#answer(requestOf<FetchModule>(this.#package, this.#client, 'Fetch', 13, 17))
      this.#loop = new FetchLoop({
        pool: this.#pool,
        request: new FetchRequest(module),
        decompress: (codec, bytes) => this.#package.compressionsAlgorithms[codec].decompressSync(bytes),
        codes: this.#package.protocolErrorsCodesById,
        options: this.#options,
        log: this.#log,
        metadata: () => this.#metadata(),
        forget: () => this.#client.clearMetadata(),
        batch: (batch) => this.#events.batch(batch),
        outOfRange: (partition) => this.#events.outOfRange(partition),
        failed: (error) => this.#failed(error),
      })
      await this.#client.joinGroup({ partitionAssigner: assign })
    } catch (thrown) {
      throw platformaticError(thrown)
    }
  }

  seek(position: TopicOffset): void {
    this.#loop?.seek(position)
  }

  pause(partition: TopicPartition): void {
    this.#loop?.pause(partition)
  }

  resume(partition: TopicPartition): void {
    this.#loop?.resume(partition)
  }

  async commit(generation: number, offsets: readonly TopicOffset[]): Promise<void> {
    if (generation !== this.#generation || generation !== this.#client.generationId || !this.#isJoined)
      throw new KafkaError('fenced', `generation ${generation} is over`)
    try {
      // The client commits under the generation of the moment in which it sends: at once, where it is connected. So a commit as
      // a rebalance begins is before the request to join.
      await this.#answer(
        this.#client.commit({ offsets: offsets.map((each) => ({ ...each, leaderEpoch: -1 })) }),
      )
    } catch (thrown) {
      throw platformaticError(thrown)
    }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<(bigint | undefined)[]> {
    try {
      const found = await this.#answer(this.#client.listCommittedOffsets({ topics: byTopic(partitions) }))
      return partitions.map(({ topic, partition }) => {
        const offset = found.get(topic)?.[partition] ?? LATEST
        return offset < 0n ? undefined : offset
      })
    } catch (thrown) {
      throw platformaticError(thrown)
    }
  }

  async offsets(partitions: readonly TopicPartition[], at: OffsetAt): Promise<bigint[]> {
    const timestamp = at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : BigInt(Math.floor(at))
    try {
      const found = await this.#list(partitions, timestamp)
      // There is none at or after that time: the next one will be.
      if (!found.some((offset) => offset < 0n)) return found
      const ends = await this.#list(partitions, LATEST)
      return found.map((offset, i) => (offset < 0n ? ends[i] : offset))
    } catch (thrown) {
      throw platformaticError(thrown)
    }
  }

  health(): Health {
    return { joined: this.#isJoined, reconnects: this.#lost }
  }

  async close(): Promise<void> {
    this.#isOver = true
    this.#isJoined = false
    this.#loop?.stop()
    this.#heard()
    const closed = Promise.allSettled([this.#end(), this.#pool.close()])
    await within<unknown>(CLOSE_MS, closed, () => this.#endConnections())
  }

  async #end(): Promise<void> {
    // A static member does not say that it leaves: its place is kept for it until its session is over. The client has no word
    // for that. What has no id only stops its heartbeats.
    if (this.#options.groupInstanceId !== undefined) {
      this.#client.memberId = null
      await this.#client.leaveGroup(true)
    }
    await this.#client.close(true)
  }

  async #list(partitions: readonly TopicPartition[], timestamp: bigint): Promise<bigint[]> {
    const topics = byTopic(partitions)
    const found = await this.#answer(
      this.#client.listOffsets({
        topics: topics.map(({ topic }) => topic),
        partitions: Object.fromEntries(topics.map(({ topic, partitions: numbers }) => [topic, numbers])),
        timestamp,
      }),
    )
    return partitions.map(({ topic, partition }) => found.get(topic)?.[partition] ?? LATEST)
  }

  async #requireTopic(topic: string): Promise<void> {
    try {
      const { topics } = await this.#answer(this.#client.metadata({ topics: [topic] }))
      // It leaves the brokers' own topics out of what it knows, and would break where it shares them out.
      if (topics.get(topic) === undefined)
        throw new KafkaError('unusable', `${topic} is the brokers' own: only the driver kafkajs reads it`)
    } catch (thrown) {
      const error = platformaticError(thrown)
      if (error.kind === 'unknown-topic')
        throw new KafkaError('unknown-topic', `there is no topic ${topic}`, { cause: thrown })
      throw error
    }
  }

  /** Who sees first that a topic has grown lets the group share out again. */
  async #metadata(): Promise<Metadata> {
    const { topics } = this.#options
    const asked = this.#client.metadata({ topics: topics.slice(), metadataMaxAge: METADATA_MS })
    const metadata = await this.#answer(asked)
    for (const topic of topics) {
      const size = metadata.topics.get(topic)?.partitionsCount ?? 0
      const before = this.#sizes.get(topic)
      this.#sizes.set(topic, size)
      if (before !== undefined && size > before && !this.#isOver)
        this.#client
          .joinGroup({ partitionAssigner: assign })
          .catch((thrown) => this.#failed(platformaticError(thrown)))
    }
    return metadata
  }

  #listen(): void {
    this.#client.on(
      'consumer:group:join',
      (joined: { generationId: number; assignments: Assignment[] | null }) => {
        this.#heard()
        if (this.#isOver) return
        this.#generation = joined.generationId
        this.#isJoined = true
        const partitions = (joined.assignments ?? []).flatMap(({ topic, partitions: numbers }) =>
          numbers.map((partition) => ({ topic, partition })),
        )
        this.#loop?.assign(this.#generation, partitions)
        this.#events.assigned(this.#generation, partitions)
      },
    )
    this.#client.on('consumer:group:rebalance', () => {
      if (!this.#isOver) this.#events.rebalancing()
    })
    this.#client.on('consumer:heartbeat:start', () => {
      const beat = new Promise<void>((resolve) => {
        this.#heard = resolve
      })
      // As its connection ends, it fails.
      this.#answer(beat).catch(() => undefined)
    })
    for (const event of ['consumer:heartbeat:end', 'consumer:heartbeat:cancel'])
      this.#client.on(event, () => this.#heard())
    // After some answers to a heartbeat it joins again at once.
    this.#client.on('client:performWithRetry', (operation: string) => {
      if (operation === 'joinGroup') this.#heard()
    })
    // Version 1 never sends another heartbeat after one that failed: https://github.com/platformatic/kafka/pull/268.
    this.#client.on('consumer:heartbeat:error', ({ error }: { error: unknown }) => {
      this.#heard()
      this.#failed(platformaticError(error))
    })
    this.#client.on('error', (error: unknown) => this.#failed(platformaticError(error)))
    this.#client.on('client:broker:disconnect', () => {
      if (!this.#isOver) this.#lost++
    })
  }

  /** Gives what a broker answers that has nothing to wait for. Without an answer all that is under way fails, and connects again. */
  #answer<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const { requestTimeoutMs } = this.#options
    return within(requestTimeoutMs, answer, () => {
      this.#endConnections()
      throw new KafkaError('retriable', `no answer within ${requestTimeoutMs} ms`)
    })
  }

  #endConnections(): void {
    for (const pool of [this.#client.connections, this.#pool])
      for (const [, { socket }] of pool) socket?.destroy()
  }

  #failed(error: KafkaError): void {
    const wasJoined = this.#isJoined
    this.#isJoined = false
    this.#loop?.stop()
    // Before the first join, `open` rejects.
    if (wasJoined && !this.#isOver) this.#events.failed(error)
  }
}

type Members = Map<string, { topics?: string[] }>

/** The assignor as this client wants it. */
function assign(_leader: string, members: Members, topics: Set<string>, metadata: Metadata) {
  const wanted = new Map([...members].map(([id, member]) => [id, member.topics ?? [...topics]] as const))
  const names = new Set([...wanted.values()].flat())
  const sizes = [...names].map((topic) => ({
    topic,
    partitions: metadata.topics.get(topic)?.partitionsCount ?? 0,
  }))
  return [...assignPartitions(wanted, sizes)].map(([memberId, assigned]) => ({
    memberId,
    assignments: new Map([...assigned].map(([topic, partitions]) => [topic, { topic, partitions }])),
  }))
}

function byTopic(partitions: readonly TopicPartition[]): Assignment[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return [...topics].map(([topic, numbers]) => ({ topic, partitions: numbers }))
}
