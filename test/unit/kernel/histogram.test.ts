import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  HISTOGRAM_BUCKETS,
  HISTOGRAM_BYTES,
  Histogram,
  quantileOf,
  upperBoundUs,
} from '../../../src/kernel/histogram.js'

const RUNS = Number(process.env.RUNS ?? 200)

function histogram(): Histogram {
  return new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES), 0)
}

/** The value below which the fraction `q` of a sorted list lies. */
function exactQuantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)]
}

describe('a histogram', () => {
  it('gives quantiles of times of 1 µs to 2,147 s that are at most 1/32 (3.1 %) too high, and never too low', () => {
    const timeUs = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 100_000 }))
    const times = fc.array(timeUs, { minLength: 1, maxLength: 100 })
    const fractions = fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1)
    fc.assert(
      fc.property(times, fractions, (given, q) => {
        const counts = histogram()
        for (const us of given) counts.observe(us / 1000)
        const exactUs = exactQuantile(
          given.toSorted((a, b) => a - b),
          q,
        )
        const us = counts.quantile(q) * 1000
        expect(us).toBeGreaterThanOrEqual(exactUs * (1 - 1e-9))
        expect(us).toBeLessThanOrEqual(exactUs * (1 + 1 / 32) * (1 + 1e-9))
      }),
      { numRuns: RUNS },
    )
  })

  it('counts each time in the bucket whose bounds are around it', () => {
    const timeUs = fc.oneof(
      fc.double({ min: 0.5, max: 100, noNaN: true }),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    )
    fc.assert(
      fc.property(timeUs, (us) => {
        const counts = histogram()
        counts.observe(us / 1000)
        const bucket = counts.addTo().indexOf(1)
        expect(us).toBeLessThanOrEqual(upperBoundUs(bucket) + 2e-3)
        if (bucket > 0) expect(us).toBeGreaterThan(upperBoundUs(bucket - 1) - 2e-3)
      }),
      { numRuns: RUNS },
    )
  })

  it('has bounds that grow by at most 1/32, or by 1 µs', () => {
    for (let i = 1; i < HISTOGRAM_BUCKETS; i++) {
      const step = upperBoundUs(i) - upperBoundUs(i - 1)
      expect(step).toBeGreaterThan(0)
      expect(step).toBeLessThanOrEqual(Math.max(1, upperBoundUs(i - 1) / 32))
    }
  })

  it('counts a time again where it is the same as the last, and many at once', () => {
    const counts = histogram()
    for (const ms of [1, 1, 1, 500]) counts.observe(ms)
    expect(counts.quantile(0.75)).toBeLessThan(1.04)
    expect(counts.quantile(1)).toBeGreaterThanOrEqual(500)
    expect(counts.sumUs).toBeCloseTo(503_000)
    counts.observe(2, 996)
    expect(counts.quantile(0.5)).toBeLessThan(2.07)
    expect(counts.addTo().reduce((sum, each) => sum + each, 0)).toBe(1000)
    expect(counts.sumUs).toBeCloseTo(503_000 + 996 * 2_000)
  })

  it('takes every time: below a microsecond, negative, endless and none', () => {
    const counts = histogram()
    for (const ms of [0, -1, 1e-9, Number.POSITIVE_INFINITY, Number.NaN]) counts.observe(ms)
    expect(counts.quantile(0.5)).toBe(0.001)
    expect(counts.quantile(1)).toBeGreaterThan(2_000_000)
    expect(Number.isFinite(counts.sumUs)).toBe(true)
  })

  it('gives 0 where nothing was observed', () => {
    expect(histogram().quantile(0.99)).toBe(0)
    expect(quantileOf(new Float64Array(HISTOGRAM_BUCKETS), 0.5)).toBe(0)
  })

  it('adds to the counts of others', () => {
    const [one, other] = [histogram(), histogram()]
    one.observe(1, 3)
    other.observe(1, 4)
    expect(Math.max(...other.addTo(one.addTo()))).toBe(7)
  })
})
