// The assignor as kafkajs wants it.

import kafkajs, { type Assigner, type Cluster, type PartitionAssigner } from 'kafkajs'
import { ASSIGNOR_NAMES, assignPartitions, type TopicSize } from '../assignor.js'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
const VERSION = 1
const NOTHING = Buffer.alloc(0)

/** One for each name. */
export const ASSIGNORS: PartitionAssigner[] = ASSIGNOR_NAMES.map(
  (name): PartitionAssigner =>
    ({ cluster }): Assigner => ({
      name,
      version: VERSION,
      protocol: ({ topics }) => ({
        name,
        metadata: MemberMetadata.encode({ version: VERSION, topics, userData: NOTHING }),
      }),
      async assign({ members, topics }) {
        const wanted = new Map<string, readonly string[]>()
        for (const { memberId, memberMetadata } of members)
          wanted.set(memberId, MemberMetadata.decode(memberMetadata)?.topics ?? topics)
        const sizes = await sizesOf(cluster, new Set([...topics, ...[...wanted.values()].flat()]))
        return [...assignPartitions(wanted, sizes)].map(([memberId, assigned]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: VERSION,
            assignment: Object.fromEntries(assigned),
            userData: NOTHING,
          }),
        }))
      },
    }),
)

/**
 * A leader knows only its own topics, and others may want more: while a topic is added, process by process, nobody would read it
 * (https://github.com/tulios/kafkajs/issues/1040).
 */
async function sizesOf(cluster: Cluster, topics: ReadonlySet<string>): Promise<TopicSize[]> {
  const sizes: TopicSize[] = []
  for (const topic of topics) {
    // One that is not there has no partitions, and whoever wants it says so.
    await cluster.addTargetTopic(topic).catch((error) => {
      if (error?.type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
    })
    sizes.push({ topic, partitions: cluster.findTopicPartitionMetadata(topic).length })
  }
  return sizes
}
