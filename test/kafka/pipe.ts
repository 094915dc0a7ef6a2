// The topology of most tests: from a topic to another, as slow as is asked for.

export const PIPE = `
import { defineTopology, kafka } from 'millrace'
const { BROKERS: brokers, FROM: topics, TO: topic, GROUP: groupId, SLOW, SESSION = '6000' } = process.env
export default defineTopology({
  name: 'pipe',
  source: kafka({
    brokers, topics, groupId, heartbeatMs: 300, sessionTimeoutMs: Number(SESSION),
    commitEveryMs: 200, commitEvery: 200, inFlightPerPartition: 100,
  }),
  map: async (message) => {
    if (SLOW) await new Promise((resolve) => setTimeout(resolve, Number(SLOW)))
    return message
  },
  sink: kafka({ brokers, topic }),
})
`

/** Of one partition, for each time that it is taken from a process: what was in flight, and what was settled and not committed. */
export const REPEATS_MAX = 100 + 300

export function pipeEnv(
  brokers: string,
  { from, to, group }: { from: string; to: string; group: string },
  more: { slowMs?: number; sessionMs?: number } = {},
): Record<string, string> {
  return {
    BROKERS: brokers,
    FROM: from,
    TO: to,
    GROUP: group,
    SLOW: String(more.slowMs ?? ''),
    SESSION: String(more.sessionMs ?? 6_000),
  }
}
