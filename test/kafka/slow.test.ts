// What stands in the way of its own partition, and of nobody else: a message that hangs, a handler that blocks.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { FAULT_DRIVERS } from './drivers.js'
import { PIPE, pipeEnv } from './pipe.js'
import { Project } from './project.js'
import { inFull } from './size.js'
import { until } from './until.js'

const PARTITIONS = 3
const EACH = 1_000
const FEW = 200
/** The place of the one that hangs, in partition 0. */
const HANGS_AT = 10
const BLOCK_MS = inFull(60_000, 5_000)
const SESSION_MS = 2_000

const HANGS = PIPE.replace(
  'map: async (message) => {',
  "map: async (message) => {\n    if (message.text() === 'hangs') await new Promise(() => {})\n",
)
const BLOCKS = PIPE.replace(
  'map: async (message) => {',
  `map: { handlerTimeoutMs: 120_000, threads: 1, handler: async (message) => {
    if (message.text() === 'blocks') for (const end = Date.now() + ${BLOCK_MS}; Date.now() < end; );
`,
).replace('return message\n  },', 'return message\n  } },')

await withCluster('kafka and slow handlers', (cluster) => {
  for (const driver of FAULT_DRIVERS) {
    describe(driver.name, { timeout: 240_000 }, () => {
      let admin: TestAdmin
      let project: Project
      beforeAll(async () => {
        admin = await TestAdmin.connect(cluster.brokers)
        project = await Project.make(driver)
        for (const [name, text] of Object.entries({ pipe: PIPE, hangs: HANGS, blocks: BLOCKS }))
          await project.file(`${name}.mjs`, text)
      })
      afterAll(async () => {
        await project.remove()
        await admin.close()
      })

      async function topics() {
        const [from, to] = [await admin.topic(PARTITIONS), await admin.topic(1)]
        return { from, to, group: `g-${from}` }
      }
      const memberOf = async (group: string) =>
        (await admin.admin.describeGroups([group])).groups[0].members[0]?.memberId
      const committed = ({ group, from }: { group: string; from: string }) => admin.committed(group, from)

      test('a message that hangs holds up its key, and of its partition only what is committed', async () => {
        const ends = await topics()
        const messages = Array.from({ length: PARTITIONS * EACH }, (_, i) => {
          const [partition, place] = [i % PARTITIONS, Math.floor(i / PARTITIONS)]
          const hangs = partition === 0 && place === HANGS_AT
          return { partition, key: hangs ? 'hangs' : `key-${i % 90}`, value: hangs ? 'hangs' : 'v' }
        })
        await admin.write(ends.from, messages)
        // More than its partition may have in flight, so that it shows.
        await project.file(
          'hangs.mjs',
          HANGS.replace('inFlightPerPartition: 100', 'inFlightPerPartition: 2_000'),
        )
        const running = project.run('hangs.mjs', pipeEnv(cluster.brokers, ends))
        await admin.readUntil([ends.to], (all) => all.length === PARTITIONS * EACH - 1)
        await until('the others are committed', async () => {
          const [first, ...rest] = await committed(ends)
          return first === HANGS_AT && rest.every((offset) => offset === EACH)
        })
        await running.kill()
      })

      test('a full partition does not stop the others', async () => {
        const ends = await topics()
        const first = [{ partition: 0, key: 'hangs', value: 'hangs' }]
        const rest = Array.from({ length: PARTITIONS * FEW }, (_, i) => ({
          partition: i % PARTITIONS,
          key: `key-${i % 90}`,
          value: 'v',
        }))
        await admin.write(ends.from, [...first, ...rest])
        await project.file('full.mjs', HANGS.replace('inFlightPerPartition: 100', 'inFlightPerPartition: 1'))
        const running = project.run('full.mjs', pipeEnv(cluster.brokers, ends))
        await until('the others are done', async () => {
          const [hung, ...others] = await committed(ends)
          return hung <= 0 && others.every((offset) => offset === FEW)
        })
        await running.kill()
      })

      test(`a handler that blocks for ${BLOCK_MS} ms misses no heartbeat`, async () => {
        const ends = await topics()
        await admin.write(ends.from, [{ key: 'k', value: 'v' }])
        const env = pipeEnv(cluster.brokers, ends, { sessionMs: SESSION_MS })
        const running = project.run('blocks.mjs', env)
        await admin.readUntil([ends.to], (all) => all.length === 1)
        const before = await memberOf(ends.group)
        await admin.write(ends.from, [{ key: 'k', value: 'blocks' }])
        const sum = () => admin.committedSum(ends.group, ends.from)
        await until('it is done', async () => (await sum()) === 2, BLOCK_MS + 60_000)
        expect(before).toBeTruthy()
        expect(await memberOf(ends.group)).toBe(before)
        expect(await running.stop(), running.text).toBe(0)
        expect(running.text).not.toContain('opened again')
      })
    })
  }
})
