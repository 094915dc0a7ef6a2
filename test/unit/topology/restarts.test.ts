// When a dead thread is started again, and when it is given up (H4).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEATHS_MAX, DEATHS_WITHIN_MS, Restarts } from '../../../src/topology/restarts.js'

const RUNS = Number(process.env.RUNS ?? 300)

const deaths = fc.array(fc.record({ afterMs: fc.nat(20_000), isExplained: fc.boolean() }), { maxLength: 60 })

/** The rule in plain words: at a death without an explanation, how many of them lie within the last minute, itself included? */
function expectedDelays(given: readonly { afterMs: number; isExplained: boolean }[]): (number | undefined)[] {
  const unexplained: number[] = []
  let nowMs = 0
  return given.map(({ afterMs, isExplained }) => {
    nowMs += afterMs
    if (isExplained) return 0
    unexplained.push(nowMs)
    const recent = unexplained.filter((ms) => ms > nowMs - DEATHS_WITHIN_MS).length
    if (recent >= DEATHS_MAX) return undefined
    return recent === 1 ? 0 : Math.min(1_000, 20 * 2 ** (recent - 2))
  })
}

function delaysOf(given: readonly { afterMs: number; isExplained: boolean }[]): (number | undefined)[] {
  const restarts = new Restarts()
  let nowMs = 0
  return given.map(({ afterMs, isExplained }) => {
    nowMs += afterMs
    return restarts.after(nowMs, isExplained)
  })
}

describe('restarts', () => {
  it('back off, and end with the tenth unexplained death within a minute', () => {
    const delays = delaysOf(Array.from({ length: 10 }, () => ({ afterMs: 1, isExplained: false })))
    expect(delays).toEqual([0, 20, 40, 80, 160, 320, 640, 1_000, 1_000, undefined])
  })

  it('go on for ever where each death explains itself', () => {
    const delays = delaysOf(Array.from({ length: 100 }, () => ({ afterMs: 1, isExplained: true })))
    expect(new Set(delays)).toEqual(new Set([0]))
  })

  it('go on where unexplained deaths are rare: what is a minute old does not count', () => {
    const afterMs = Math.ceil(DEATHS_WITHIN_MS / (DEATHS_MAX - 1))
    expect(delaysOf(Array.from({ length: 50 }, () => ({ afterMs, isExplained: false })))).not.toContain(
      undefined,
    )
  })

  it('do not count a death that is exactly a minute old', () => {
    const deaths = Array.from({ length: 10 }, (_, i) => ({
      afterMs: i === 9 ? DEATHS_WITHIN_MS : 0,
      isExplained: false,
    }))
    expect(delaysOf(deaths).at(-1)).toBe(0)
  })

  it('go by the last minute alone, whatever happens', () => {
    fc.assert(
      fc.property(deaths, (given) => {
        expect(delaysOf(given)).toEqual(expectedDelays(given))
      }),
      { numRuns: RUNS },
    )
  })
})
