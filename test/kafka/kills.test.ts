// kill -9 at any moment: what is committed is written, the next process goes on there, and repeats no more than was in flight.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { FAULT_DRIVERS } from './drivers.js'
import { Ledger } from './ledger.js'
import { PIPE, pipeEnv, REPEATS_MAX } from './pipe.js'
import { Project } from './project.js'
import { inFull } from './size.js'

const PARTITIONS = 4
const KILLS = inFull(100, 10)
const STEP = 600
const COUNT = (KILLS + 1) * STEP
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)

await withCluster(`kafka kills, SEED=${SEED}`, (cluster) => {
  let admin: TestAdmin
  beforeAll(async () => {
    admin = await TestAdmin.connect(cluster.brokers)
  })
  afterAll(() => admin.close())

  for (const driver of FAULT_DRIVERS) {
    describe(driver.name, { timeout: inFull(1_800_000, 180_000) }, () => {
      let project: Project
      beforeAll(async () => {
        project = await Project.make(driver)
        await project.file('pipe.mjs', PIPE)
      })
      afterAll(() => project.remove())

      test(`${KILLS} times`, async () => {
        const ledger = await Ledger.begin(admin, COUNT, PARTITIONS)
        const env = pipeEnv(cluster.brokers, ledger, { slowMs: 10, sessionMs: 1_000 })
        let random = SEED
        for (let kill = 0; kill < KILLS; kill++) {
          const running = project.run('pipe.mjs', env)
          random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
          await ledger.reaches(ledger.writtenCount + 1 + ((random >>> 8) % STEP))
          await running.kill()
          await ledger.requireNoLoss()
        }
        const last = project.run('pipe.mjs', env)
        await ledger.requireAll(KILLS * PARTITIONS * REPEATS_MAX)
        expect(await last.stop(), last.text).toBe(0)
        await ledger.end()
      })
    })
  }
})
