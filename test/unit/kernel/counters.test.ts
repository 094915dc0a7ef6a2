import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COUNTERS, Counters, createCountersMemory } from '../../../src/kernel/counters.js'

const RUNS = Number(process.env.RUNS ?? 200)

/** The value below which the fraction `q` of a sorted list lies. */
function exactQuantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)]
}

describe('counters', () => {
  it('start at zero, add, and are read through another view of the same memory', () => {
    const memory = createCountersMemory()
    const counters = new Counters(memory)
    counters.add('read')
    counters.add('read', 4)
    counters.set('inFlight', 3)
    const reader = new Counters(memory)
    expect(COUNTERS.map((name) => reader.get(name)).filter((count) => count !== 0)).toEqual([5, 3])
    expect(reader.snapshot()).toEqual({ read: 5, inFlight: 3 })
  })

  it('do not lose a count over 2^31', () => {
    const counters = new Counters(createCountersMemory())
    counters.set('read', 2 ** 40)
    counters.add('read')
    expect(counters.get('read')).toBe(2 ** 40 + 1)
  })

  it('give quantiles of latencies of 1 µs to 2,147 s that are at most 1/32 (3.1 %) too high, and never too low', () => {
    const latencyUs = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 100_000 }))
    const latencies = fc.array(latencyUs, { minLength: 1, maxLength: 100 })
    const fractions = fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1)
    fc.assert(
      fc.property(latencies, fractions, (given, q) => {
        const counters = new Counters(createCountersMemory())
        for (const us of given) counters.observe(us / 1000)
        const exactUs = exactQuantile(
          given.toSorted((a, b) => a - b),
          q,
        )
        const us = counters.quantile(q) * 1000
        expect(us).toBeGreaterThanOrEqual(exactUs * (1 - 1e-9))
        expect(us).toBeLessThanOrEqual(exactUs * (1 + 1 / 32) * (1 + 1e-9))
      }),
      { numRuns: RUNS },
    )
  })

  it('count a latency again where it is the same as the last', () => {
    const counters = new Counters(createCountersMemory())
    for (const ms of [1, 1, 1, 500]) counters.observe(ms)
    expect(counters.quantile(0.75)).toBeLessThan(1.04)
    expect(counters.quantile(1)).toBeGreaterThanOrEqual(500)
  })

  it('take every latency: below a microsecond, negative, and endless', () => {
    const counters = new Counters(createCountersMemory())
    for (const ms of [0, -1, 1e-9, Number.POSITIVE_INFINITY]) counters.observe(ms)
    expect(counters.quantile(0.5)).toBe(0.001)
    expect(counters.quantile(1)).toBeGreaterThan(2_000_000)
  })

  it('give 0 where nothing was observed', () => {
    expect(new Counters(createCountersMemory()).quantile(0.99)).toBe(0)
  })
})
