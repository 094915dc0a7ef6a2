// A batch of a few bytes that would become more than is allowed: it is not decompressed, and the log says where it lies and what to
// do. In the end it is read, where that is allowed.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Codec } from '../../src/kafka/connection.js'
import type { Driver } from '../../src/kafka/driver.js'
import { createLog } from '../../src/kernel/log.js'
import { KafkaSource } from '../../src/sources/kafka/kafka-source.js'
import { type KafkaSourceOptions, settingsOf } from '../../src/sources/kafka/settings.js'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { TESTED_DRIVERS } from './drivers.js'
import { until } from './until.js'

const LIMIT = 134_217_728
const BOMB = Buffer.alloc(LIMIT + 1_048_576)
const CODECS: readonly Codec[] = ['gzip', 'lz4', 'zstd']

await withCluster('kafka and batches that become too large', (cluster) => {
  let admin: TestAdmin
  beforeAll(async () => {
    admin = await TestAdmin.connect(cluster.brokers)
  })
  afterAll(() => admin.close())

  for (const { name, package: package_, load } of TESTED_DRIVERS) {
    describe(name, { timeout: 120_000 }, () => {
      test.each(CODECS)('%s', async (codec) => {
        const driver = await load()
        const topic = await admin.topic(2)
        await write(driver, codec, topic)
        const said: string[] = []
        const source = await open(driver, topic, said)
        const read = reading(source)
        const where = `${topic}-0`
        const what = /offsets 1 to 1: [\d,]+ bytes of \w+ become more than 134,217,728: raise `fetch\.bytes`/
        await until('it says so', () => said.some((line) => line.includes(where) && what.test(line)))
        // kafkajs tells nothing of an answer with such a batch in it.
        if (package_ !== undefined)
          await until('what is beside it is read', () => read.sort().join() === 'before,beside')
        await source.close()
      })

      test('where a fetch may bring as much, it is read', async () => {
        const driver = await load()
        const topic = await admin.topic(2)
        await write(driver, 'gzip', topic)
        const source = await open(driver, topic, [], { fetch: { bytes: 2 * LIMIT } })
        const read = reading(source)
        await until('all is read', () => read.length >= 3)
        expect(read.sort()).toEqual(['before', 'beside', `${BOMB.length} bytes`].sort())
        await source.close()
      })
    })
  }

  async function write(driver: Driver, codec: Codec, topic: string): Promise<void> {
    const connection = { brokers: [cluster.brokers], clientId: 'test', connectTimeoutMs: 10_000 }
    const producer = driver.producer({ connection, codec, requestTimeoutMs: 25_000 }, log())
    await producer.open()
    for (const [partition, value] of [
      [0, Buffer.from('before')],
      [0, BOMB],
      [1, Buffer.from('beside')],
    ] as const)
      expect(
        await producer.send([{ topic, partition, records: [{ key: null, value, headers: [] }] }]),
      ).toEqual([undefined])
    await producer.close()
  }

  async function open(
    driver: Driver,
    topics: string,
    said: string[],
    more: Partial<KafkaSourceOptions> = {},
  ): Promise<KafkaSource> {
    const settings = settingsOf({ brokers: cluster.brokers, topics, groupId: `g-${randomUUID()}`, ...more })
    const { signal } = new AbortController()
    const source = new KafkaSource(settings, driver, { log: log(said), messageBytesMax: 2 * LIMIT, signal })
    await source.open()
    return source
  }
})

function log(said: string[] = []) {
  return createLog(({ message }) => said.push(message), 'kafka', 'test')
}

/** Gives what is read, and goes on until the source is closed. */
function reading(source: KafkaSource): string[] {
  const read: string[] = []
  const goOn = async () => {
    for (;;) {
      const records = (await source.read(10)) ?? []
      if (records.length === 0) return
      for (const { value } of records) {
        const { length } = value as Buffer
        read.push(length > 100 ? `${length} bytes` : String(value))
      }
    }
  }
  void goOn()
  return read
}
