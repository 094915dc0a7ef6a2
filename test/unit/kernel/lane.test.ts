import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LANE_COUNT, laneOf, NO_LANE } from '../../../src/kernel/lane.js'

const RUNS = Number(process.env.RUNS ?? 500)
const text = fc.string({ unit: 'binary', maxLength: 12 })

/** How far counts are from even, in units of what chance would make of them: about 1 for a good hash. */
function unevenness(counts: readonly number[], total: number): number {
  const mean = total / counts.length
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / mean / counts.length
}

/** A text whose letters differ from those of the others in their highest bits only. */
function farApart(i: number): string {
  return String.fromCharCode(
    ...[1, 13, 169, 2197, 28_561].map((unit) => 0x1000 * (1 + (Math.floor(i / unit) % 13))),
  )
}

describe('the lane of keys', () => {
  it('is from 1 to 4,096, and none for no keys', () => {
    expect([laneOf(undefined), laneOf([])]).toEqual([NO_LANE, NO_LANE])
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (keys) => {
        const lane = laneOf(keys)
        expect(Number.isInteger(lane) && lane >= 1 && lane <= LANE_COUNT).toBe(true)
        expect(laneOf([...keys])).toBe(lane)
      }),
      { numRuns: RUNS },
    )
  })

  it('tells apart where one key ends and the next begins, and which comes first', () => {
    const lists = [['ab'], ['a', 'b'], ['b', 'a'], ['', 'ab'], ['ab', ''], [''], ['', '']]
    expect(new Set(lists.map((keys) => laneOf(keys))).size).toBe(lists.length)
  })

  it.each<[string, (i: number) => string[]]>([
    ['key-0, key-1 …', (i) => [`key-${i}`]],
    ['numbers', (i) => [String(i)]],
    ['zero-padded numbers', (i) => [String(i).padStart(12, '0')]],
    ['letters beyond Latin', (i) => [String.fromCodePoint(0x4e00 + (i % 20_000), 0x1f600 + (i >> 9))]],
    ['two keys', (i) => [`tenant-${i % 50}`, String(i)]],
    ['letters 4,096 apart', (i) => [farApart(i)]],
  ])('spreads over all lanes, and over threads: %s', (_, keysOf) => {
    const total = 40_960
    const lanes = new Array<number>(LANE_COUNT).fill(0)
    for (let i = 0; i < total; i++) lanes[laneOf(keysOf(i)) - 1]++
    expect(lanes.reduce((sum, count) => sum + count)).toBe(total)
    expect(unevenness(lanes, total)).toBeLessThan(1.3)
    for (const threads of [2, 3, 7]) {
      const loads = new Array<number>(threads).fill(0)
      lanes.forEach((count, lane) => {
        loads[(lane + 1) % threads] += count
      })
      expect(Math.max(...loads) / (total / threads)).toBeLessThan(1.05)
    }
  })
})
