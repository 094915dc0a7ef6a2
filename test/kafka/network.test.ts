// A network between us and the broker that forgets, and that resets: the source and the sink go on when it is there again.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BadNetwork } from '../fmea/support/bad-network.js'
import { TestAdmin } from './admin.js'
import type { Broker } from './broker/broker.js'
import { freePorts } from './broker/ports.js'
import { withCluster } from './cluster.js'
import { FAULT_DRIVERS } from './drivers.js'
import { Ledger } from './ledger.js'
import { PIPE, pipeEnv, REPEATS_MAX } from './pipe.js'
import { Project } from './project.js'
import { until } from './until.js'

const HOST = '127.0.0.1'
const PARTITIONS = 3
const COUNT = 6_000
/** What clients are told to connect to: the proxy. */
const [PROXY_PORT] = await freePorts(HOST, 1)
const properties = {
  listeners: `PLAINTEXT://${HOST}:{port},CONTROLLER://${HOST}:{controller},PROXIED://${HOST}:{extra}`,
  'advertised.listeners': `PLAINTEXT://${HOST}:{port},PROXIED://${HOST}:${PROXY_PORT}`,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT',
}

await withCluster(
  'kafka behind a bad network',
  (cluster) => {
    let admin: TestAdmin
    let network: BadNetwork
    beforeAll(async () => {
      admin = await TestAdmin.connect(cluster.brokers)
      network = await BadNetwork.before((cluster.own as Broker).extraPort, PROXY_PORT)
    })
    afterAll(async () => {
      await network.end()
      await admin.close()
    })

    for (const driver of FAULT_DRIVERS) {
      describe(driver.name, { timeout: 240_000 }, () => {
        let project: Project
        beforeAll(async () => {
          project = await Project.make(driver)
          await project.file('pipe.mjs', PIPE)
        })
        afterAll(() => project.remove())

        test('all arrives, and no commit goes back', async () => {
          const ledger = await Ledger.begin(admin, COUNT, PARTITIONS)
          const env = pipeEnv(`${HOST}:${PROXY_PORT}`, ledger, { slowMs: 20, sessionMs: 2_000 })
          const running = project.run('pipe.mjs', env)
          await ledger.reaches(COUNT / 4)
          network.stop()
          await until('the group has given it up', async () => {
            const { groups } = await admin.admin.describeGroups([ledger.group])
            return groups[0].members.length === 0
          })
          network.goOn()
          await ledger.reaches(COUNT / 2)
          network.reset()
          await ledger.requireAll(2 * PARTITIONS * REPEATS_MAX)
          expect(await running.stop(), running.text).toBe(0)
          await ledger.end()
        })
      })
    }
  },
  { own: true, properties },
)
