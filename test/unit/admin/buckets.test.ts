import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketsFor, cumulativeOf } from '../../../src/admin/metrics/buckets.js'
import { HISTOGRAM_BYTES, Histogram } from '../../../src/kernel/histogram.js'

const RUNS = Number(process.env.RUNS ?? 200)

/** As Prometheus does it: linear between the bounds of the bucket in which the rank falls. */
function histogramQuantile(
  q: number,
  bounds: readonly number[],
  below: readonly number[],
  total: number,
): number {
  const rank = q * total
  const i = below.findIndex((count) => count >= rank)
  if (i < 0) return bounds[bounds.length - 1]
  const [lower, before] = i === 0 ? [0, 0] : [bounds[i - 1], below[i - 1]]
  return lower + ((bounds[i] - lower) * (rank - before)) / (below[i] - before)
}

describe('the buckets of a scrape', () => {
  it('are from 1 µs to 60 s, each at most a tenth above the one before, or 1 µs', () => {
    const { boundsUs } = bucketsFor(5, 10)
    expect(boundsUs[0]).toBe(1)
    expect(boundsUs[boundsUs.length - 1]).toBeGreaterThan(58_000_000)
    expect(boundsUs[boundsUs.length - 1]).toBeLessThanOrEqual(60_000_000)
    for (let i = 1; i < boundsUs.length; i++) {
      expect(boundsUs[i]).toBeGreaterThan(boundsUs[i - 1])
      expect(boundsUs[i]).toBeLessThanOrEqual(Math.max(boundsUs[i - 1] * 1.1, boundsUs[i - 1] + 1))
    }
  })

  it('give what Prometheus makes a p99 of that is right within a tenth', () => {
    const timeUs = fc.integer({ min: 10, max: 58_000_000 })
    const quick = fc.integer({ min: 10, max: 2_000 })
    const times = fc.array(fc.oneof(timeUs, quick), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(times, fc.constantFrom(0.5, 0.9, 0.99), (given, q) => {
        const histogram = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES), 0)
        for (const us of given) histogram.observe(us / 1_000)
        const buckets = bucketsFor(5, 10)
        const { below, total } = cumulativeOf(histogram.addTo(), buckets)
        expect(total).toBe(given.length)
        const sorted = given.toSorted((a, b) => a - b)
        const exact = sorted[Math.ceil(q * sorted.length) - 1]
        const told = histogramQuantile(q, buckets.boundsUs, below, total)
        expect(told).toBeLessThanOrEqual(exact * 1.1 + 1)
        expect(told).toBeGreaterThanOrEqual(exact / 1.1 - 1)
      }),
      { numRuns: RUNS },
    )
  })

  it('count exactly what is at most their bounds', () => {
    const { boundsUs } = bucketsFor(5, 10)
    for (const us of [boundsUs[3], boundsUs[60], boundsUs[150]]) {
      for (const [time, isBelow] of [
        [us, true],
        [us + 1, false],
      ] as const) {
        const histogram = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES), 0)
        histogram.observe(time / 1_000)
        const { below } = cumulativeOf(histogram.addTo(), bucketsFor(5, 10))
        expect(below[boundsUs.indexOf(us)]).toBe(isBelow ? 1 : 0)
      }
    }
  })

  it('count what is over the last bound in the total', () => {
    const histogram = new Histogram(new SharedArrayBuffer(HISTOGRAM_BYTES), 0)
    histogram.observe(100_000)
    const { below, total } = cumulativeOf(histogram.addTo(), bucketsFor(5, 10))
    expect([below[below.length - 1], total]).toEqual([0, 1])
  })

  it('are fewer where there are many histograms, so that a scrape stays small', () => {
    const lengths = [5, 20, 60].map((count) => bucketsFor(count, 150).boundsUs.length * count)
    for (const lines of lengths) expect(lines * 225).toBeLessThan(200_000)
    expect(bucketsFor(70, 10).boundsUs.length).toBeLessThan(bucketsFor(5, 10).boundsUs.length)
    expect(bucketsFor(70, 10).boundsUs.length).toBeGreaterThan(15)
  })
})
