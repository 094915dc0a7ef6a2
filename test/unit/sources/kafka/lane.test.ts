import { describe, expect, test } from 'vitest'
import type { RawBatch } from '../../../../src/kafka/driver.js'
import { Lane } from '../../../../src/sources/kafka/lane.js'

const PLACE = { topic: 't', partition: 3 }
const MANY = 1_000

function batch(from: number, to: number, next = to): RawBatch {
  const offsets = Array.from({ length: to - from }, (_, i) => BigInt(from + i))
  const records = offsets.map((offset) => ({
    offset,
    timestamp: 0,
    key: null,
    value: Buffer.from('v'),
    headers: [],
  }))
  const [fetchOffset, nextOffset, highWatermark] = [from, next, 100].map(BigInt)
  return { ...PLACE, generation: 1, fetchOffset, nextOffset, highWatermark, records }
}

/** Ours under generation 1, from offset 0 on. */
function owned(): Lane {
  const lane = new Lane(PLACE, 3)
  expect(lane.assign(1)).toBe('fresh')
  lane.begin(0, undefined)
  return lane
}

function take(lane: Lane, max = MANY, inFlightMax = MANY): number[] {
  const offsets: number[] = []
  lane.take(max, inFlightMax, ({ offset }) => offsets.push(Number(offset)))
  return offsets
}

const watermark = (lane: Lane) => lane.toCommit && Number(lane.toCommit.offset)

test('what is settled in any order is committed up to the lowest that is not', () => {
  const lane = owned()
  lane.add(batch(0, 4, 6))
  expect(take(lane)).toEqual([0, 1, 2, 3])
  expect(watermark(lane)).toBe(0)
  for (const offset of [2, 0, 3]) expect(lane.ack(offset)).toBe(true)
  expect(watermark(lane)).toBe(1)
  lane.ack(1)
  // The gap behind the last record, too.
  expect(watermark(lane)).toBe(6)
  lane.committed = 6
  expect(watermark(lane)).toBeUndefined()
  expect(lane.pending).toBe(94)
})

test('a batch that does not follow the last one is not taken', () => {
  const lane = owned()
  expect(lane.add(batch(0, 2))).toBe(true)
  expect(lane.add(batch(0, 2))).toBe(false)
  expect(lane.add(batch(3, 5))).toBe(false)
  expect(lane.add(batch(2, 3))).toBe(true)
  expect(take(lane)).toEqual([0, 1, 2])
})

test('no more are in flight than allowed, and no more are given than asked for', () => {
  const lane = owned()
  lane.add(batch(0, 10))
  expect(take(lane, 3)).toEqual([0, 1, 2])
  expect(take(lane, MANY, 5)).toEqual([3, 4])
  expect(take(lane, MANY, 5)).toEqual([])
  lane.ack(4)
  expect(take(lane, MANY, 5)).toEqual([5])
})

test('a nacked record is read again, and of what comes with it nothing is given twice', () => {
  const lane = owned()
  lane.add(batch(0, 5))
  take(lane)
  for (const offset of [0, 1, 3]) lane.ack(offset)
  expect(lane.nack(2)).toBe(true)
  expect(watermark(lane)).toBe(2)
  expect(lane.makeDue(2)).toBe(true)
  expect(Number(lane.position?.offset)).toBe(2)
  lane.add(batch(2, 7))
  expect(take(lane)).toEqual([2, 5, 6])
  expect(lane.counts.known).toBe(2)
  for (const offset of [2, 4, 5, 6]) expect(lane.ack(offset)).toBe(true)
  expect(watermark(lane)).toBe(7)
})

test('a nacked record that has left the log holds nothing up', () => {
  const lane = owned()
  lane.add(batch(0, 2))
  take(lane)
  lane.nack(0)
  lane.ack(1)
  lane.makeDue(0)
  lane.add({ ...batch(1, 2), fetchOffset: 0n })
  expect(take(lane)).toEqual([])
  expect(lane.counts.lost).toBe(1)
  expect(watermark(lane)).toBe(2)
})

describe('an assignment', () => {
  test('that follows ours is the same: it goes on where it was, and keeps what is in flight', () => {
    const lane = owned()
    lane.add(batch(0, 4))
    take(lane, 2)
    expect(lane.assign(2)).toBe('kept')
    expect(Number(lane.position?.offset)).toBe(4)
    expect(take(lane)).toEqual([2, 3])
    expect(lane.ack(0)).toBe(true)
    expect(watermark(lane)).toBe(1)
  })

  test('after one of others is another one: settles of before count for nothing, and hold it back until they have come', () => {
    const lane = owned()
    lane.add(batch(0, 4))
    take(lane, 2)
    expect(lane.assign(3)).toBe('fresh')
    expect(lane.position).toBeUndefined()
    lane.begin(1, 1)
    lane.add(batch(1, 4))
    expect(take(lane)).toEqual([])
    expect(lane.ack(0)).toBe(false)
    expect(take(lane)).toEqual([])
    expect(lane.nack(1)).toBe(false)
    expect(watermark(lane)).toBeUndefined()
    expect(take(lane)).toEqual([1, 2, 3])
    expect(lane.ack(1)).toBe(true)
    expect(watermark(lane)).toBe(2)
  })

  test('that was lost commits nothing, and gives nothing', () => {
    const lane = owned()
    lane.add(batch(0, 4))
    take(lane, 2)
    lane.lose()
    expect(lane.ack(0)).toBe(false)
    expect(watermark(lane)).toBeUndefined()
    expect(take(lane)).toEqual([])
    expect(lane.add(batch(4, 5))).toBe(false)
    // It comes back in the next generation: others may have had it all the same.
    expect(lane.assign(2)).toBe('fresh')
  })

  test('whose session has failed gives nothing that it had not given', () => {
    const lane = owned()
    lane.add(batch(0, 4))
    take(lane, 2)
    lane.suspend()
    expect(take(lane)).toEqual([])
    expect(Number(lane.position?.offset)).toBe(2)
    expect(lane.assign(2)).toBe('kept')
    lane.add(batch(2, 4))
    expect(take(lane)).toEqual([2, 3])
  })
})

test('a lane that has an end gives nothing at or above it, and commits no further', () => {
  const lane = owned()
  lane.end = 3
  expect(lane.add(batch(0, 2))).toBe(true)
  expect(lane.isAtEnd).toBe(false)
  expect(lane.add(batch(2, 7))).toBe(true)
  expect(take(lane)).toEqual([0, 1, 2])
  expect(lane.isAtEnd).toBe(true)
  for (const offset of [0, 2]) lane.ack(offset)
  expect(lane.nack(1)).toBe(true)
  expect(lane.makeDue(1)).toBe(true)
  expect(lane.isAtEnd).toBe(false)
  expect(lane.add(batch(1, 7))).toBe(true)
  expect(take(lane)).toEqual([1])
  lane.ack(1)
  expect(watermark(lane)).toBe(3)
})

const limits = (inFlight: number, bytes = MANY) => ({ inFlight, bytes })

test('it is full and low by records, and by bytes', () => {
  const lane = owned()
  lane.add(batch(0, 10))
  expect([lane.isFull(limits(10)), lane.isFull(limits(11))]).toEqual([true, false])
  expect([lane.isFull(limits(11, 10)), lane.isFull(limits(11, 11))]).toEqual([true, false])
  expect(lane.isLow(limits(10))).toBe(false)
  expect([lane.isLow(limits(20, 19)), lane.isLow(limits(20, 20))]).toEqual([false, true])
  take(lane, 5)
  expect(lane.isLow(limits(10))).toBe(true)
  expect(lane.isHungry).toBe(false)
  take(lane)
  expect(lane.isHungry).toBe(true)
})
