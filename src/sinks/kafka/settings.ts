// The options of the sink, checked.

import {
  CONNECTION_NAMES,
  type Codec,
  type ConnectionOptions,
  type ConnectionSettings,
  checkCodecName,
  checkTopic,
  connectionOf,
  type DriverName,
} from '../../kafka/connection.js'
import type { Message } from '../../kernel/message.js'
import { checkInteger, checkNames, unusable } from '../../kernel/options.js'
import type { RetryOptions } from '../../kernel/retry.js'

/** One topic; the topic for each message; or topics by tag, the first that a message has, with `otherwise` for those without. */
export type KafkaTopic =
  | string
  | ((message: Message) => string)
  | { byTag: Readonly<Record<string, string>>; otherwise: string }

export type KafkaSinkOptions = ConnectionSettings & {
  topic: KafkaTopic
  /** The record's key; null for none. Default: the message's keys, joined by `:`; none where it has none. */
  key?: (message: Message) => string | Uint8Array | null
  /** How batches are compressed. Default 'none'. */
  compression?: Codec
  /** The most messages in one write. Default 2,000. */
  batchMax?: number
  /** The most bytes of one partition in one request; a message that is larger goes alone. Default 900,000. */
  batchBytes?: number
  /**
   * A write of fewer messages than `batchMax` begins after this long: the next one has more. Default: between writes of few messages
   * as long as the last one took, at most 5; none where there was a pause anyway.
   */
  lingerMs?: number
  /** A request without an answer after this long has failed. Default 15,000. */
  requestTimeoutMs?: number
  /** Overrides the topology's `retry`. */
  retry?: RetryOptions
}

export type KafkaSinkSettings = {
  connection: ConnectionOptions
  driver: DriverName | undefined
  topicOf: (message: Message) => string
  /** Topics that are known before there is a message. */
  topics: readonly string[]
  key: ((message: Message) => string | Uint8Array | null) | undefined
  codec: Codec
  batchMax: number
  batchBytes: number
  lingerMs: number | undefined
  requestTimeoutMs: number
  retry: RetryOptions | undefined
}

const NAMES = [
  ...CONNECTION_NAMES,
  'topic',
  'key',
  'compression',
  'batchMax',
  'batchBytes',
  'lingerMs',
  'requestTimeoutMs',
  'retry',
]
const EXAMPLE = "{ brokers: 'localhost:9092', topic: 'orders' }"

export function settingsOf(options: KafkaSinkOptions): KafkaSinkSettings {
  checkNames('kafka', options, NAMES, EXAMPLE)
  const { key, batchMax = 2_000, batchBytes = 900_000, lingerMs, requestTimeoutMs = 15_000 } = options
  if (key !== undefined && typeof key !== 'function')
    throw unusable('kafka: key', key, 'a function from a message to text, bytes or null')
  checkInteger('kafka: batchMax', batchMax, 1, 65_536)
  checkInteger('kafka: batchBytes', batchBytes, 1, 1_073_741_824)
  if (lingerMs !== undefined) checkInteger('kafka: lingerMs', lingerMs, 0, 10_000)
  checkInteger('kafka: requestTimeoutMs', requestTimeoutMs, 100, 25_000)
  return {
    connection: connectionOf('kafka', options),
    driver: options.driver,
    ...topicOf(options.topic),
    key,
    codec: checkCodecName('kafka: compression', options.compression),
    batchMax,
    batchBytes,
    lingerMs,
    requestTimeoutMs,
    retry: options.retry,
  }
}

function topicOf(topic: KafkaTopic): Pick<KafkaSinkSettings, 'topicOf' | 'topics'> {
  if (typeof topic === 'function')
    return { topicOf: (message) => checkTopic('kafka: topic', topic(message)), topics: [] }
  if (typeof topic === 'string') {
    checkTopic('kafka: topic', topic)
    return { topicOf: () => topic, topics: [topic] }
  }
  if (typeof topic !== 'object' || topic === null)
    throw unusable(
      'kafka: topic',
      topic,
      'a topic, a function from a message to one, or { byTag, otherwise }',
    )
  checkNames(
    'kafka: topic',
    topic,
    ['byTag', 'otherwise'],
    "{ byTag: { large: 'large' }, otherwise: 'rest' }",
  )
  const { byTag, otherwise } = topic
  if (typeof byTag !== 'object' || byTag === null || Array.isArray(byTag))
    throw unusable('kafka: topic.byTag', byTag, 'topics by tag')
  const topics = new Map(
    Object.entries(byTag).map(([tag, name]) => [tag, checkTopic(`kafka: topic.byTag.${tag}`, name)]),
  )
  checkTopic('kafka: topic.otherwise', otherwise)
  return {
    topics: [...new Set([...topics.values(), otherwise])],
    topicOf: ({ tags }) => topics.get(tags.find((tag) => topics.has(tag)) ?? '') ?? otherwise,
  }
}
