// The headers by which Millrace tells a message what Kafka knows of its record. The source sets them, the sink takes them off
// again: they are never written to a topic. What a dead letter's headers say of its origin is written.

export const TOPIC_HEADER = 'millrace-topic'
/** Only where the source has several topics: then the message's own partition is a number of the source's. */
export const PARTITION_HEADER = 'millrace-partition'
/** The record's key, where the message's keys are not just that: it is no UTF-8, or the keys are chosen otherwise. */
export const KEY_HEADER = 'millrace-key'
/** The keys that the message had then: a message with other keys has another key. */
export const KEYS_HEADER = 'millrace-keys'

export const OWN_HEADERS: ReadonlySet<string> = new Set([
  TOPIC_HEADER,
  PARTITION_HEADER,
  KEY_HEADER,
  KEYS_HEADER,
])

/** Where a dead letter came from: topic, id, partition, offset, timestamp. */
export const ORIGIN_PREFIX = 'millrace-origin-'
/** The tags of a dead letter, as JSON: routes go by them when it is sent again. */
export const TAGS_HEADER = 'millrace-tags'
/** There where a message was a dead letter, and was sent again. */
export const REPLAYS_HEADER = 'millrace-replays'

/** How several keys become one key of Kafka. */
export const joinKeys = (keys: readonly string[]): string => keys.join(':')
