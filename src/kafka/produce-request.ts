// The body of a request to write batches, in the versions 3 to 8, which are alike in it.

import type { TopicPartition } from './driver.js'

/** A batch as it is to lie in the log. */
export type EncodedBatch = TopicPartition & { bytes: Buffer }

const ACKS_ALL = -1
/** No transaction, acks, time-out, count of topics. */
const HEAD_BYTES = 2 + 2 + 4 + 4
/** Number, and length of the bytes. */
const PARTITION_BYTES = 4 + 4

/** Encodes the request; each partition comes once. */
export function produceRequest(timeoutMs: number, batches: readonly EncodedBatch[]): Buffer {
  const topics = new Map<string, EncodedBatch[]>()
  let bytes = HEAD_BYTES
  for (const batch of batches) {
    let list = topics.get(batch.topic)
    if (list === undefined) {
      list = []
      topics.set(batch.topic, list)
      bytes += 2 + Buffer.byteLength(batch.topic) + 4
    }
    list.push(batch)
    bytes += PARTITION_BYTES + batch.bytes.length
  }
  const to = Buffer.allocUnsafe(bytes)
  let at = to.writeInt16BE(-1, 0)
  at = to.writeInt16BE(ACKS_ALL, at)
  at = to.writeInt32BE(timeoutMs, at)
  at = to.writeInt32BE(topics.size, at)
  for (const [topic, list] of topics) {
    at = to.writeInt16BE(Buffer.byteLength(topic), at)
    at += to.write(topic, at)
    at = to.writeInt32BE(list.length, at)
    for (const { partition, bytes: content } of list) {
      at = to.writeInt32BE(partition, at)
      at = to.writeInt32BE(content.length, at)
      at += content.copy(to, at)
    }
  }
  return to
}
