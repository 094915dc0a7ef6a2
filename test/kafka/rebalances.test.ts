// Members come, leave, die and stand still under load: nothing is lost, keys stay in order, and no commit goes back.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { FAULT_DRIVERS } from './drivers.js'
import { Ledger } from './ledger.js'
import { PIPE, pipeEnv, REPEATS_MAX } from './pipe.js'
import { Project } from './project.js'
import { inFull } from './size.js'
import { zombie } from './zombie.js'

const PARTITIONS = 6
const MEMBERS = 3
const ROUNDS = inFull(40, 3)
const COUNT = (ROUNDS + 1) * 2_000
const SLOW_MS = 20
const SESSION_MS = 2_000

await withCluster('kafka rebalances', (cluster) => {
  let admin: TestAdmin
  beforeAll(async () => {
    admin = await TestAdmin.connect(cluster.brokers)
  })
  afterAll(() => admin.close())

  for (const driver of FAULT_DRIVERS) {
    describe(driver.name, { timeout: inFull(900_000, 180_000) }, () => {
      let project: Project
      beforeAll(async () => {
        project = await Project.make(driver)
        await project.file('pipe.mjs', PIPE)
      })
      afterAll(() => project.remove())

      function runOn(ledger: Ledger) {
        const env = pipeEnv(cluster.brokers, ledger, { slowMs: SLOW_MS, sessionMs: SESSION_MS })
        return project.run('pipe.mjs', env)
      }

      test(`of ${MEMBERS} processes one leaves or dies, and comes back, ${ROUNDS} times`, async () => {
        const ledger = await Ledger.begin(admin, COUNT, PARTITIONS)
        const members = Array.from({ length: MEMBERS }, () => runOn(ledger))
        for (let round = 0; round < ROUNDS; round++) {
          await ledger.reaches(((round + 1) * COUNT) / (ROUNDS + 1))
          const i = round % MEMBERS
          if (round % 2 === 0) expect(await members[i].stop(), members[i].text).toBe(0)
          else await members[i].kill()
          members[i] = runOn(ledger)
        }
        // Each round is a rebalance as one goes, and another as one comes; at the start there is one for each.
        await ledger.requireAll((2 * ROUNDS + MEMBERS) * PARTITIONS * REPEATS_MAX)
        for (const member of members) expect(await member.stop(), member.text).toBe(0)
        await ledger.end()
      })

      test('one that stood still for longer than its session commits nothing of what others have now', async () => {
        await zombie(cluster.brokers, admin, project)
      })
    })
  }
})
