// What a producer says of each batch.

import type { OutBatch } from '../../kafka/driver.js'
import { type DriverCase, rejection, requireEqual } from './driver-case.js'
import { batchOf, type DriverKit, plain, valuesOf } from './driver-kit.js'

export const PRODUCER_CASES: readonly DriverCase[] = [
  { name: 'each batch has a result of its own', check: ownResults },
  { name: 'a batch that is too large is said to be so', check: tooLarge },
  { name: 'records of a partition keep their order', check: keepsOrder },
  { name: 'a topic that is not there is said to be so', check: unknownTopic },
  { name: 'partitionCount sees a topic grow once it has forgotten', check: counts },
]

async function ownResults(kit: DriverKit, rule: string): Promise<void> {
  const topics = [await kit.topic(2), await kit.topic(1, { 'max.message.bytes': '1000' })]
  const large = plain('x'.repeat(5_000))
  const results = await send(kit, [
    batchOf(topics[0], 0, plain('a')),
    batchOf(topics[1], 0, large),
    batchOf(topics[0], 1, plain('b'), plain('c')),
  ])
  requireEqual(rule, 'the kinds of the errors', results, [undefined, 'too-large', undefined])
  const member = await kit.joined(topics)
  await kit.until('what was written is read', () => member.records.length >= 3)
  // One that refuses a request as a whole is asked again for each of its batches.
  requireEqual(rule, 'what is read', [...new Set(valuesOf(member.records))].sort(), ['a', 'b', 'c'])
}

async function tooLarge(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(1, { 'max.message.bytes': '1000' })
  requireEqual(rule, 'the kind', await send(kit, [batchOf(topic, 0, plain('x'.repeat(2_000)))]), [
    'too-large',
  ])
  requireEqual(rule, 'the kind of a small one', await send(kit, [batchOf(topic, 0, plain('x'))]), [undefined])
}

async function keepsOrder(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(3)
  const values = Array.from({ length: 1_000 }, (_, i) => `${i}`)
  const batches = [0, 1, 2].map((partition) => batchOf(topic, partition, ...values.map(plain)))
  requireEqual(rule, 'the results', await send(kit, batches), [undefined, undefined, undefined])
  const member = await kit.joined(topic)
  await kit.until('all are read', () => member.records.length === 3_000)
  for (const partition of [0, 1, 2]) {
    const records = member.of(partition).flatMap((batch) => batch.records)
    requireEqual(rule, `what is read of partition ${partition}`, valuesOf(records), values)
  }
}

async function unknownTopic(kit: DriverKit, rule: string): Promise<void> {
  requireEqual(rule, 'the kind', await send(kit, [batchOf('there-is-none', 0, plain('x'))]), [
    'unknown-topic',
  ])
  const producer = kit.producer()
  await producer.open()
  const error = await rejection(rule, producer.partitionCount('there-is-none'))
  requireEqual(rule, 'the kind of the error of partitionCount', error.kind, 'unknown-topic')
}

async function counts(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(3)
  const producer = kit.producer()
  await producer.open()
  requireEqual(rule, 'the partitions', await producer.partitionCount(topic), 3)
  const admin = kit.kafka.admin()
  await admin.connect()
  await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] })
  await admin.disconnect()
  await kit.until('the partitions are 5', async () => {
    producer.forget()
    return (await producer.partitionCount(topic)) === 5
  })
}

async function send(kit: DriverKit, batches: readonly OutBatch[]): Promise<(string | undefined)[]> {
  const producer = kit.producer()
  await producer.open()
  return (await producer.send(batches)).map((error) => error?.kind)
}
