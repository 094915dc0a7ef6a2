// Fetches what is wanted of the assigned partitions: one request to each broker at a time, of all its partitions that are not
// held or paused. Who changes what is wanted while a request is under way does not get that partition's answer.

import { systemRandom } from '../../kernel/clock.js'
import type { Log } from '../../kernel/log.js'
import { type Backoff, backoffMs } from '../../kernel/retry.js'
import { decompressWithin, plainBytesMax } from '../codecs/within-bytes.js'
import type { ConsumerOptions, RawBatch, TopicOffset, TopicPartition } from '../driver.js'
import { KafkaError } from '../kafka-error.js'
import type { Decompress } from '../read-records.js'
import { wait } from '../wait.js'
import type { FetchTopic, Metadata, Pool } from './client.js'
import { endSilent } from './end-silent.js'
import type { FetchRequest } from './fetch-request.js'
import type { FetchedPartition, FetchResponse } from './fetch-response.js'
import { fetchedBatch } from './fetched.js'
import { platformaticError, protocolError } from './platformatic-error.js'

export type FetchParts = {
  pool: Pool
  request: FetchRequest
  decompress: Decompress
  codes: Record<number, string>
  options: ConsumerOptions
  log: Log
  metadata(): Promise<Metadata>
  /** What is known of the brokers is not true any more. */
  forget(): void
  batch(batch: RawBatch): void
  outOfRange(partition: TopicPartition): void
  failed(error: KafkaError): void
}

/** `turn` counts what was said about it: an answer to a request of an earlier turn is not for it. */
type Wanted = TopicPartition & { position: bigint; isHeld: boolean; isPaused: boolean; turn: number }
/** What may become of an answer's records when they are decompressed: of a batch, and what is left of it for all. */
type Room = { readonly bytesMax: number; left: number }
type Asked = { wanted: Wanted; turn: number; fetchOffset: bigint }

const BACKOFF: Backoff = { initialMs: 50, factor: 2, maxMs: 2_000, jitter: 0.2 }

export class FetchLoop {
  readonly #parts: FetchParts
  readonly #stop = new AbortController()
  readonly #busy = new Set<number>()
  #wanted = new Map<string, Wanted>()
  #generation = -1
  #isPlanning = false
  #isStale = false
  #failures = 0
  #first = 0

  constructor(parts: FetchParts) {
    this.#parts = parts
  }

  /** All else is not wanted any more. Nothing is fetched before its `seek`. */
  assign(generation: number, partitions: readonly TopicPartition[]): void {
    this.#generation = generation
    const held = { position: -1n, isHeld: true, isPaused: false, turn: 0 }
    this.#wanted = new Map(partitions.map((each) => [keyOf(each), { ...each, ...held }]))
  }

  seek(position: TopicOffset): void {
    this.#change(position, (wanted) => {
      wanted.position = position.offset
      wanted.isHeld = false
    })
  }

  pause(partition: TopicPartition): void {
    this.#change(partition, (wanted) => {
      wanted.isPaused = true
    })
  }

  resume(partition: TopicPartition): void {
    this.#change(partition, (wanted) => {
      wanted.isPaused = false
    })
  }

  stop(): void {
    this.#stop.abort()
  }

  #change(partition: TopicPartition, change: (wanted: Wanted) => void): void {
    const wanted = this.#wanted.get(keyOf(partition))
    if (wanted === undefined) return
    change(wanted)
    wanted.turn++
    this.#plan()
  }

  /** Begins a request to each broker that has something wanted, and none under way. */
  #plan(): void {
    this.#isStale = true
    if (this.#isPlanning) return
    this.#isPlanning = true
    void this.#planAll()
  }

  async #planAll(): Promise<void> {
    while (this.#isStale && !this.#stop.signal.aborted) {
      // What changes in one turn of the loop is planned together.
      await undefined
      this.#isStale = false
      if (this.#isAnythingWanted()) await this.#fetchAll()
    }
    // In the same turn as the look at `#isStale`: what changes from here on is planned by another.
    this.#isPlanning = false
  }

  async #fetchAll(): Promise<void> {
    try {
      const metadata = await this.#parts.metadata()
      if (this.#stop.signal.aborted) return
      for (const [node, asked] of this.#byLeader(metadata)) void this.#fetch(node, asked, metadata)
    } catch (thrown) {
      await this.#backOff(thrown)
      this.#isStale = true
    }
  }

  #isAnythingWanted(): boolean {
    for (const each of this.#wanted.values()) if (isWanted(each)) return true
    return false
  }

  #byLeader({ topics }: Metadata): Map<number, Asked[]> {
    const byLeader = new Map<number, Asked[]>()
    const all = [...this.#wanted.values()]
    // The answer is filled in the order of the request: each partition is the first one in turn.
    this.#first = (this.#first + 1) % Math.max(1, all.length)
    for (const wanted of [...all.slice(this.#first), ...all.slice(0, this.#first)]) {
      if (!isWanted(wanted)) continue
      const leader = topics.get(wanted.topic)?.partitions[wanted.partition]?.leader
      if (leader === undefined || this.#busy.has(leader)) continue
      const asked = byLeader.get(leader) ?? []
      asked.push({ wanted, turn: wanted.turn, fetchOffset: wanted.position })
      byLeader.set(leader, asked)
    }
    return byLeader
  }

  async #fetch(node: number, asked: readonly Asked[], metadata: Metadata): Promise<void> {
    this.#busy.add(node)
    try {
      const response = await this.#request(node, asked, metadata)
      if (this.#stop.signal.aborted) return
      const problem = this.#take(response, asked, metadata)
      if (problem === undefined) this.#failures = 0
      else await this.#backOff(problem)
    } catch (thrown) {
      await this.#backOff(thrown)
    } finally {
      this.#busy.delete(node)
      this.#plan()
    }
  }

  async #request(
    node: number,
    asked: readonly Asked[],
    { brokers, topics }: Metadata,
  ): Promise<FetchResponse> {
    const { pool, request, options } = this.#parts
    const broker = brokers.get(node)
    if (broker === undefined) throw new Error(`there is no broker ${node} now`)
    const wanted = new Map<string, FetchTopic>()
    for (const {
      wanted: { topic, partition },
      fetchOffset,
    } of asked) {
      const topicId = (topics.get(topic) as { id: string }).id
      const entry = wanted.get(topicId) ?? { topicId, partitions: [] }
      wanted.set(topicId, entry)
      const partitionMaxBytes = options.fetchPartitionBytesMax
      entry.partitions.push({
        partition,
        fetchOffset,
        partitionMaxBytes,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
      })
    }
    const connection = await pool.get(broker)
    const response = await request.send(connection, options, [...wanted.values()]).catch((thrown) => {
      endSilent(thrown, [connection])
      throw thrown
    })
    // An error of one partition is its own.
    if (response.errorCode === 0 || response.responses.length > 0) return response
    throw protocolError(this.#parts.codes, response.errorCode)
  }

  /** Hands over what came. Gives the error of a partition that has to be waited for. */
  #take(response: FetchResponse, asked: readonly Asked[], { topics }: Metadata): KafkaError | undefined {
    let problem: KafkaError | undefined
    // All of an answer is in memory at once.
    const bytesMax = plainBytesMax(this.#parts.options.fetchBytesMax)
    const room: Room = { bytesMax, left: bytesMax }
    for (const { topicId, partitions } of response.responses) {
      for (const fetched of partitions) {
        const one = asked.find(
          ({ wanted }) =>
            wanted.partition === fetched.partitionIndex && topics.get(wanted.topic)?.id === topicId,
        )
        if (one === undefined || one.turn !== one.wanted.turn || !this.#isCurrent(one.wanted)) continue
        const { wanted, fetchOffset } = one
        if (fetched.errorCode !== 0) {
          problem = this.#refused(wanted, fetched.errorCode) ?? problem
          continue
        }
        problem = this.#takeOf(wanted, fetchOffset, fetched, room) ?? problem
      }
    }
    return problem
  }

  /** What cannot be read stops its own partition only; it is fetched again, as another broker may have it whole. */
  #takeOf(
    wanted: Wanted,
    fetchOffset: bigint,
    fetched: FetchedPartition,
    room: Room,
  ): KafkaError | undefined {
    const { topic, partition } = wanted
    const { decompress, log } = this.#parts
    let batch: RawBatch | undefined
    try {
      batch = fetchedBatch(
        { topic, partition, generation: this.#generation, fetchOffset },
        fetched,
        (codec, bytes) => {
          const plain = decompressWithin(room.bytesMax, codec, bytes, (data) => decompress(codec, data))
          room.left -= plain.length
          return plain
        },
        () => room.left > 0,
      )
    } catch (cause) {
      const { kind, message } = platformaticError(cause)
      const text = `${topic}-${partition} from ${fetchOffset} on: ${message}`
      if (kind === 'retriable') log.warn(`kafka: ${text}: it is fetched again`)
      return new KafkaError(kind, text, { cause })
    }
    if (batch === undefined) return undefined
    wanted.position = batch.nextOffset
    this.#parts.batch(batch)
    return undefined
  }

  #isCurrent(wanted: Wanted): boolean {
    return this.#wanted.get(keyOf(wanted)) === wanted
  }

  #refused(wanted: Wanted, code: number): KafkaError | undefined {
    const { codes, outOfRange, forget } = this.#parts
    if (codes[code] === 'OFFSET_OUT_OF_RANGE') {
      wanted.isHeld = true
      outOfRange({ topic: wanted.topic, partition: wanted.partition })
      return undefined
    }
    forget()
    return protocolError(codes, code)
  }

  async #backOff(thrown: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return
    const error = platformaticError(thrown)
    if (error.kind === 'unusable' || error.kind === 'denied' || error.kind === 'unknown-topic') {
      this.stop()
      this.#parts.failed(error)
      return
    }
    this.#parts.forget()
    await wait(backoffMs(BACKOFF, ++this.#failures, systemRandom), this.#stop.signal)
  }
}

function isWanted({ isHeld, isPaused }: Wanted): boolean {
  return !isHeld && !isPaused
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`
}
