// The assignor as kafkajs wants it.

import kafkajs, { type Assigner, type PartitionAssigner } from 'kafkajs'
import { ASSIGNOR_NAMES, assignPartitions } from '../assignor.js'

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
        const sizes = topics.map((topic) => ({
          topic,
          partitions: cluster.findTopicPartitionMetadata(topic).length,
        }))
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
