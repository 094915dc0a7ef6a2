// The progress line: a bar where the source has an end, else counts; never wider than the terminal.

import { describe, expect, test } from 'vitest'
import { clockText, countText, durationText, rateText } from '../../../src/cli/format.js'
import { createProgressLine, createRates, lineOf } from '../../../src/cli/progress.js'
import { fakeIo, progressOf } from './fake-io.js'

const rates = { acked: 12.345, done: 0.5 }

describe('a source with an end', () => {
  test('in records: what is in flight is not done', () => {
    const progress = progressOf({ total: 1_000, pending: 500, inFlight: 100, acked: 400 })
    expect(lineOf('orders', progress, rates, 100)).toBe(
      'orders  [==========              ]   40 %  12,345/s  ETA 0:02',
    )
  })

  test('in bytes', () => {
    const progress = progressOf({ total: 4_000, pending: 1_000, unit: 'bytes', inFlight: 9 })
    expect(lineOf('orders', progress, rates, 100)).toBe(
      'orders  [==================      ]   75 %  12,345/s  ETA 0:02',
    )
  })

  test('in records without pending: what is settled is done', () => {
    const progress = progressOf({ total: 4, acked: 2, nacked: 1, inFlight: 1 })
    expect(lineOf('orders', progress, undefined, 100)).toBe(
      'orders  [==================      ]   75 %  0/s  ETA –',
    )
  })

  test('never more than all of it, nor less than nothing; and nothing is all of nothing', () => {
    const percent = (more: object) => /(\d+) %/.exec(lineOf('a', progressOf(more), rates, 100))?.[1]
    expect(percent({ total: 10, pending: -5 })).toBe('100')
    expect(percent({ total: 10, pending: 12 })).toBe('0')
    expect(percent({ total: 0, pending: 0 })).toBe('100')
    expect(percent({ total: 1_000, pending: 1 })).toBe('99')
  })

  test('a standstill has no ETA', () => {
    expect(lineOf('a', progressOf({ total: 2, pending: 1 }), { acked: 0, done: 0 }, 100)).toMatch(
      /0\/s {2}ETA –$/,
    )
  })
})

describe('a source without an end', () => {
  test('shows counts, and what went wrong only if it did', () => {
    const progress = progressOf({ inFlight: 1_024, acked: 55_000 })
    expect(lineOf('orders', progress, rates, 100)).toBe('orders  12,345/s  in flight 1,024  acked 55,000')
    const bad = { ...progress, retried: 3, failed: 4 }
    expect(lineOf('orders', bad, rates, 100)).toMatch(/ {2}retried 3 {2}failed 4$/)
  })

  test('bytes in all, but not how many are left', () => {
    expect(lineOf('orders', progressOf({ total: 10, unit: 'bytes' }), rates, 100)).toContain('in flight 0')
  })
})

test('the line is cut to the width of the terminal, as it is now', () => {
  const io = fakeIo({ isTTY: true, columns: 20 })
  const line = createProgressLine(io, true)
  line.begin('orders', () => progressOf())
  io.tick()
  expect(io.err()).toBe('\r\x1b[Korders  0/s  in fli\r')
  ;(io.stderr as { columns?: number }).columns = 12
  io.tick()
  expect(io.err().split('\x1b[K')[2]).toBe('orders  0/s\r')
})

test('nothing is written after the end, nor cleared where nothing was drawn', () => {
  const io = fakeIo({ isTTY: true })
  const line = createProgressLine(io, true)
  line.clear()
  line.begin('orders', () => progressOf())
  line.end()
  io.tick()
  expect(io.err()).toBe('')
})

test('rates are averages that follow what happens', () => {
  const observe = createRates()
  const at = (elapsedMs: number, acked: number) =>
    observe(progressOf({ elapsedMs, acked, total: 10_000, pending: 10_000 - acked }))
  expect(at(0, 0)).toBeUndefined()
  expect(at(0, 0)).toBeUndefined()
  expect(at(200, 200)).toEqual({ acked: 1, done: 1 })
  const slower = at(400, 200)?.acked ?? 0
  expect(slower).toBeGreaterThan(0.8)
  expect(slower).toBeLessThan(1)
  expect(at(60_000, 200)?.acked).toBeLessThan(0.001)
})

test.each([
  [0, '0'],
  [3.456, '3.5'],
  [12.5, '13'],
  [1_234_567, '1,234,567'],
])('count %j is %s', (value, text) => {
  expect(countText(value)).toBe(text)
})

test.each([
  [Number.NaN, '–'],
  [0, '0.00 ms'],
  [9.994, '9.99 ms'],
  [12.3, '12 ms'],
  [1_000, '1.0 s'],
  [59_999, '59.9 s'],
  [185_000, '3 min 5 s'],
  [7_470_000, '2 h 4 min'],
])('duration %j is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test.each([
  [Number.NaN, '–'],
  [Infinity, '–'],
  [0, '0:00'],
  [41_500, '0:42'],
  [59_999, '1:00'],
  [3_909_000, '1:05:09'],
])('clock %j is %s', (ms, text) => {
  expect(clockText(ms)).toBe(text)
})

test('a rate that is none is 0', () => {
  expect(rateText(Number.NaN)).toBe('0/s')
})
