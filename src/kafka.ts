// `kafka`: one name for both ends. What is given says which: a source reads `topics` as a member of `groupId`, a sink writes to a
// `topic`.

import { MillraceError } from './kernel/failure.js'
import { type KafkaSinkOptions, kafkaSink } from './sinks/kafka.js'
import type { Sink } from './sinks/sink.js'
import { type KafkaSourceOptions, kafkaSource } from './sources/kafka.js'
import type { Source } from './sources/source.js'

export type { KafkaSinkOptions, KafkaTopic } from './sinks/kafka.js'
export type { KafkaRecord, KafkaSourceOptions, KafkaStart } from './sources/kafka.js'

/**
 * Makes the source of Kafka topics, `kafka({ brokers, topics, groupId })`, which reads as a member of a group: one message for
 * each record. A partition's offset is committed when all records before it are settled, never further. Nacked records are read
 * again from their topic. Throws ERR_CONFIG for unusable options; opening rejects with ERR_OPEN where a topic is not there or
 * credentials are wrong. Brokers that cannot be reached are waited for.
 */
export function kafka(options: KafkaSourceOptions): Source
/**
 * Makes the sink of a Kafka topic, `kafka({ brokers, topic })`. It writes each message: its value, its keys as the record's key, its
 * headers, its event time. The partition of a key is that of Java's clients. Ok: acknowledged by all in-sync replicas. Failure: not
 * known to be written, nor is any later record of its partition. Fallback: no broker will take it, since it is too large or invalid;
 * as a fallback or onSuccess sink it answers failure in its place, and logs an error.
 * A dead letter carries its origin in headers. Throws ERR_CONFIG for unusable options; opening rejects with ERR_OPEN where the topic
 * is not there or credentials are wrong.
 */
export function kafka(options: KafkaSinkOptions): Sink
export function kafka(options: KafkaSourceOptions | KafkaSinkOptions): Source | Sink {
  const given = typeof options === 'object' && options !== null ? options : {}
  const isSource = 'topics' in given || 'groupId' in given
  const isSink = 'topic' in given
  if (isSource && !isSink) return kafkaSource(options as KafkaSourceOptions)
  if (isSink && !isSource) return rereading(options as KafkaSinkOptions)
  const got = isSource ? '`topic` and `topics` or `groupId`' : 'neither `topics` nor `topic`'
  throw new MillraceError(
    'ERR_CONFIG',
    `kafka: got ${got}, wanted topics and groupId for a source, or topic for a sink`,
  )
}

/** The sink, and how `millrace replay` reads again what it wrote: from the same brokers, up to where the topic ends now. */
function rereading(options: KafkaSinkOptions): Sink {
  const sink = kafkaSink(options)
  const { brokers, clientId, tls, sasl, connectTimeoutMs, driver } = options
  const given = { brokers, clientId, tls, sasl, connectTimeoutMs, driver }
  const connection = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const reread = (topics: string, groupId: string) =>
    kafkaSource({ ...connection, topics, groupId } as KafkaSourceOptions, true)
  return Object.assign(sink, { reread })
}
