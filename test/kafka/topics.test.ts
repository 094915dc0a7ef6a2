// Topics that are deleted, and made anew with their names: who writes to others goes on, and what is new is read from its start.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Read, TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { FAULT_DRIVERS } from './drivers.js'
import { PIPE, pipeEnv } from './pipe.js'
import { Project } from './project.js'
import { inFull } from './size.js'
import { until } from './until.js'

/** Of each message, the topic is its key. */
const SPREAD = PIPE.replace(
  'kafka({ brokers, topic })',
  'kafka({ brokers, topic: (message) => message.keys[0], retry: { backoff: { maxMs: 300 } } })',
)
/** What it leaves out of the first log, and must not leave out of another. */
const LEFT_OUT = 60
const LATER = PIPE.replace('topics, groupId,', `topics, groupId, start: { offset: ${LEFT_OUT} },`)
const EACH = 30
const BEFORE = 100
const AFTER = 500

await withCluster('kafka and topics that are deleted', (cluster) => {
  for (const driver of FAULT_DRIVERS) {
    describe(driver.name, { timeout: 240_000 }, () => {
      // One of its own: kafkajs asks for a topic that it has written to for ever, also when it is deleted.
      let admin: TestAdmin
      let project: Project
      beforeAll(async () => {
        admin = await TestAdmin.connect(cluster.brokers)
        project = await Project.make(driver)
        await project.file('pipe.mjs', PIPE)
        await project.file('spread.mjs', SPREAD)
        await project.file('later.mjs', LATER)
      })
      afterAll(async () => {
        await project.remove()
        await admin.close()
      })

      async function topics() {
        const [from, to] = [await admin.topic(1), await admin.topic(1)]
        return { from, to, group: `g-${from}` }
      }
      const valued = (count: number, name: string) =>
        Array.from({ length: count }, (_, i) => ({ value: `${name} ${i}` }))
      const valuesOf = (read: readonly Read[]) =>
        read.map(({ topic, message }) => `${topic} ${message.value}`).sort()

      test('one of several that a sink writes to: the others get what is theirs, new ones too', async () => {
        const ends = await topics()
        const [kept, gone, fresh] = [await admin.topic(1), await admin.topic(1), await admin.topic(1)]
        const write = (names: readonly string[], part: number) =>
          admin.write(
            ends.from,
            names.flatMap((key) => Array.from({ length: EACH }, (_, i) => ({ key, value: `${part} ${i}` }))),
          )
        const expected = (name: string, parts: readonly number[]) =>
          parts.flatMap((part) => Array.from({ length: EACH }, (_, i) => `${name} ${part} ${i}`)).sort()
        const requireIn = async (name: string, parts: readonly number[]) => {
          const read = await admin.readUntil([name], (all) => all.length >= parts.length * EACH)
          expect(valuesOf(read)).toEqual(expected(name, parts))
        }
        await write([kept, gone], 1)
        const running = project.run('spread.mjs', pipeEnv(cluster.brokers, ends))
        await requireIn(gone, [1])
        await admin.admin.deleteTopics({ topics: [gone] })
        await write([gone, kept, fresh], 2)
        await requireIn(kept, [1, 2])
        await requireIn(fresh, [2])
        await write([kept, fresh, gone], 3)
        await requireIn(fresh, [2, 3])
        await admin.topic(1, {}, gone)
        await requireIn(gone, [2, 3])
        await requireIn(kept, [1, 2, 3])
        await until(
          'all is committed',
          async () => (await admin.committedSum(ends.group, ends.from)) === 8 * EACH,
        )
        expect(await running.stop(), running.text).toBe(0)
      })

      test("the source's topic, and it is made anew with more in it: it is read from its start", async () => {
        const ends = await topics()
        await admin.write(ends.from, valued(BEFORE, 'old'))
        const running = project.run('later.mjs', pipeEnv(cluster.brokers, ends))
        const sum = () => admin.committedSum(ends.group, ends.from)
        await until('all is committed', async () => (await sum()) === BEFORE)
        await admin.admin.deleteTopics({ topics: [ends.from] })
        await admin.topic(1, {}, ends.from)
        await admin.write(ends.from, valued(AFTER, 'new'))
        const isNew = ({ message }: Read) => String(message.value).startsWith('new')
        const read = await admin.readUntil([ends.to], (all) => all.filter(isNew).length >= AFTER)
        expect(read.length).toBe(BEFORE - LEFT_OUT + AFTER)
        await until('all of it is committed', async () => (await sum()) === AFTER)
        expect(await running.stop(), running.text).toBe(0)
      })

      test("the sink's topic is deleted and made anew: what is to be written waits", async () => {
        const ends = await topics()
        const write = (count: number) =>
          admin.write(
            ends.from,
            Array.from({ length: count }, (_, i) => ({ value: `${i}` })),
          )
        await write(100)
        const running = project.run('pipe.mjs', pipeEnv(cluster.brokers, ends))
        await admin.readUntil([ends.to], (all) => all.length === 100)
        await admin.admin.deleteTopics({ topics: [ends.to] })
        await write(100)
        await running.says('sink fails')
        await admin.topic(1, {}, ends.to)
        await admin.readUntil([ends.to], (all) => all.length === 100)
        await until('all is committed', async () => (await admin.committedSum(ends.group, ends.from)) === 200)
        expect(await running.stop(), running.text).toBe(0)
      })

      test.skipIf(inFull(false, true))(
        "the source's topic is deleted: it ends, and says what to do",
        async () => {
          const ends = await topics()
          await admin.write(ends.from, [{ value: 'v' }])
          const running = project.run('pipe.mjs', pipeEnv(cluster.brokers, ends))
          await admin.readUntil([ends.to], (all) => all.length === 1)
          await admin.admin.deleteTopics({ topics: [ends.from] })
          expect(await running.end(90_000), running.text).toBe(1)
          expect(running.text).toMatch(/ERR_SOURCE .*create it, or correct `topics`/)
        },
      )
    })
  }
})
