// The seam between Millrace and a Kafka client: all that the source and the sink need of one, and nothing else. Positions,
// order, retries and fencing are decided above it; a client's own ideas of them, and its defects, end in its driver.

import type { Log } from '../kernel/log.js'
import type { Codec, ConnectionOptions, DriverName } from './connection.js'
import type { KafkaError } from './kafka-error.js'

export type TopicPartition = { topic: string; partition: number }
/** `offset` is the next one to be read, never the last one that was. */
export type TopicOffset = TopicPartition & { offset: bigint }

/** In the order of the record; a name may come twice. */
export type RawHeaders = readonly (readonly [name: string, value: Buffer | null])[]

/** A record as it lies in the log. Its bytes are the driver's until the next turn of the event loop, and then the receiver's. */
export type RawRecord = {
  offset: bigint
  /** Ms since 1970. */
  timestamp: number
  key: Buffer | null
  value: Buffer | null
  headers: RawHeaders
}

/** What one fetch gave of one partition. Control records and those of aborted transactions are left out. */
export type RawBatch = TopicPartition & {
  /** Of the group, when it was fetched. */
  generation: number
  /** Where the fetch began. Each record is at or above it. */
  fetchOffset: bigint
  /** Where the client goes on: above the last record, and above what was left out behind it. */
  nextOffset: bigint
  /** The end of the partition's log. */
  highWatermark: bigint
  records: readonly RawRecord[]
}

/** What a consumer tells. All calls are synchronous, and none comes after `close` was called. */
export type ConsumerEvents = {
  batch(batch: RawBatch): void
  /** A rebalance begins: what is to be committed under this generation is to be committed now. */
  rebalancing(): void
  /** The partitions of this member from now on; all others are revoked. Nothing comes from any of them before its `seek`. */
  assigned(generation: number, partitions: readonly TopicPartition[]): void
  /** Its log does not hold the position, or that was lost: nothing comes of it before the next `seek`. */
  outOfRange(partition: TopicPartition): void
  /** The session is over: close it, and open another. */
  failed(error: KafkaError): void
}

export type ConsumerOptions = {
  connection: ConnectionOptions
  topics: readonly string[]
  groupId: string
  /** Static membership, where the driver can. */
  groupInstanceId?: string | undefined
  sessionTimeoutMs: number
  heartbeatMs: number
  rebalanceTimeoutMs: number
  /** How long a broker may take to answer. Where it is to wait, as for a fetch or a join, it has so much more. */
  requestTimeoutMs: number
  /** How long a fetch waits at the broker for the first record. */
  fetchWaitMs: number
  fetchBytesMax: number
  fetchPartitionBytesMax: number
}

export type Health = {
  /** Member of the group, and heard of by its coordinator. */
  joined: boolean
  /** Sessions with brokers that ended unasked. */
  reconnects: number
}

/** A member of a consumer group. It commits nothing by itself. Rejections are KafkaErrors. */
export interface Consumer {
  /** Connects and joins the group; resolves with the first assignment told. */
  open(): Promise<void>
  /** Where the next fetch of an assigned partition begins. What was fetched before and not told yet is dropped. */
  seek(position: TopicOffset): void
  /** Fetches nothing more of it; what comes of a fetch that is under way is dropped, and fetched again after `resume`. */
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  /** Commits the next offsets, in one try, under this generation or not at all. */
  commit(generation: number, offsets: readonly TopicOffset[]): Promise<void>
  /** Gives what the group has committed; undefined for what it has not. In the order of the partitions. */
  committed(partitions: readonly TopicPartition[]): Promise<(bigint | undefined)[]>
  /** Gives the first or the next offset of each log, or the first one at or after a time (ms since 1970). */
  offsets(partitions: readonly TopicPartition[], at: OffsetAt): Promise<bigint[]>
  health(): Health
  /** Leaves the group. Resolves in any case. */
  close(): Promise<void>
}

export type OffsetAt = 'earliest' | 'latest' | number

export type OutRecord = {
  key: Buffer | null
  value: Buffer | null
  headers: readonly (readonly [name: string, value: Uint8Array | string])[]
  /** Whole ms since 1970, at most 2^51 either way. Default: now. */
  timestamp?: number | undefined
}

/** Records of one partition, to be written as one batch: all of them, or none. */
export type OutBatch = TopicPartition & { records: readonly OutRecord[] }

export type ProducerOptions = {
  connection: ConnectionOptions
  codec: Codec
  /** How long one request may take. */
  requestTimeoutMs: number
}

/** Writes with acks of all in-sync replicas. Rejections are KafkaErrors. */
export interface Producer {
  open(): Promise<void>
  /** How many partitions a topic has. */
  partitionCount(topic: string): Promise<number>
  /** Forgets what it knows of topics: they may have changed. */
  forget(): void
  /**
   * Writes batches of different partitions. Gives for each, in order, undefined where it is written, or why it is not.
   * What failed in a way that leaves it open whether it was written counts as not written. Tries once.
   */
  send(batches: readonly OutBatch[]): Promise<(KafkaError | undefined)[]>
  health(): Health
  close(): Promise<void>
}

/** A client behind the seam. */
export interface Driver {
  readonly name: DriverName
  consumer(options: ConsumerOptions, events: ConsumerEvents, log: Log): Consumer
  producer(options: ProducerOptions, log: Log): Producer
}
