// Where a consumer reads: nowhere before it is told, then without gaps, and again from wherever it is sent.

import { breach } from '../breach.js'
import { type DriverCase, requireEqual } from './driver-case.js'
import { type DriverKit, type Member, numbered, valuesOf } from './driver-kit.js'

export const POSITION_CASES: readonly DriverCase[] = [
  { name: 'nothing comes before seek', check: nothingBeforeSeek },
  { name: 'batches follow each other without gaps', check: noGaps },
  { name: 'seek reads again, and reads ahead', check: seekAnywhere },
  { name: 'a paused partition waits, the others go on, and it goes on where it was', check: pauses },
  { name: 'offsets tells the first, the next, and the first at a time', check: offsets },
  { name: 'a position that the log does not hold is told as out of range', check: outOfRange },
]

async function nothingBeforeSeek(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(2)
  await kit.write(topic, ['left'], 0)
  await kit.write(topic, ['right'], 1)
  const member = await kit.joined(topic, kit.group(), 'none')
  member.consumer.seek({ topic, partition: 1, offset: 0n })
  await kit.until('the other partition is read', () => member.of(1).length > 0)
  requireEqual(rule, 'batches of the partition that was not sought', member.of(0).length, 0)
}

async function noGaps(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic()
  for (let i = 0; i < 20; i++) await kit.write(topic, numbered(50, 50 * i))
  const member = await kit.joined(topic)
  await kit.until('all are read', () => member.records.length === 1_000)
  requireEqual(rule, 'what is read', valuesOf(member.records), numbered(1_000))
  requireFollowing(rule, member)
  const { highWatermark, generation } = member.batches.at(-1) as Member['batches'][number]
  requireEqual(rule, 'the high watermark', highWatermark, 1_000n)
  requireEqual(rule, 'the generation', generation, member.generation)
}

function requireFollowing(rule: string, { batches }: Member): void {
  let next = 0n
  for (const { fetchOffset, nextOffset, records } of batches) {
    if (fetchOffset !== next)
      breach(rule, `a batch begins at ${fetchOffset}`, `${next}, where the last one ended`)
    for (const { offset } of records)
      if (offset < fetchOffset || offset >= nextOffset)
        breach(
          rule,
          `a batch from ${fetchOffset} to ${nextOffset} holds ${offset}`,
          'an offset of that range',
        )
    next = nextOffset
  }
}

async function seekAnywhere(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic()
  await kit.write(topic, numbered(100))
  const member = await kit.joined(topic)
  await kit.until('all are read', () => member.records.length === 100)
  for (const offset of [3, 97, 0, 50]) {
    member.batches.length = 0
    member.consumer.seek({ topic, partition: 0, offset: BigInt(offset) })
    await kit.until('the rest is read', () => member.records.length === 100 - offset)
    requireEqual(
      rule,
      `what is read from ${offset} on`,
      valuesOf(member.records),
      numbered(100 - offset, offset),
    )
  }
}

async function pauses(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(2)
  const member = await kit.joined(topic)
  const write = async (from: number) => {
    for (const partition of [0, 1]) await kit.write(topic, numbered(10, from), partition)
  }
  await write(0)
  await kit.until('the first are read', () => member.records.length === 20)
  member.consumer.pause({ topic, partition: 0 })
  const before = member.of(0).length
  for (let round = 1; round < 5; round++) {
    await write(10 * round)
    await kit.until('the other goes on', () => recordsOf(member, 1).length === 10 * (round + 1))
  }
  requireEqual(rule, 'batches of the paused partition', member.of(0).length, before)
  member.consumer.resume({ topic, partition: 0 })
  await kit.until('it goes on', () => recordsOf(member, 0).length >= 50)
  requireEqual(rule, 'what is read of it', valuesOf(recordsOf(member, 0)), numbered(50))
}

function recordsOf(member: Member, partition: number) {
  return member.of(partition).flatMap(({ records }) => records)
}

async function offsets(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic(2)
  const producer = kit.producer()
  await producer.open()
  const records = [1_000, 2_000, 3_000].map((timestamp) => ({
    key: null,
    value: null,
    headers: [],
    timestamp,
  }))
  await producer.send([{ topic, partition: 0, records }])
  const { consumer } = await kit.joined(topic, kit.group(), 'none')
  const partitions = [
    { topic, partition: 1 },
    { topic, partition: 0 },
  ]
  requireEqual(rule, 'the first', await consumer.offsets(partitions, 'earliest'), [0n, 0n])
  requireEqual(rule, 'the next', await consumer.offsets(partitions, 'latest'), [0n, 3n])
  requireEqual(rule, 'the first at 1,500', await consumer.offsets(partitions, 1_500), [0n, 1n])
  requireEqual(rule, 'the first at 9,000, when there is none', await consumer.offsets(partitions, 9_000), [
    0n,
    3n,
  ])
}

async function outOfRange(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic()
  await kit.write(topic, numbered(10))
  await kit.deleteRecords(topic, 5)
  for (const offset of [2n, 99n]) {
    const member = await kit.joined(topic, kit.group(), offset)
    const isTold = () => member.told.some(({ what }) => what === 'outOfRange')
    await kit.until(`${offset} is told as out of range`, isTold)
    requireEqual(rule, 'batches', member.batches.length, 0)
    member.consumer.seek({ topic, partition: 0, offset: 5n })
    await kit.until('it goes on where it is sent', () => member.records.length === 5)
    requireEqual(rule, 'what is read', valuesOf(member.records), numbered(5, 5))
  }
}
