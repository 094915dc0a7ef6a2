// Who may be in one group: members with different clients, a plain kafkajs loop while it is replaced, and a member that keeps its
// place through a restart.

import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Driver } from '../../src/kafka/driver.js'
import { createLog } from '../../src/kernel/log.js'
import { KafkaSource } from '../../src/sources/kafka/kafka-source.js'
import { type KafkaSourceOptions, settingsOf } from '../../src/sources/kafka/settings.js'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { TESTED_DRIVERS } from './drivers.js'
import { until } from './until.js'

const PARTITIONS = 4
const log = createLog(() => undefined, 'kafka', 'test')

await withCluster('kafka groups', (cluster) => {
  let admin: TestAdmin
  const opened = new Set<{ close(): Promise<void> }>()
  beforeAll(async () => {
    admin = await TestAdmin.connect(cluster.brokers)
  })
  afterAll(async () => {
    for (const each of opened) await each.close()
    await admin.close()
  })

  async function member(driver: Driver, options: Partial<KafkaSourceOptions>): Promise<KafkaSource> {
    const { brokers } = cluster
    const given = { brokers, heartbeatMs: 300, sessionTimeoutMs: 10_000, ...options } as KafkaSourceOptions
    const { signal } = new AbortController()
    const source = new KafkaSource(settingsOf(given), driver, { log, messageBytesMax: 1_000, signal })
    opened.add(source)
    await source.open()
    return source
  }

  /** A loop as many have one: its own assignor, and nothing else. */
  async function loop(groupId: string, topic: string) {
    const { Kafka, logLevel } = kafkajs
    const consumer = new Kafka({ brokers: cluster.brokers.split(','), logLevel: logLevel.NOTHING }).consumer({
      groupId,
      heartbeatInterval: 300,
    })
    let partitions: readonly number[] = []
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      partitions = payload.memberAssignment[topic] ?? []
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic] })
    await consumer.run({ autoCommit: false, eachMessage: async () => {} })
    const close = () => consumer.disconnect()
    opened.add({ close })
    return { partitions: () => partitions, close }
  }

  const share = (members: readonly { partitions(): readonly number[] }[], counts: readonly number[]) =>
    until(`they have ${counts}`, () => members.every((each, i) => each.partitions().length === counts[i]))

  describe.each(TESTED_DRIVERS)('$name', ({ name, load }) => {
    test.each([
      ['the loop', true],
      ['we', false],
    ])('a plain kafkajs loop and ours share a group in which %s came first', async (_, loopFirst) => {
      const topic = await admin.topic(PARTITIONS)
      const groupId = `g-${randomUUID()}`
      const driver = await load()
      const first = loopFirst ? await loop(groupId, topic) : await member(driver, { topics: topic, groupId })
      await share([first], [PARTITIONS])
      const second = loopFirst ? await member(driver, { topics: topic, groupId }) : await loop(groupId, topic)
      await share([first, second], [2, 2])
      await first.close()
      await share([second], [PARTITIONS])
      await second.close()
    })

    test('shares a group with each other driver', async () => {
      for (const other of TESTED_DRIVERS.filter((each) => each.name !== name)) {
        const topics = await admin.topic(PARTITIONS)
        const groupId = `g-${randomUUID()}`
        const both = [
          await member(await load(), { topics, groupId }),
          await member(await other.load(), { topics, groupId }),
        ]
        await share(both, [2, 2])
        for (const each of both) await each.close()
      }
    })

    test.skipIf(name === 'kafkajs')(
      'a static member that comes back has what it had, and nobody is rebalanced',
      async () => {
        const topics = await admin.topic(PARTITIONS)
        const groupId = `g-${randomUUID()}`
        const driver = await load()
        const make = (groupInstanceId: string) => member(driver, { topics, groupId, groupInstanceId })
        const [one, other] = [await make('one'), await make('other')]
        await share([one, other], [2, 2])
        const had = one.partitions()
        const { rebalances } = other.stats()
        await one.close()
        const again = await make('one')
        await share([again, other], [2, 2])
        expect(again.partitions()).toEqual(had)
        expect(other.stats().rebalances).toBe(rebalances)
        for (const each of [again, other]) await each.close()
      },
    )
  })
})
