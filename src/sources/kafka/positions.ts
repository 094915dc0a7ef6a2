// Where a partition begins: at what the group has committed, else where the options say; and where it goes on when its log does
// not hold that any more.

import type { Consumer, TopicPartition } from '../../kafka/driver.js'
import type { KafkaSourceSettings } from './settings.js'

export type Beginning = { offset: number; committed: number | undefined }

/** Gives for each partition where to begin, in their order. */
export async function beginnings(
  consumer: Consumer,
  partitions: readonly TopicPartition[],
  start: KafkaSourceSettings['start'],
): Promise<Beginning[]> {
  const committed = await consumer.committed(partitions)
  const without = partitions.filter((_, i) => committed[i] === undefined)
  const starts = without.length === 0 ? [] : await startsOf(consumer, without, start)
  let next = 0
  return committed.map((offset) =>
    offset === undefined
      ? { offset: Number(starts[next++]), committed: undefined }
      : { offset: Number(offset), committed: Number(offset) },
  )
}

async function startsOf(
  consumer: Consumer,
  partitions: readonly TopicPartition[],
  start: KafkaSourceSettings['start'],
): Promise<bigint[]> {
  if (typeof start === 'string') return await consumer.offsets(partitions, start)
  if ('timestamp' in start) return await consumer.offsets(partitions, start.timestamp)
  // Each log has its own range.
  const [lows, highs] = [
    await consumer.offsets(partitions, 'earliest'),
    await consumer.offsets(partitions, 'latest'),
  ]
  const { offset } = start
  return partitions.map((_, i) => (offset < lows[i] ? lows[i] : offset > highs[i] ? highs[i] : offset))
}

/** gone: the log begins later now. reset: it ends before, so it is another one. there: the position is in it after all. */
export type Range = { found: 'gone' | 'reset' | 'there'; offset: number }

export async function rangeAt(
  consumer: Consumer,
  partition: TopicPartition,
  position: number,
): Promise<Range> {
  const [low] = await consumer.offsets([partition], 'earliest')
  const [high] = await consumer.offsets([partition], 'latest')
  if (position < low) return { found: 'gone', offset: Number(low) }
  if (position > high) return { found: 'reset', offset: Number(low) }
  return { found: 'there', offset: position }
}
