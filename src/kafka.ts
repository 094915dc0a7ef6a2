// `kafka`: one name for both ends. What is given says which: a source reads `topics` as a member of `groupId`, a sink writes to a
// `topic`.

import { MillraceError } from './kernel/failure.js'
import { type KafkaSinkOptions, kafkaSink } from './sinks/kafka.js'
import type { Sink } from './sinks/sink.js'
import { type KafkaSourceOptions, kafkaSource } from './sources/kafka.js'
import type { Source } from './sources/source.js'

/** Makes the source of Kafka topics: `kafka({ brokers, topics, groupId })`. See kafkaSource. */
export function kafka(options: KafkaSourceOptions): Source
/** Makes the sink of a Kafka topic: `kafka({ brokers, topic })`. See kafkaSink. */
export function kafka(options: KafkaSinkOptions): Sink
export function kafka(options: KafkaSourceOptions | KafkaSinkOptions): Source | Sink {
  const given = typeof options === 'object' && options !== null ? options : {}
  const isSource = 'topics' in given || 'groupId' in given
  const isSink = 'topic' in given
  if (isSource && !isSink) return kafkaSource(options as KafkaSourceOptions)
  if (isSink && !isSource) return kafkaSink(options as KafkaSinkOptions)
  const got = isSource ? '`topic` and `topics` or `groupId`' : 'neither `topics` nor `topic`'
  throw new MillraceError(
    'ERR_CONFIG',
    `kafka: got ${got}, wanted topics and groupId for a source, or topic for a sink`,
  )
}
