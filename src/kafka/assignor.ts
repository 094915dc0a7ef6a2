// How the leader of a group hands out partitions: round robin over all topics, to the members in the order of their ids. Both
// clients use it under two names, that of kafkajs and that of all others, so members of both can be in one group.

export const ASSIGNOR_NAMES = ['RoundRobinAssigner', 'roundrobin'] as const

export type TopicSize = { topic: string; partitions: number }

/** Gives the partitions of each member by topic. A member gets only topics that it wants. */
export function assignRoundRobin(
  members: ReadonlyMap<string, readonly string[]>,
  topics: readonly TopicSize[],
): Map<string, Map<string, number[]>> {
  const ids = [...members.keys()].sort()
  const assigned = new Map(ids.map((id) => [id, new Map<string, number[]>()]))
  let turn = 0
  for (const { topic, partitions } of [...topics].sort((a, b) => (a.topic < b.topic ? -1 : 1))) {
    const takers = ids.filter((id) => members.get(id)?.includes(topic))
    for (let partition = 0; partition < partitions && takers.length > 0; partition++) {
      const topicsOf = assigned.get(takers[turn++ % takers.length]) as Map<string, number[]>
      const partitionsOf = topicsOf.get(topic)
      if (partitionsOf === undefined) topicsOf.set(topic, [partition])
      else partitionsOf.push(partition)
    }
  }
  return assigned
}
