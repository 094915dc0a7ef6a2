// How long writes wait for more.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Linger } from '../../../../src/sinks/kafka/linger.js'

const BATCH_MAX = 2_000

test('a message that comes alone waits for nothing', () => {
  const linger = new Linger(undefined, BATCH_MAX)
  expect(linger.msBefore(1, 0)).toBe(0)
  linger.wrote(0, 3)
  expect(linger.msBefore(1, 6)).toBe(0)
})

test('a small write waits as long as the last one took, at most 5 ms; a large one does not', () => {
  const linger = new Linger(undefined, BATCH_MAX)
  linger.wrote(10, 13)
  expect(linger.msBefore(1, 13)).toBe(3)
  expect(linger.msBefore(63, 14)).toBe(2)
  expect(linger.msBefore(64, 13)).toBe(0)
  linger.wrote(20, 520)
  expect(linger.msBefore(1, 520)).toBe(5)
})

test('a time that is given holds for every write that is not full', () => {
  for (const ms of [0, 7]) {
    const linger = new Linger(ms, BATCH_MAX)
    linger.wrote(0, 100)
    expect(linger.msBefore(1, 100)).toBe(ms)
    expect(linger.msBefore(BATCH_MAX - 1, 100)).toBe(ms)
    expect(linger.msBefore(BATCH_MAX, 100)).toBe(0)
  }
})

test('where small writes follow each other at once, requests take about half of the time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 100 }), (took) => {
      const linger = new Linger(undefined, BATCH_MAX)
      let nowMs = 0
      for (const ms of took) {
        const fromMs = nowMs + linger.msBefore(1, nowMs)
        nowMs = fromMs + ms
        linger.wrote(fromMs, nowMs)
      }
      const sum = took.reduce((total, ms) => total + ms, 0)
      // The first one does not wait.
      expect(nowMs).toBe(2 * sum - (took.at(-1) as number))
    }),
  )
})
