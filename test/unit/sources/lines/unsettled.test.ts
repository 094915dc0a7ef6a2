// The low watermark of a file against the plainest model: a set of what is unsettled.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Unsettled } from '../../../../src/sources/lines/unsettled.js'

type Action =
  | { kind: 'give'; lengths: number[] }
  | { kind: 'settle'; pick: number }
  | { kind: 'inOrder'; count: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    kind: fc.constant('give' as const),
    lengths: fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 700 }),
  }),
  fc.record({ kind: fc.constant('settle' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('inOrder' as const), count: fc.nat({ max: 900 }) }),
)

describe('what is unsettled', () => {
  test('is as the model says, whatever is given and settled, in any order', () => {
    const seed = Date.now() & 0x7fffffff
    console.info(`unsettled: seed ${seed}`)
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const unsettled = new Unsettled()
        const model = new Set<number>()
        let end = 0
        const settle = (offset: number) => {
          unsettled.settle(offset)
          model.delete(offset)
        }
        for (const each of actions) {
          if (each.kind === 'give') {
            for (const length of each.lengths) {
              unsettled.add(end)
              model.add(end)
              end += length
            }
          } else if (each.kind === 'inOrder') for (const one of [...model].slice(0, each.count)) settle(one)
          else settle([...model][each.pick % Math.max(1, model.size)] ?? each.pick)
          expect(unsettled.size).toBe(model.size)
          // A set keeps the order in which offsets came, and they rise.
          expect(unsettled.lowest).toBe(model.values().next().value)
        }
      }),
      { seed, numRuns: 300 },
    )
  })

  test('passes over what is settled twice, and what was never given', () => {
    const unsettled = new Unsettled()
    for (const offset of [0, 10, 20, 30]) unsettled.add(offset)
    for (const offset of [20, 20, 5, 31, -1, Number.NaN]) unsettled.settle(offset)
    expect([unsettled.size, unsettled.lowest]).toEqual([3, 0])
  })

  test('takes no memory for what is settled ahead of one that is held', () => {
    const unsettled = new Unsettled()
    unsettled.add(0)
    const before = process.memoryUsage().arrayBuffers
    for (let offset = 1; offset <= 2_000_000; offset++) {
      unsettled.add(offset)
      unsettled.settle(offset)
    }
    expect([unsettled.size, unsettled.lowest]).toEqual([1, 0])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
    unsettled.settle(0)
    expect([unsettled.size, unsettled.lowest]).toEqual([0, undefined])
  })
})
