// How long writes wait for more.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Linger } from '../../../../src/sinks/kafka/linger.js'

const BATCH_MAX = 2_000
const NOT_LATE = Number.NEGATIVE_INFINITY

test('a message that comes alone waits for nothing', () => {
  const linger = new Linger(undefined, BATCH_MAX)
  expect(linger.msBefore(1, NOT_LATE, 0)).toBe(0)
  linger.wrote(0, 3)
  expect(linger.msBefore(1, NOT_LATE, 6)).toBe(0)
})

test('a small write waits as long as the last one took, at most 5 ms; a large one does not', () => {
  const linger = new Linger(undefined, BATCH_MAX)
  linger.wrote(10, 13)
  expect(linger.msBefore(1, NOT_LATE, 13)).toBe(3)
  expect(linger.msBefore(63, NOT_LATE, 14)).toBe(2)
  expect(linger.msBefore(64, NOT_LATE, 13)).toBe(0)
  linger.wrote(20, 520)
  expect(linger.msBefore(1, NOT_LATE, 520)).toBe(5)
})

test('a time that is given holds for every write that is not full', () => {
  for (const ms of [0, 7]) {
    const linger = new Linger(ms, BATCH_MAX)
    linger.wrote(0, 100)
    expect(linger.msBefore(1, NOT_LATE, 100)).toBe(ms)
    expect(linger.msBefore(BATCH_MAX - 1, NOT_LATE, 100)).toBe(ms)
    expect(linger.msBefore(BATCH_MAX, NOT_LATE, 100)).toBe(0)
  }
})

test('where small writes follow each other at once, requests take about half of the time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 100 }), (took) => {
      const linger = new Linger(undefined, BATCH_MAX)
      let nowMs = 0
      for (const ms of took) {
        const fromMs = nowMs + linger.msBefore(1, NOT_LATE, nowMs)
        nowMs = fromMs + ms
        linger.wrote(fromMs, nowMs)
      }
      const sum = took.reduce((total, ms) => total + ms, 0)
      // The first one does not wait.
      expect(nowMs).toBe(2 * sum - (took.at(-1) as number))
    }),
  )
})

/** A pipeline: handlers give `perMs`, while fewer than `inFlight` are with the sink, whose writes take `tookMs`. */
function play(linger: Linger, { perMs, inFlight, tookMs, lateMs, writes }: Record<string, number>) {
  let nowMs = 0
  let given = 0
  let waiting = 1
  for (let i = 0; i < writes; i++) {
    const count = Math.floor(waiting)
    const pauseMs = linger.msBefore(count, lateMs, nowMs)
    const fromMs = nowMs + pauseMs
    nowMs = fromMs + tookMs
    linger.wrote(fromMs, nowMs)
    const room = inFlight - waiting
    given += count
    waiting += Math.min(room, perMs * (pauseMs + tookMs)) - count
    // It is called again when there is something.
    if (waiting < 1) {
      nowMs += (1 - waiting) / perMs
      waiting = 1
    }
  }
  return { perMs: given / nowMs, perWrite: given / writes }
}

test('what is late is written in large batches, as far as its lateness allows', () => {
  const pipeline = { perMs: 5, inFlight: 100_000, tookMs: 3, writes: 2_000 }
  expect(play(new Linger(undefined, BATCH_MAX), { ...pipeline, lateMs: 10_000 }).perWrite).toBeCloseTo(
    5 * 53,
    -1,
  )
  expect(play(new Linger(undefined, BATCH_MAX), { ...pipeline, lateMs: 200 }).perWrite).toBeCloseTo(
    5 * 23,
    -1,
  )
  for (const lateMs of [0, 100, NOT_LATE])
    expect(play(new Linger(undefined, BATCH_MAX), { ...pipeline, lateMs }).perWrite).toBeCloseTo(5 * 6, -1)
})

test('nobody waits long for what does not come: with little in flight it is about as fast as if nothing were late', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
      (inFlight, perMs, tookMs) => {
        const pipeline = { perMs, inFlight, tookMs, writes: 5_000 }
        const late = play(new Linger(undefined, BATCH_MAX), { ...pipeline, lateMs: 60_000 })
        const inTime = play(new Linger(undefined, BATCH_MAX), { ...pipeline, lateMs: 0 })
        expect(late.perMs).toBeGreaterThan(0.7 * inTime.perMs)
      },
    ),
  )
})
