// Java's own tools on the other side: the partition of each key is theirs, and each codec is read both ways.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CODECS } from '../../src/kafka/connection.js'
import { partitionOfKey } from '../../src/kafka/murmur2.js'
import { createLog } from '../../src/kernel/log.js'
import { KafkaSource } from '../../src/sources/kafka/kafka-source.js'
import { settingsOf } from '../../src/sources/kafka/settings.js'
import { TestAdmin } from './admin.js'
import type { Broker } from './broker/broker.js'
import { withCluster } from './cluster.js'
import { TESTED_DRIVERS } from './drivers.js'

const log = createLog(() => undefined, 'kafka', 'test')
const PARTITIONS = 7
const COUNT = 200

await withCluster(
  'kafka and Java',
  (cluster) => {
    let admin: TestAdmin
    beforeAll(async () => {
      admin = await TestAdmin.connect(cluster.brokers)
    })
    afterAll(() => admin.close())

    test("the partition of each key is the Java producer's", async () => {
      const topic = await admin.topic(PARTITIONS)
      const keys = Array.from({ length: COUNT }, (_, i) => `${'größe'.slice(0, i % 6)}-${i * 7919}`)
      await produce(
        cluster.own as Broker,
        topic,
        'none',
        keys.map((key) => `${key}\t${key}`),
      )
      const read = await admin.readUntil([topic], (all) => all.length === COUNT)
      for (const { partition, message } of read)
        expect(partition, String(message.key)).toBe(partitionOfKey(message.key as Buffer, PARTITIONS))
    })

    test.each(CODECS)('what Java writes with %s is read by each driver', async (codec) => {
      const topic = await admin.topic()
      const values = Array.from({ length: COUNT }, (_, i) => `value-${i}`)
      await produce(
        cluster.own as Broker,
        topic,
        codec,
        values.map((value) => `k\t${value}`),
      )
      for (const { name, load } of TESTED_DRIVERS)
        expect(await readAll(cluster.brokers, topic, await load()), name).toEqual(values)
    })

    test.each(TESTED_DRIVERS)('what $name writes with each codec is read by Java', async ({ load }) => {
      const topic = await admin.topic()
      const connection = { brokers: [cluster.brokers], clientId: 'test', connectTimeoutMs: 5_000 }
      const driver = await load()
      const all: string[] = []
      for (const codec of CODECS) {
        const values = Array.from({ length: COUNT }, (_, i) => `value-${codec}-${i}`)
        const producer = driver.producer({ connection, codec, requestTimeoutMs: 10_000 }, log)
        await producer.open()
        const records = values.map((value) => ({ key: null, value: Buffer.from(value), headers: [] }))
        expect(await producer.send([{ topic, partition: 0, records }])).toEqual([undefined])
        await producer.close()
        all.push(...values)
      }
      expect(await consume(cluster.own as Broker, topic, all.length)).toEqual(all)
    })

    async function consume(broker: Broker, topic: string, count: number): Promise<string[]> {
      const from = ['--bootstrap-server', cluster.brokers, '--topic', topic, '--from-beginning']
      const until = ['--max-messages', String(count), '--timeout-ms', '20000']
      const said = await broker.tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [...from, ...until])
      return said.split('\n').filter((line) => line.startsWith('value-'))
    }

    async function produce(
      broker: Broker,
      topic: string,
      codec: string,
      lines: readonly string[],
    ): Promise<void> {
      const args = ['--bootstrap-server', cluster.brokers, '--topic', topic, '--compression-codec', codec]
      const keyed = ['--reader-property', 'parse.key=true']
      await broker.tool(
        'org.apache.kafka.tools.ConsoleProducer',
        [...args, ...keyed],
        `${lines.join('\n')}\n`,
      )
    }

    async function readAll(
      brokers: string,
      topics: string,
      driver: Parameters<typeof sourceOf>[2],
    ): Promise<string[]> {
      const source = sourceOf(brokers, topics, driver)
      await source.open()
      const values: string[] = []
      try {
        while (values.length < COUNT)
          for (const { value } of (await source.read(500)) ?? []) values.push(String(value))
      } finally {
        await source.close()
      }
      return values
    }
  },
  { own: true },
)

function sourceOf(
  brokers: string,
  topics: string,
  driver: ConstructorParameters<typeof KafkaSource>[1],
): KafkaSource {
  const { signal } = new AbortController()
  const settings = settingsOf({ brokers, topics, groupId: `g-${randomUUID()}` })
  return new KafkaSource(settings, driver, { log, messageBytesMax: 1_048_576, signal })
}
