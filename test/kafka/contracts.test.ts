// The source and the sink through the public suites, with each driver, on a real broker.

import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { CODECS, type Codec } from '../../src/kafka/connection.js'
import type { Driver } from '../../src/kafka/driver.js'
import { KafkaSink } from '../../src/sinks/kafka/kafka-sink.js'
import { type KafkaSinkOptions, settingsOf as sinkSettings } from '../../src/sinks/kafka/settings.js'
import type { Sink } from '../../src/sinks/sink.js'
import { KafkaSource } from '../../src/sources/kafka/kafka-source.js'
import { settingsOf as sourceSettings } from '../../src/sources/kafka/settings.js'
import type { Source } from '../../src/sources/source.js'
import { sinkContract, sourceContract } from '../../src/testing/index.js'
import { TestAdmin } from './admin.js'
import { withCluster } from './cluster.js'
import { TESTED_DRIVERS } from './drivers.js'
import { inFull } from './size.js'

const COUNT = 60
const RUNS = 4
/** Larger than a broker takes, and no codec makes it smaller. */
const TOO_LARGE = randomBytes(1_500_000)

await withCluster('kafka contracts', (cluster) => {
  let admin: TestAdmin
  beforeAll(async () => {
    admin = await TestAdmin.connect(cluster.brokers)
  })
  afterAll(() => admin.close())

  for (const { name, load } of TESTED_DRIVERS) {
    describe(name, () => {
      sourceContract(
        async () => {
          const topic = await admin.topic(2)
          const expected = Array.from({ length: COUNT }, (_, i) => `value ${i}`)
          await admin.write(
            topic,
            expected.map((value, i) => ({ value, key: `${i % 7}`, partition: i % 2 })),
          )
          return { source: sourceOf(cluster.brokers, topic, await load()), expected }
        },
        { describe, it, runs: RUNS, endless: true, name: 'source' },
      )
      for (const codec of inFull<readonly Codec[]>(CODECS, ['lz4']))
        sinkContract(
          async () => {
            const topic = await admin.topic(3)
            const written = await countedSink(
              { brokers: cluster.brokers, topic, compression: codec },
              await load(),
            )
            const accepted = async () => {
              const read = await admin.readUntil([topic], (all) => all.length >= written.count)
              return read.map(({ message }) => message.value ?? Buffer.alloc(0))
            }
            return { sink: written.sink, accepted, refused: TOO_LARGE }
          },
          { describe, it, runs: RUNS, name: `sink, ${codec}` },
        )
    })
  }
})

function sourceOf(brokers: string, topics: string, driver: Driver): Source {
  const settings = sourceSettings({ brokers, topics, groupId: `g-${randomUUID()}`, heartbeatMs: 300 })
  let source: KafkaSource
  return {
    open: async (context) => {
      source = new KafkaSource(settings, driver, context)
      await source.open()
    },
    read: (max) => source.read(max),
    ack: (acks) => source.ack(acks),
    nack: (nacks) => source.nack(nacks),
    pending: () => source.pending(),
    partitions: () => source.partitions(),
    stats: () => source.stats(),
    close: () => source?.close(),
  }
}

/** Counts what was answered ok: so many records must be there. */
async function countedSink(
  options: KafkaSinkOptions,
  driver: Driver,
): Promise<{ sink: Sink; readonly count: number }> {
  let count = 0
  let sink: KafkaSink
  return {
    get count() {
      return count
    },
    sink: {
      ordered: true,
      batchMax: 500,
      open: async ({ log }) => {
        sink = new KafkaSink(sinkSettings(options), driver, { log, role: 'sink' })
        await sink.open()
      },
      write: async (batch) => {
        const responses = await sink.write(batch)
        count += responses.filter(({ outcome }) => outcome === 'ok').length
        return responses
      },
      close: () => sink?.close(),
    },
  }
}
