// A broker that is not there yet, and one that is killed and comes back: the source and the sink wait for it, and lose nothing.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Read, TestAdmin } from './admin.js'
import type { Broker } from './broker/broker.js'
import { withCluster } from './cluster.js'
import { FAULT_DRIVERS } from './drivers.js'
import { PIPE } from './pipe.js'
import { Project } from './project.js'
import { until } from './until.js'

const COUNT = 3_000
const textIn = ({ message }: Read) => message.value?.toString() ?? ''

await withCluster(
  'kafka brokers that fail',
  (cluster) => {
    for (const driver of FAULT_DRIVERS) {
      describe(driver.name, () => {
        let admin: TestAdmin
        let project: Project
        beforeAll(async () => {
          admin = await TestAdmin.connect(cluster.brokers)
          project = await Project.make(driver)
          await project.file('pipe.mjs', PIPE)
        })
        afterAll(async () => {
          await project.remove()
          await admin.close()
        })

        test('not there at the start, then killed in the middle: all arrives', async () => {
          const broker = cluster.own as Broker
          const [from, to] = [await admin.topic(3), await admin.topic(3)]
          const group = `g-${randomUUID()}`
          await admin.write(
            from,
            Array.from({ length: COUNT }, (_, i) => ({ key: `${i % 30}`, value: `${i}` })),
          )
          await broker.kill()
          const running = project.run('pipe.mjs', {
            BROKERS: cluster.brokers,
            FROM: from,
            TO: to,
            GROUP: group,
          })
          await running.says('not connected yet')
          await broker.begin()
          await admin.readUntil([to], (all) => all.length >= COUNT / 10)
          await broker.kill()
          await broker.begin()
          const isAll = (all: readonly Read[]) => new Set(all.map(textIn)).size === COUNT
          const read = await admin.readUntil([to], isAll)
          await until(
            'all is committed',
            async () => (await admin.committedSum(group, from)) === COUNT,
            60_000,
          )
          expect(await running.stop(), running.text).toBe(0)
          // What was in flight as the broker was killed, and what of it was in a request without an answer.
          expect(read.length - COUNT).toBeLessThanOrEqual(2 * 300)
        }, 240_000)
      })
    }
  },
  { own: true },
)
