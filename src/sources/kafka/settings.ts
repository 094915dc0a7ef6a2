// The options of the source, checked.

import {
  CONNECTION_NAMES,
  type ConnectionOptions,
  type ConnectionSettings,
  checkTopic,
  connectionOf,
  type DriverName,
} from '../../kafka/connection.js'
import type { ConsumerOptions } from '../../kafka/driver.js'
import { checkInteger, checkNames, unusable } from '../../kernel/options.js'

/** What a function of `keys` gets. */
export type KafkaRecord = {
  topic: string
  partition: number
  offset: bigint
  /** Ms since 1970. */
  timestamp: number
  key: Buffer | null
  value: Buffer | null
}

export type KafkaStart = 'earliest' | 'latest' | { timestamp: number | Date } | { offset: number | bigint }

export type KafkaSourceOptions = ConnectionSettings & {
  topics: string | readonly string[]
  groupId: string
  /** Where a partition begins of which the group has committed nothing yet. Default 'earliest'. */
  start?: KafkaStart
  /**
   * What the order by key goes by: the record's key (default), its partition (all records of a partition in order), or what a
   * function gives. The sink's key is the record's in any case.
   */
  keys?: 'key' | 'partition' | ((record: KafkaRecord) => readonly string[])
  /** Records of one partition that are read and not settled. Default: 16,384 shared among the partitions, at least 512. */
  inFlightPerPartition?: number
  /** Static membership: the name of this member in the group. With the driver platformatic only. */
  groupInstanceId?: string
  /** Commits are at most so far apart, in ms. Default 1,000. */
  commitEveryMs?: number
  /** And after so many settled records. Default 20,000. */
  commitEvery?: number
  /** A member that is not heard of for so long is expelled. Default 30,000. */
  sessionTimeoutMs?: number
  /** Default 3,000. */
  heartbeatMs?: number
  /** How long a rebalance waits for its members. Default 60,000. */
  rebalanceTimeoutMs?: number
  /** With records to be read and none read for so long, the session is made again. Default 60,000. */
  stallMs?: number
  fetch?: {
    /** How long a fetch waits at the broker for the first record. Default 200. */
    waitMs?: number
    /** Default 10 MiB. */
    bytes?: number
    /** Default 1 MiB. */
    partitionBytes?: number
  }
}

export type KafkaSourceSettings = {
  connection: ConnectionOptions
  driver: DriverName | undefined
  topics: readonly string[]
  groupId: string
  start: 'earliest' | 'latest' | { timestamp: number } | { offset: bigint }
  keys: 'key' | 'partition' | ((record: KafkaRecord) => readonly string[])
  inFlightPerPartition: number | undefined
  groupInstanceId: string | undefined
  commitEveryMs: number
  commitEvery: number
  sessionTimeoutMs: number
  heartbeatMs: number
  rebalanceTimeoutMs: number
  stallMs: number
  fetch: { waitMs: number; bytes: number; partitionBytes: number }
  /** True: each partition ends where it ended as it was assigned first, and the source where all have ended. */
  isBounded: boolean
}

const NAMES = [
  ...CONNECTION_NAMES,
  'topics',
  'groupId',
  'start',
  'keys',
  'inFlightPerPartition',
  'groupInstanceId',
  'commitEveryMs',
  'commitEvery',
  'sessionTimeoutMs',
  'heartbeatMs',
  'rebalanceTimeoutMs',
  'stallMs',
  'fetch',
]
const EXAMPLE = "{ brokers: 'localhost:9092', topics: 'orders', groupId: 'billing' }"
const HOUR_MS = 3_600_000
const MAX_BYTES = 1_073_741_824
/** A broker that is busy may take so long. */
const REQUEST_MIN_MS = 10_000
const REQUEST_MAX_MS = 30_000
const NUMBERS: readonly [name: keyof KafkaSourceOptions, min: number, max: number, otherwise: number][] = [
  ['commitEveryMs', 1, HOUR_MS, 1_000],
  ['commitEvery', 1, 10_000_000, 20_000],
  ['sessionTimeoutMs', 1_000, HOUR_MS, 30_000],
  ['heartbeatMs', 100, HOUR_MS, 3_000],
  ['rebalanceTimeoutMs', 1_000, HOUR_MS, 60_000],
  ['stallMs', 100, HOUR_MS, 60_000],
]

export function settingsOf(options: KafkaSourceOptions, isBounded = false): KafkaSourceSettings {
  checkNames('kafka', options, NAMES, EXAMPLE)
  const { groupId, groupInstanceId, inFlightPerPartition } = options
  // Not every client takes others.
  if (typeof groupId !== 'string' || !/^\S+$/.test(groupId))
    throw unusable('kafka: groupId', groupId, 'the name of the group, without blanks')
  if (
    groupInstanceId !== undefined &&
    (typeof groupInstanceId !== 'string' || !/^\S+$/.test(groupInstanceId))
  )
    throw unusable('kafka: groupInstanceId', groupInstanceId, 'a name without blanks')
  checkInteger('kafka: inFlightPerPartition', inFlightPerPartition, 1, 1_000_000)
  const numbers = Object.fromEntries(
    NUMBERS.map(([name, min, max, otherwise]) => {
      checkInteger(`kafka: ${name}`, options[name], min, max)
      return [name, options[name] ?? otherwise]
    }),
  ) as Record<
    'commitEveryMs' | 'commitEvery' | 'sessionTimeoutMs' | 'heartbeatMs' | 'rebalanceTimeoutMs' | 'stallMs',
    number
  >
  if (numbers.heartbeatMs * 2 > numbers.sessionTimeoutMs)
    throw unusable(
      'kafka: heartbeatMs',
      numbers.heartbeatMs,
      `at most half of sessionTimeoutMs (${numbers.sessionTimeoutMs})`,
    )
  return {
    connection: connectionOf('kafka', options),
    driver: options.driver,
    topics: topicsOf(options.topics),
    groupId,
    start: startOf(options.start),
    keys: keysOf(options.keys),
    inFlightPerPartition,
    groupInstanceId,
    ...numbers,
    fetch: fetchOf(options.fetch),
    isBounded,
  }
}

function topicsOf(topics: unknown): readonly string[] {
  const list = typeof topics === 'string' ? [topics] : topics
  if (!Array.isArray(list) || list.length === 0)
    throw unusable('kafka: topics', topics, 'a topic, or a list of them')
  const names = list.map((topic, i) =>
    checkTopic(typeof topics === 'string' ? 'kafka: topics' : `kafka: topics[${i}]`, topic),
  )
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw unusable('kafka: topics', twice, 'each topic once')
  return names
}

function startOf(start: unknown = 'earliest'): KafkaSourceSettings['start'] {
  if (start === 'earliest' || start === 'latest') return start
  const { timestamp, offset, ...others } = (start ?? {}) as { timestamp?: unknown; offset?: unknown }
  const time = timestamp instanceof Date ? timestamp.getTime() : timestamp
  const isOne = Object.keys(others).length === 0
  if (isOne && offset === undefined && isWhole(time)) return { timestamp: time }
  const isOffset = typeof offset === 'bigint' ? offset >= 0n : isWhole(offset)
  if (isOne && timestamp === undefined && isOffset) return { offset: BigInt(offset as number | bigint) }
  throw unusable('kafka: start', start, "'earliest', 'latest', { timestamp } in whole ms, or { offset }")
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function keysOf(keys: unknown = 'key'): KafkaSourceSettings['keys'] {
  if (keys === 'key' || keys === 'partition' || typeof keys === 'function')
    return keys as KafkaSourceSettings['keys']
  throw unusable('kafka: keys', keys, "'key', 'partition', or a function from a record to a list of strings")
}

function fetchOf(fetch: KafkaSourceOptions['fetch'] = {}): KafkaSourceSettings['fetch'] {
  checkNames('kafka: fetch', fetch, ['waitMs', 'bytes', 'partitionBytes'], '{ waitMs: 100 }')
  const { waitMs = 200, bytes = 10_485_760, partitionBytes = 1_048_576 } = fetch
  checkInteger('kafka: fetch.waitMs', waitMs, 1, 30_000)
  checkInteger('kafka: fetch.bytes', bytes, 1, MAX_BYTES)
  checkInteger('kafka: fetch.partitionBytes', partitionBytes, 1, MAX_BYTES)
  return { waitMs, bytes, partitionBytes }
}

/** Gives what a driver is told of them. */
export function consumerOptions(settings: KafkaSourceSettings): ConsumerOptions {
  const { connection, topics, groupId, groupInstanceId, fetch } = settings
  const { sessionTimeoutMs, heartbeatMs, rebalanceTimeoutMs } = settings
  return {
    connection,
    topics,
    groupId,
    groupInstanceId,
    sessionTimeoutMs,
    heartbeatMs,
    rebalanceTimeoutMs,
    // Who hears nothing for so long is a member no more, in most cases.
    requestTimeoutMs: Math.min(REQUEST_MAX_MS, Math.max(REQUEST_MIN_MS, sessionTimeoutMs)),
    fetchWaitMs: fetch.waitMs,
    fetchBytesMax: fetch.bytes,
    fetchPartitionBytesMax: fetch.partitionBytes,
  }
}
