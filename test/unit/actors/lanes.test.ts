import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lanes } from '../../../src/actors/lanes.js'
import { NO_LANE } from '../../../src/kernel/lane.js'

const RUNS = Number(process.env.RUNS ?? 300)

/** `member` chooses among those that are in the lane. */
type Op = { do: 'join' | 'leave'; lane: number; member: number }

const ops = fc.array(
  fc.record({
    do: fc.constantFrom<Op['do']>('join', 'leave'),
    lane: fc.integer({ min: 0, max: 3 }),
    member: fc.nat(10),
  }),
  { maxLength: 60 },
)

describe('lanes', () => {
  it('are lists, whose first holds the lane', () => {
    fc.assert(
      fc.property(ops, (given) => {
        const lanes = new Lanes<number>()
        const model = new Map<number, number[]>([1, 2, 3].map((lane) => [lane, []]))
        let next = 0
        for (const { do: what, lane, member } of given) {
          const members = model.get(lane) ?? []
          if (what === 'join') {
            lanes.join(lane, next)
            members.push(next++)
          } else if (lane !== NO_LANE && members.length > 0) {
            const [left] = members.splice(member % members.length, 1)
            const wasHolder = member % (members.length + 1) === 0
            expect(lanes.leave(lane, left)).toBe(wasHolder ? members[0] : undefined)
          }
          for (const [each, wanted] of model) {
            expect(lanes.has(each)).toBe(wanted.length > 0)
            expect(lanes.members(each)).toEqual(wanted)
          }
          expect(lanes.waiting).toBe(
            [...model.values()].reduce((sum, { length }) => sum + Math.max(0, length - 1), 0),
          )
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('are not taken by what has none', () => {
    const lanes = new Lanes<string>()
    lanes.join(NO_LANE, 'a')
    lanes.join(NO_LANE, 'b')
    expect(lanes.has(NO_LANE)).toBe(false)
    expect(lanes.members(NO_LANE)).toEqual([])
    expect(lanes.leave(NO_LANE, 'a')).toBeUndefined()
    expect(lanes.waiting).toBe(0)
  })

  it('are not left by who is not in them', () => {
    const lanes = new Lanes<string>()
    lanes.join(1, 'a')
    lanes.join(1, 'b')
    expect(lanes.leave(1, 'c')).toBeUndefined()
    expect(lanes.leave(2, 'a')).toBeUndefined()
    expect(lanes.members(1)).toEqual(['a', 'b'])
    expect(lanes.waiting).toBe(1)
  })
})
