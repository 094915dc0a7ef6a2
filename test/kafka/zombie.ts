// A member stands still for longer than its session, and goes on when another has done all of its work. Half of the partitions are
// its own again then, all of which it had before.

import { expect } from 'vitest'
import type { TestAdmin } from './admin.js'
import { Ledger } from './ledger.js'
import { pipeEnv, REPEATS_MAX } from './pipe.js'
import type { Project } from './project.js'
import { until } from './until.js'

const PARTITIONS = 6
const COUNT = 3_000
const REPEATS = 3 * PARTITIONS * REPEATS_MAX

/** Runs `pipe.mjs` of the project twice, and checks the account. */
export async function zombie(brokers: string, admin: TestAdmin, project: Project): Promise<void> {
  const ledger = await Ledger.begin(admin, COUNT, PARTITIONS)
  const env = pipeEnv(brokers, ledger, { slowMs: 200, sessionMs: 2_000 })
  const members = [project.run('pipe.mjs', env)]
  try {
    await ledger.reaches(COUNT / 4)
    members[0].child.kill('SIGSTOP')
    members.push(project.run('pipe.mjs', env))
    await ledger.requireAll(REPEATS)
    members[0].child.kill('SIGCONT')
    await until('it is a member again', async () => {
      const { groups } = await admin.admin.describeGroups([ledger.group])
      return groups[0].state === 'Stable' && groups[0].members.length === 2
    })
    await ledger.requireAll(REPEATS)
    for (const member of members) expect(await member.stop(), member.text).toBe(0)
    expect(await admin.committedSum(ledger.group, ledger.from), 'committed at last').toBe(COUNT)
    await ledger.requireAll(REPEATS)
  } finally {
    for (const member of members) await member.kill()
    await ledger.end()
  }
}
