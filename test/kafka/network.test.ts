// A network between us and the broker that stops, resets, and forgets connections: the source and the sink go on when it is there
// again.

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
import { inFull } from './size.js'
import { until } from './until.js'

const HOST = '127.0.0.1'
const PARTITIONS = 3
const COUNT = 6_000
/** More than is in flight or fetched: it has to be read and written by new connections. */
const HELD = 1_200
const TIMES = inFull(4, 1)
const REQUEST_MS = 3_000
/** What is read arrives after a request of the sink has failed, and more is read after one of the source has; and some to spare. */
const NOTICED_MS = REQUEST_MS + 10_000 + 20_000
/** It notices soon, and reads little at a time, so that there is something to be read all the time. */
const QUICK = PIPE.replace(
  'kafka({ brokers, topic })',
  `kafka({ brokers, topic, requestTimeoutMs: ${REQUEST_MS} })`,
).replace('inFlightPerPartition: 100', 'inFlightPerPartition: 100, fetch: { partitionBytes: 4_096 }')
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
          await project.file('quick.mjs', QUICK)
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

        test('connections that are half open are given up in time', async () => {
          const ledger = await Ledger.begin(admin, COUNT, PARTITIONS)
          const env = pipeEnv(`${HOST}:${PROXY_PORT}`, ledger, { slowMs: 20, sessionMs: 2_000 })
          const running = project.run('quick.mjs', env)
          for (let time = 1; time <= TIMES; time++) {
            await ledger.reaches((time * COUNT) / (TIMES + 2))
            network.forget()
            await ledger.reaches(ledger.writtenCount + HELD, NOTICED_MS)
          }
          // The sink goes on first: what it writes until the source does cannot be committed.
          await ledger.requireAll(TIMES * PARTITIONS * REPEATS_MAX)
          expect(await running.stop(), running.text).toBe(0)
          await ledger.end()
        })
      })
    }
  },
  { own: true, properties },
)
