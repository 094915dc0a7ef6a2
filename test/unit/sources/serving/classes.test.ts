// Shares of a limit: guaranteed, lent while nobody wants them, and given back.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Classes } from '../../../../src/sources/serving/classes.js'

const RUNS = Number(process.env.RUNS ?? 300)
const fixed = (limit: number) => ({ min: limit, max: limit })
const of = (name: string, weight: number, inFlight = Infinity, branch = 0) => ({
  name,
  weight,
  inFlight,
  branch,
})

const admitAll = (classes: Classes, name: string, count = 1_000) =>
  Array.from({ length: count }).filter(() => classes.admit(name)).length

test('one class has the whole limit', () => {
  const classes = new Classes([of('default', 1)], fixed(10))
  expect(admitAll(classes, 'default')).toBe(10)
  classes.release('default', 1, 'answered')
  expect(admitAll(classes, 'default')).toBe(1)
  expect(classes.stats()).toEqual({ in_flight: 10, limit: 10, in_flight_default: 10, refused_default: 1_989 })
})

test('without a limit only their own count', () => {
  const classes = new Classes([of('a', 1), of('b', 1, 5)], undefined)
  expect(admitAll(classes, 'a')).toBe(1_000)
  expect(admitAll(classes, 'b')).toBe(5)
  expect(classes.retryAfterSeconds('a')).toBe(1)
})

test('a class may use what the others leave, and they get their share all the same', () => {
  const classes = new Classes([of('interactive', 4), of('batch', 1)], fixed(100))
  expect(admitAll(classes, 'batch')).toBe(100)
  expect(admitAll(classes, 'interactive')).toBe(80)
  // What is lent comes back: nobody gets more until all are within the limit.
  for (let i = 0; i < 80; i++) {
    classes.release('batch', 1, 'ignored')
    expect(classes.admit('batch')).toBe(false)
    expect(classes.admit('interactive')).toBe(false)
  }
  classes.release('batch', 1, 'ignored')
  expect(classes.admit('batch')).toBe(true)
})

test('its own limit holds, also where there is room', () => {
  const classes = new Classes([of('interactive', 4), of('batch', 1, 7)], fixed(100))
  expect(admitAll(classes, 'batch')).toBe(7)
  expect(admitAll(classes, 'interactive')).toBe(93)
})

test('every class has at least one place', () => {
  const classes = new Classes([of('much', 1_000), of('little', 0.001)], fixed(2))
  expect(admitAll(classes, 'much')).toBe(2)
  expect(admitAll(classes, 'little')).toBe(1)
})

test('who is few beside the crowd says nothing of it; who timed out or failed has no latency', () => {
  const classes = new Classes([of('interactive', 4), of('batch', 1)], fixed(100))
  admitAll(classes, 'batch', 90)
  for (let i = 0; i < 2_000; i++) {
    classes.admit('interactive')
    classes.release('interactive', 1, 'answered')
    classes.admit('batch')
    classes.release('batch', 7, 'ignored')
  }
  expect(classes.latencyMs('batch')).toBe(0)
  for (let i = 0; i < 2_000; i++) {
    classes.release('batch', 2_500, 'answered')
    classes.admit('batch')
  }
  expect(classes.latencyMs('batch')).toBeCloseTo(2_500, 6)
  expect(classes.retryAfterSeconds('batch')).toBe(3)
})

test('no longer than a minute is anybody sent away', () => {
  const classes = new Classes([of('a', 1)], fixed(10))
  for (let i = 0; i < 1_000; i++) {
    classes.admit('a')
    classes.release('a', 900_000, 'answered')
  }
  expect(classes.retryAfterSeconds('a')).toBe(60)
})

test('time-outs lower the limit', () => {
  const classes = new Classes([of('a', 1)], { min: 8, max: 100 })
  admitAll(classes, 'a')
  for (let i = 0; i < 20_000; i++) {
    classes.release('a', 30_000, 'timedOut')
    admitAll(classes, 'a', 1)
  }
  expect(classes.limit).toBe(8)
})

test('whoever comes and goes: within its share nobody is refused, above all limits nobody is let in', () => {
  const cases = fc.record({
    limit: fc.integer({ min: 1, max: 60 }),
    weights: fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 5 }),
    max: fc.integer({ min: 1, max: 60 }),
    steps: fc.array(fc.record({ at: fc.nat(4), times: fc.nat(40), isIn: fc.boolean() }), { maxLength: 60 }),
  })
  fc.assert(
    fc.property(cases, ({ limit, weights, max, steps }) => {
      const classes = new Classes(
        weights.map((weight, at) => of(String(at), weight, at === 0 ? max : Infinity)),
        fixed(limit),
      )
      const sum = weights.reduce((a, b) => a + b, 0)
      const inFlight = weights.map(() => 0)
      for (const { at: any, times, isIn } of steps) {
        const at = any % weights.length
        const share = Math.min(
          at === 0 ? max : Infinity,
          Math.max(1, Math.floor(limit * (weights[at] / sum))),
        )
        for (let i = 0; i < times; i++) {
          const total = inFlight.reduce((a, b) => a + b, 0)
          expect(classes.inFlight).toBe(total)
          if (isIn) {
            const mayBe =
              inFlight[at] < share || (total < limit && inFlight[at] < (at === 0 ? max : Infinity))
            expect(classes.admit(String(at))).toBe(mayBe)
            if (mayBe) inFlight[at]++
            expect(total).toBeLessThan(2 * limit + weights.length)
          } else if (inFlight[at] > 0) {
            classes.release(String(at), 1, 'answered')
            inFlight[at]--
          }
        }
      }
    }),
    { numRuns: RUNS },
  )
})

test('classes of different branches lend each other nothing, and hear nothing of each other', () => {
  const each = [of('fast', 3), of('other', 1, Infinity, 0), of('slow', 1, Infinity, 1)]
  const classes = new Classes(each, { min: 10, max: 50 })
  expect(classes.limit).toBe(30)
  expect(admitAll(classes, 'slow')).toBe(10)
  expect(admitAll(classes, 'fast')).toBe(20)
  expect(admitAll(classes, 'other')).toBe(5)
  expect(classes.stats()).toMatchObject({ in_flight: 35, limit: 30, in_flight_slow: 10 })
  for (let i = 0; i < 2_000; i++) {
    classes.release('slow', 30_000, 'timedOut')
    admitAll(classes, 'slow', 1)
    classes.release('fast', 1, 'answered')
    admitAll(classes, 'fast', 2)
  }
  // Calm, so it has grown to its part: four fifths.
  expect(classes.limit).toBe(10 + 40)
  expect([classes.latencyMs('fast'), classes.latencyMs('slow')]).toEqual([1, 0])
})

test('a class that is not there is a mistake', () => {
  const classes = new Classes([of('a', 1)], undefined)
  expect(classes.has('b')).toBe(false)
  expect(() => classes.admit('b')).toThrow('there is no class b')
})
