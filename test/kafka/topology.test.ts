// Whole topologies as processes, with each driver, on a real broker: what is written once is there once, in order by key, and
// committed; two processes share; what cannot be is said.

import { randomBytes, randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { partitionOfKey } from '../../src/kafka/murmur2.js'
import { type Read, TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { FAULT_DRIVERS } from './drivers.js'
import { PIPE } from './pipe.js'
import { Project } from './project.js'
import { inFull } from './size.js'
import { until } from './until.js'

const { ConfigResourceTypes } = kafkajs
const COUNT = inFull(20_000, 3_000)
const KEYS = 50
const PARTITIONS = 5

const DEAD = `
import { defineTopology, kafka, Response } from 'millrace'
const { BROKERS: brokers, FROM: topics, TO: topic, GROUP: groupId } = process.env
export default defineTopology({
  name: 'dead',
  source: kafka({ brokers, topics, groupId, commitEveryMs: 200 }),
  sink: {
    write: (batch) => batch.map((message) => {
      const text = message.text()
      if (text === 'never') return Response.fallback(message, 'it is never')
      if (text === 'later' && message.delivery < 3) return Response.nack(message, { reason: 'later', delayMs: 50 })
      if (text === 'again') return Response.nack(message, { reason: 'again', maxDeliveries: 2 })
      console.log('written ' + text + ' ' + message.delivery)
      return Response.ok(message)
    }),
  },
  fallback: kafka({ brokers, topic }),
})
`

/** The second stage fails; the first must not see a letter of it again. */
const MEND = `
import { defineTopology, kafka } from 'millrace'
const { BROKERS: brokers, FROM: topics, TO: topic, DEAD, GROUP: groupId, MENDED = '' } = process.env
export default defineTopology({
  name: 'mend-' + groupId,
  source: kafka({ brokers, topics, groupId, commitEveryMs: 200 }),
  map: [
    (message) => 'first ' + message.text(),
    (message) => {
      const number = message.text().slice(6)
      if (['5', '13'].includes(number) && !MENDED.split(',').includes(number)) throw new Error('sick ' + number)
      return message
    },
  ],
  retry: { attempts: 1 },
  sink: kafka({ brokers, topic }),
  fallback: kafka({ brokers, topic: DEAD }),
})
`

const textIn = ({ message }: Read) => message.value?.toString() ?? ''

await withCluster('kafka topologies', (cluster) => {
  let admin: TestAdmin
  beforeAll(async () => {
    admin = await TestAdmin.connect(cluster.brokers)
  })
  afterAll(() => admin.close())

  for (const driver of FAULT_DRIVERS) {
    describe(driver.name, { timeout: 180_000 }, () => {
      let project: Project
      beforeAll(async () => {
        project = await Project.make(driver)
        await project.file('pipe.mjs', PIPE)
        await project.file('dead.mjs', DEAD)
      })
      afterAll(() => project.remove())

      async function ends(count: number) {
        const [from, to] = [await admin.topic(3), await admin.topic(PARTITIONS)]
        const messages = Array.from({ length: count }, (_, i) => ({ key: `key-${i % KEYS}`, value: `${i}` }))
        await admin.write(from, messages)
        return { from, to, env: { BROKERS: cluster.brokers, FROM: from, TO: to, GROUP: `g-${randomUUID()}` } }
      }

      test('where nothing is said, the optional client runs where it is there, and the log says so', async () => {
        const { env } = await ends(1)
        const running = project.run('pipe.mjs', { ...env, MILLRACE_KAFKA: '' })
        await running.says(/kafka: reads .*/)
        await running.says(/kafka: writes .*/)
        expect(await running.stop(), running.text).toBe(0)
        const wanted = driver.package === undefined ? 'kafkajs' : 'platformatic'
        for (const line of running.text.split('\n').filter((each) => /kafka: (reads|writes)/.test(each)))
          expect(JSON.parse(line)).toMatchObject({ driver: wanted })
      })

      test('each record arrives once, in order by key, and is committed; the next run has nothing to do', async () => {
        const { from, to, env } = await ends(COUNT)
        const running = project.run('pipe.mjs', env)
        const read = await admin.readUntil([to], (all) => all.length >= COUNT)
        await until('all is committed', async () => (await admin.committedSum(env.GROUP, from)) === COUNT)
        expect(await running.stop(), running.text).toBe(0)
        expect(new Set(read.map(textIn)).size).toBe(COUNT)
        expectOrder(read)
        for (const { partition, message } of read)
          expect(partition).toBe(partitionOfKey(message.key as Buffer, PARTITIONS))

        const again = project.run('pipe.mjs', env)
        await admin.write(from, [{ key: 'last', value: 'last' }])
        const all = await admin.readUntil([to], (some) => some.some((each) => textIn(each) === 'last'))
        expect(await again.stop(), again.text).toBe(0)
        expect(all.length).toBe(COUNT + 1)
      })

      test('keys, headers, tombstones and times pass through, and nothing of our own', async () => {
        const { from, to, env } = await ends(0)
        const binary = Buffer.from([0xff, 0xfe, 0, 1])
        await admin.write(from, [
          {
            key: binary,
            value: 'binary key',
            headers: { text: 'größe', bytes: binary },
            timestamp: '1700000000123',
          },
          { key: 'gone', value: null, timestamp: '1700000000456' },
          { key: null, value: Buffer.alloc(0), timestamp: '1700000000789' },
        ])
        const running = project.run('pipe.mjs', env)
        const read = await admin.readUntil([to], (all) => all.length >= 3)
        expect(await running.stop(), running.text).toBe(0)
        const byTime = (ms: string) => read.find(({ message }) => message.timestamp === ms) as Read
        const first = byTime('1700000000123')
        expect(first.message.key).toEqual(binary)
        expect(first.partition).toBe(partitionOfKey(binary, PARTITIONS))
        expect(Object.keys(first.message.headers ?? {}).sort()).toEqual(['bytes', 'text'])
        expect(first.message.headers).toMatchObject({ text: Buffer.from('größe'), bytes: binary })
        expect(byTime('1700000000456').message).toMatchObject({ key: Buffer.from('gone'), value: null })
        expect(byTime('1700000000789').message).toMatchObject({ key: null, value: Buffer.alloc(0) })
      })

      test('what is nacked comes again, and what is given up goes to the dead letters with its origin', async () => {
        const { from, to, env } = await ends(0)
        const values = ['one', 'later', 'never', 'two', 'again', 'three']
        await admin.write(
          from,
          values.map((value) => ({ value, key: 'k', timestamp: '1700000000000' })),
        )
        const running = project.run('dead.mjs', env)
        const dead = await admin.readUntil([to], (all) => all.length >= 2)
        for (const line of ['written one 0', 'written two 0', 'written three 0', 'written later 3'])
          await running.says(line)
        await until(
          'all is committed',
          async () => (await admin.committedSum(env.GROUP, from)) === values.length,
        )
        expect(await running.stop(), running.text).toBe(0)
        expect(dead.map(textIn).sort()).toEqual(['again', 'never'])
        const { headers } = (dead.find((each) => textIn(each) === 'never') as Read).message
        const texts = Object.fromEntries(
          Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]),
        )
        expect(texts).toMatchObject({
          'millrace-reason': 'it is never',
          'millrace-attempts': '1',
          'millrace-origin-topic': from,
          'millrace-origin-offset': '2',
          'millrace-origin-timestamp': '1700000000000',
        })
        expect(texts['millrace-topic']).toBeUndefined()
      })

      test('dead letters are sent again from their topic: each once, where it was given up, and those alone', async () => {
        const { from, to, env } = await ends(0)
        const dead = await admin.topic(2)
        await project.file('mend.mjs', MEND)
        const values = Array.from({ length: 20 }, (_, i) => `${i}`)
        await admin.write(
          from,
          values.map((value) => ({ value, key: `k-${value}`, headers: { mine: 'm' } })),
        )
        const sick = { ...env, DEAD: dead }
        const running = project.run('mend.mjs', sick)
        await until('all is committed', async () => (await admin.committedSum(env.GROUP, from)) === 20)
        expect(await running.stop(), running.text).toBe(0)
        const replay = async (more: Record<string, string>) => {
          const again = project.run(['replay', 'mend.mjs', `kafka:${dead}`], { ...sick, ...more })
          expect(await again.end(), again.text).toBe(0)
          return again.text
        }
        expect(await replay({ MENDED: '5' })).toContain('2 sent')
        // The one that is given up again lies behind what that replay has read.
        expect(await replay({ MENDED: '5,13' })).toContain('1 sent')
        expect(await replay({ MENDED: '5,13' })).toContain('0 sent')
        const read = await admin.readUntil([to], (all) => all.length >= 20)
        expect(read.length).toBe(20)
        expect(read.map(textIn).sort()).toEqual(values.map((value) => `first ${value}`).sort())
        const mended = read.find((each) => textIn(each) === 'first 13') as Read
        expect(String(mended.message.key)).toBe('k-13')
        expect(Object.keys(mended.message.headers ?? {})).toEqual(['mine'])
        expect(mended.partition).toBe(partitionOfKey(Buffer.from('k-13'), PARTITIONS))
      })

      test('a process that joins and one that leaves: nothing is lost, and no order by key', async () => {
        const { from, to, env } = await ends(COUNT)
        const one = project.run('pipe.mjs', { ...env, SLOW: '5' })
        await admin.readUntil([to], (all) => all.length >= COUNT / 10)
        const other = project.run('pipe.mjs', { ...env, SLOW: '5' })
        await other.says('reads')
        await admin.readUntil([to], (all) => all.length >= COUNT / 3)
        expect(await one.stop(), one.text).toBe(0)
        await until(
          'all is committed',
          async () => (await admin.committedSum(env.GROUP, from)) === COUNT,
          60_000,
        )
        const read = await admin.readUntil([to], (all) => new Set(all.map(textIn)).size === COUNT)
        expect(await other.stop(), other.text).toBe(0)
        expectOrder(firsts(read))
        // One rebalance took partitions from a process that went on: only what was in flight there may come twice.
        expect(read.length - COUNT).toBeLessThanOrEqual(3 * 200)
      })

      test('a topic that is not there, for the source and for the sink: exit 2, and one clear line', async () => {
        const { from, to, env } = await ends(0)
        for (const wrong of [{ FROM: 'no-such-topic' }, { TO: 'no-such-topic' }]) {
          const running = project.run('pipe.mjs', { ...env, FROM: from, TO: to, ...wrong })
          expect(await running.end(), running.text).toBe(2)
          expect(running.text).toMatch(
            /ERR_OPEN .*there is no topic no-such-topic: create it, or correct `topics?`/,
          )
        }
      })

      test.skipIf(driver.package === undefined)("the brokers' own topics: exit 2, and why", async () => {
        const { env } = await ends(0)
        const running = project.run('pipe.mjs', { ...env, FROM: '__consumer_offsets' })
        expect(await running.end(), running.text).toBe(2)
        expect(running.text).toContain('ERR_OPEN')
        expect(running.text).toContain(
          "__consumer_offsets is the brokers' own: only the driver kafkajs reads it",
        )
      })

      test('a record that no broker takes is given up, and the others are written', async () => {
        const { from, to, env } = await ends(0)
        const small = await admin.topic(1, { 'max.message.bytes': '5000' })
        const large = randomBytes(20_000).toString('base64')
        await admin.write(from, [{ value: 'a' }, { value: large }, { value: 'b' }])
        await project.file('large.mjs', PIPE.replace('sink: kafka({ brokers, topic })', LARGE))
        const running = project.run('large.mjs', { ...env, SMALL: small })
        const read = await admin.readUntil([to, small], (all) => all.length >= 3)
        await until('all is committed', async () => (await admin.committedSum(env.GROUP, from)) === 3)
        expect(await running.stop(), running.text).toBe(0)
        expect(
          read
            .filter(({ topic }) => topic === small)
            .map(textIn)
            .sort(),
        ).toEqual(['a', 'b'])
        const [dead] = read.filter(({ topic }) => topic === to)
        expect(textIn(dead)).toBe(large)
        expect(String(dead.message.headers?.['millrace-reason'])).toMatch(/large/i)
      })

      test('what a route sends to a fallback that cannot take it waits for a topic that can, and the log says so', async () => {
        const { from, to, env } = await ends(0)
        const small = await admin.topic(1, { 'max.message.bytes': '5000' })
        const large = randomBytes(20_000).toString('base64')
        await admin.write(from, [{ value: large }, { value: 'b' }])
        await project.file('routed.mjs', PIPE.replace('sink: kafka({ brokers, topic })', ROUTED))
        const running = project.run('routed.mjs', { ...env, SMALL: small })
        await running.says(/no fallback is behind this sink.*raise max\.message\.bytes of the topic/)
        await admin.admin.alterConfigs({
          validateOnly: false,
          resources: [
            {
              type: ConfigResourceTypes.TOPIC,
              name: small,
              configEntries: [{ name: 'max.message.bytes', value: '1000000' }],
            },
          ],
        })
        const read = await admin.readUntil([to, small], (all) => all.length >= 2)
        await until('all is committed', async () => (await admin.committedSum(env.GROUP, from)) === 2)
        expect(await running.stop(), running.text).toBe(0)
        const values = read.filter(({ topic }) => topic === small).map(textIn)
        expect(values.map((value) => value.length).sort((a, b) => a - b)).toEqual([1, large.length])
      })
    })
  }
})

const ROUTED = `routes: [{ when: { not: ['never'] }, to: 'fallback' }],
  sink: kafka({ brokers, topic }), fallback: kafka({ brokers, topic: process.env.SMALL })`

const LARGE = 'sink: kafka({ brokers, topic: process.env.SMALL }), fallback: kafka({ brokers, topic })'

function firsts(read: readonly Read[]): Read[] {
  const seen = new Set<string>()
  return read.filter((each) => !seen.has(textIn(each)) && seen.add(textIn(each)))
}

function expectOrder(read: readonly Read[]): void {
  const last = new Map<string, number>()
  for (const each of read) {
    const key = String(each.message.key)
    expect(Number(textIn(each))).toBeGreaterThan(last.get(key) ?? -1)
    last.set(key, Number(textIn(each)))
  }
}
