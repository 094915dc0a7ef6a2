// A steady load: first a few records until the contender reads, then all of them from a process of its own.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WrongResult } from '../harness.mjs'

const JOIN_MS = 4_000

export async function steadyLoad(cluster, order) {
  // Whoever joins has committed nothing yet; the time for it is the same for all.
  await cluster.until(async () => (await membersOf(cluster, order.groupId)) > 0, JOIN_MS)
  const child = fork(fileURLToPath(new URL('steady-load.mjs', import.meta.url)), {
    env: { ...process.env, MILLRACE_BENCH_KAFKA: JSON.stringify(order) },
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new WrongResult(`the load ended with ${code}`)
}

/** How many members of the group have their partitions. */
async function membersOf({ admin }, groupId) {
  const { groups } = await admin.describeGroups([groupId])
  return groups[0].state === 'Stable' ? groups[0].members.length : 0
}
