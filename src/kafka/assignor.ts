// How the leader of a group hands out partitions: each to the member that ranks highest for it, by a hash of both, and has room.
// So all have equally many, or one more, and where a member comes or goes, most partitions stay where they are. The leader
// decides alone: both clients know this under two names, that of kafkajs and that of all others, so members of both, and plain
// loops, can be in one group.

import { murmur2 } from './murmur2.js'

export const ASSIGNOR_NAMES = ['RoundRobinAssigner', 'roundrobin'] as const

export type TopicSize = { topic: string; partitions: number }

type Taker = { id: string; hash: number; count: number; topics: Map<string, number[]> }

/** Gives the partitions of each member by topic. A member gets only topics that it wants. */
export function assignPartitions(
  members: ReadonlyMap<string, readonly string[]>,
  topics: readonly TopicSize[],
): Map<string, Map<string, number[]>> {
  const takers = [...members.keys()].map(
    (id): Taker => ({ id, hash: hashOf(id), count: 0, topics: new Map() }),
  )
  for (const { topic, partitions } of [...topics].sort((a, b) => (a.topic < b.topic ? -1 : 1))) {
    const those = takers.filter(({ id }) => members.get(id)?.includes(topic))
    if (those.length > 0) handOut(topic, partitions, those)
  }
  return new Map(takers.map(({ id, topics: given }) => [id, given]))
}

/** With what they have of other topics, each gets as many as there are for each; what is left over is one more for some. */
function handOut(topic: string, partitions: number, takers: readonly Taker[]): void {
  const total = takers.reduce((sum, { count }) => sum + count, partitions)
  const even = Math.floor(total / takers.length)
  let leftOver = total % takers.length
  const hash = hashOf(topic)
  for (let partition = 0; partition < partitions; partition++) {
    const taker = highest(takers, leftOver > 0 ? even + 1 : even, hash + partition)
    if (taker.count === even) leftOver--
    taker.count++
    const given = taker.topics.get(topic)
    if (given === undefined) taker.topics.set(topic, [partition])
    else given.push(partition)
  }
}

/** Of those who have fewer than so many. There is always one: all of them have not all that there is. */
function highest(takers: readonly Taker[], countMax: number, place: number): Taker {
  let found = takers[0]
  let rank = -1
  for (const taker of takers) {
    if (taker.count >= countMax) continue
    const own = mixed(taker.hash ^ mixed(place))
    if (own <= rank) continue
    rank = own
    found = taker
  }
  return found
}

function hashOf(text: string): number {
  return murmur2(Buffer.from(text))
}

/** Spreads what is close together over all 32-bit numbers. */
function mixed(number: number): number {
  let hash = number | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
