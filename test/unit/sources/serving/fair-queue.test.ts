// The queue by weight: everybody's order, everybody's part, and no more than the window.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairQueue } from '../../../../src/sources/serving/fair-queue.js'

const RUNS = Number(process.env.RUNS ?? 300)
const windowOf = (limit: number) => ({ limit, observe: () => {} })
const weights = fc.array(fc.double({ min: 0.05, max: 20, noNaN: true }), { minLength: 1, maxLength: 6 })

function take<T>(queue: FairQueue<T>, count: number): T[] {
  const taken: T[] = []
  for (let item = queue.next(); item !== undefined; item = queue.next()) {
    taken.push(item)
    queue.done(1)
    if (taken.length === count) break
  }
  return taken
}

test('while all wait each gets its part, at any time to within two turns', () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 2_000 }), (each, count) => {
      const queue = new FairQueue<number>(each, windowOf(1))
      each.forEach((_, at) => {
        for (let i = 0; i < count; i++) queue.push(at, at)
      })
      const unit = Math.min(...each)
      const got = each.map(() => 0)
      for (const at of take(queue, count)) got[at]++
      // In turns: what it got, by its weight.
      const turns = got.map((number, at) => (number * unit) / each[at])
      expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(2)
    }),
    { numRuns: RUNS },
  )
})

test('against lists: each class in its order, nothing lost, nothing twice, never above its window', () => {
  const step = fc.record({
    do: fc.constantFrom('push', 'push', 'next', 'next', 'done'),
    at: fc.nat(5),
    times: fc.nat(200),
  })
  const cases = fc.record({ weights, window: fc.nat(50), steps: fc.array(step) })
  fc.assert(
    fc.property(cases, ({ weights: each, window, steps }) => {
      const queue = new FairQueue<string>(each, windowOf(window))
      const lists = each.map((): string[] => [])
      let size = 0
      let given = 0
      let number = 0
      for (const { do: what, at: any, times } of steps) {
        const at = any % each.length
        for (let i = 0; i < times; i++) {
          if (what === 'push') {
            const item = `${at}:${number++}`
            queue.push(at, item)
            lists[at].push(item)
          } else if (what === 'next') {
            const item = queue.next()
            expect(item !== undefined).toBe(size > 0 && given < window)
            if (item === undefined) break
            expect(lists[Number(item.split(':')[0])].shift()).toBe(item)
            given++
          } else if (given > 0) {
            queue.done(1)
            given--
          }
          size = lists.reduce((sum, { length }) => sum + length, 0)
          expect(queue).toMatchObject({ size, given })
        }
      }
    }),
    { numRuns: RUNS },
  )
})

test('who comes after a flood waits for one turn of it', () => {
  const queue = new FairQueue<string>([4, 1], windowOf(1))
  for (let i = 0; i < 5_000; i++) queue.push(1, 'batch')
  take(queue, 2_500)
  queue.push(0, 'interactive')
  expect(take(queue, 2)).toContain('interactive')
})

test('who was away has saved nothing up', () => {
  const queue = new FairQueue<number>([1, 3], windowOf(1))
  for (let i = 0; i < 100; i++) {
    queue.push(1, 1)
    take(queue, 1)
  }
  for (let i = 0; i < 400; i++) {
    queue.push(0, 0)
    queue.push(1, 1)
  }
  expect(take(queue, 400).filter((at) => at === 1).length).toBeCloseTo(300, -1)
})

test('the window learns how long each was at the handlers, and with how many', () => {
  const told: [number, number][] = []
  const queue = new FairQueue<number>([1], {
    limit: 2,
    observe: (ms, inFlight) => told.push([ms, inFlight]),
  })
  for (let i = 0; i < 3; i++) queue.push(0, i)
  expect([queue.next(), queue.next(), queue.next()]).toEqual([0, 1, undefined])
  queue.done(5)
  queue.done(NaN)
  expect(told).toEqual([
    [5, 2],
    [NaN, 1],
  ])
  expect(queue.next()).toBe(2)
})
