import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DueHeap } from '../../../src/actors/due-heap.js'

const RUNS = Number(process.env.RUNS ?? 300)

type Item = { dueMs: number; number: number }

/** Pushes what is due then, or pops what is due by then. */
const ops = fc.array(
  fc.record({ do: fc.constantFrom('push', 'push', 'pop'), ms: fc.integer({ min: 0, max: 20 }) }),
  {
    maxLength: 100,
    size: 'max',
  },
)

describe('a heap of what is due', () => {
  it('gives the earliest first, and nothing before its time', () => {
    fc.assert(
      fc.property(ops, (given) => {
        const heap = new DueHeap<Item>()
        const model: Item[] = []
        for (const [number, { do: what, ms }] of given.entries()) {
          if (what === 'push') {
            const item = { dueMs: ms, number }
            heap.push(item)
            model.push(item)
          } else {
            const earliest = Math.min(...model.map(({ dueMs }) => dueMs))
            const popped = heap.pop(ms)
            expect(popped?.dueMs).toBe(earliest <= ms ? earliest : undefined)
            if (popped !== undefined) model.splice(model.indexOf(popped), 1)
          }
          expect(heap.size).toBe(model.length)
          expect(heap.nextMs).toBe(Math.min(...model.map(({ dueMs }) => dueMs)))
        }
        const rest: Item[] = []
        for (let item = heap.pop(20); item !== undefined; item = heap.pop(20)) rest.push(item)
        expect(rest.map(({ dueMs }) => dueMs)).toEqual(
          model.map(({ dueMs }) => dueMs).toSorted((a, b) => a - b),
        )
        expect(new Set(rest)).toEqual(new Set(model))
      }),
      { numRuns: RUNS },
    )
  })

  it('is due at no time when it is empty', () => {
    const heap = new DueHeap<Item>()
    expect(heap.nextMs).toBe(Number.POSITIVE_INFINITY)
    expect(heap.pop(Number.POSITIVE_INFINITY)).toBeUndefined()
  })
})
