// What a fetch loop does with answers that are not as they should be. With real brokers: test/kafka.

import { expect, test } from 'vitest'
import type { ConsumerOptions, RawBatch } from '../../../../src/kafka/driver.js'
import type { KafkaError } from '../../../../src/kafka/kafka-error.js'
import type { FetchTopic, Metadata, Pool } from '../../../../src/kafka/platformatic/client.js'
import { FetchLoop } from '../../../../src/kafka/platformatic/fetch-loop.js'
import type { FetchRequest } from '../../../../src/kafka/platformatic/fetch-request.js'
import type { FetchedPartition, FetchResponse } from '../../../../src/kafka/platformatic/fetch-response.js'
import { encodeBatch } from '../../../../src/kafka/record-batch.js'
import { createLog } from '../../../../src/kernel/log.js'

const TOPIC = 't'
const ID = 'id'
const MAGIC_AT = 16
/** More turns than any promise of the loop takes to tell the next. */
const TURNS = 40
/** Two of them are over the limit, one is not. */
const LARGE_BYTES = 70 * 1_048_576
const whole = await encodeBatch(
  [{ key: null, value: Buffer.from('v'), headers: [] }],
  1,
  'none',
  (all) => all,
)

/** A broker that answers with these bytes of each partition, and after that never again. */
function scene(
  records: readonly Buffer[],
  onBatch: (of: FetchLoop) => void = () => {},
  decompress = (bytes: Buffer) => bytes,
) {
  const asked: string[] = []
  const batches: RawBatch[] = []
  const warnings: string[] = []
  const failures: KafkaError[] = []
  const partitionOf = (partitionIndex: number): FetchedPartition => ({
    ...{ partitionIndex, errorCode: 0, highWatermark: 9n, lastStableOffset: 9n, abortedTransactions: [] },
    records: records[partitionIndex],
  })
  const send = (_: unknown, __: unknown, [{ partitions }]: readonly FetchTopic[]): Promise<FetchResponse> => {
    asked.push(
      partitions
        .map(({ partition, fetchOffset }) => `${partition}@${fetchOffset}`)
        .sort()
        .join(),
    )
    if (asked.length > 1) return new Promise(() => {})
    const found = partitions.map(({ partition }) => partitionOf(partition))
    return Promise.resolve({ errorCode: 0, responses: [{ topicId: ID, partitions: found }] })
  }
  const metadata: Metadata = {
    brokers: new Map([[1, { host: 'a', port: 1 }]]),
    topics: new Map([
      [TOPIC, { id: ID, partitions: records.map(() => ({ leader: 1 })), partitionsCount: records.length }],
    ]),
  }
  const loop = new FetchLoop({
    pool: { get: async () => ({}) } as unknown as Pool,
    request: { send } as unknown as FetchRequest,
    decompress: (_, bytes) => decompress(bytes),
    codes: {},
    options: { fetchBytesMax: 2_000, fetchPartitionBytesMax: 1_000 } as ConsumerOptions,
    log: createLog(({ message }) => warnings.push(message), 'kafka', 'test'),
    metadata: async () => metadata,
    forget: () => {},
    batch: (batch) => {
      batches.push(batch)
      onBatch(loop)
    },
    outOfRange: () => {},
    failed: (error) => failures.push(error),
  })
  const partitions = records.map((_, partition) => ({ topic: TOPIC, partition }))
  loop.assign(1, partitions)
  for (const each of partitions) loop.seek({ ...each, offset: 0n })
  return { loop, asked, batches, warnings, failures }
}

test('a batch that is broken stops its own partition, which is fetched again', async () => {
  const broken = Buffer.from(whole)
  broken[broken.length - 1]++
  const { loop, asked, batches, warnings, failures } = scene([whole, broken, whole])
  await expect.poll(() => asked).toEqual(['0@0,1@0,2@0', '0@1,1@0,2@1'])
  expect(batches.map(({ partition, nextOffset }) => [partition, nextOffset])).toEqual([
    [2, 1n],
    [0, 1n],
  ])
  expect(warnings).toEqual([
    expect.stringMatching(/^kafka: t-1 from 0 on: a record .*: it is fetched again$/),
  ])
  expect(failures).toEqual([])
  loop.stop()
})

test('what the answer becomes has a limit over all partitions: the rest is fetched again', async () => {
  let plain: Buffer = Buffer.alloc(0)
  const small = await encodeBatch(
    [{ key: null, value: Buffer.alloc(LARGE_BYTES), headers: [] }],
    1,
    'snappy',
    (all) => {
      plain = all
      return Buffer.from('small')
    },
  )
  const { loop, asked, batches, warnings } = scene(
    [small, small, small],
    () => {},
    () => plain,
  )
  await expect.poll(() => asked.length).toBe(2)
  expect(batches.length).toBe(2)
  expect(asked[1].split(',').filter((each) => each.endsWith('@1')).length).toBe(2)
  expect(warnings).toEqual([])
  loop.stop()
})

test('records of an old format end the session, and say which partition has them', async () => {
  const old = Buffer.from(whole)
  old[MAGIC_AT] = 1
  const { batches, failures } = scene([old, whole])
  await expect.poll(() => failures.length).toBe(1)
  expect(failures[0].kind).toBe('unusable')
  expect(failures[0].message).toBe(
    't-0 from 0 on: records of format 1, wanted 2; the driver kafkajs reads them',
  )
  expect(batches.length).toBe(1)
})

test('what is resumed is fetched, however soon after it was paused', async () => {
  for (let turns = 0; turns < TURNS; turns++) {
    const place = { topic: TOPIC, partition: 0 }
    const { loop, asked } = scene([whole], (of) => {
      of.pause(place)
      void after(turns, () => of.resume(place))
    })
    await expect.poll(() => asked, { message: `resumed after ${turns} turns` }).toEqual(['0@0', '0@1'])
    loop.stop()
  }
})

async function after(turns: number, what: () => void): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined
  what()
}
