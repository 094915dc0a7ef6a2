import { describe, expect, it } from 'vitest'
import { Counters, createCountersMemory } from '../../../src/kernel/counters.js'
import { Recent } from '../../../src/topology/recent.js'

function recent() {
  const counters = new Counters(createCountersMemory())
  return { counters, recent: new Recent(counters, 'call', 0) }
}

describe('what an actor did lately', () => {
  it('is since the start, at first', () => {
    const { counters, recent: lately } = recent()
    counters.add('written', 300)
    counters.set('inFlight', 5)
    expect(lately.since(1_000)).toEqual({ rates: { written: 300 }, latencyMs: { p50: 0, p99: 0 } })
  })

  it('is of the last two to three seconds, where it is asked for each second', () => {
    const { counters, recent: lately } = recent()
    for (let second = 1; second <= 20; second++) {
      const perSecond = second <= 10 ? 1_000 : 50
      counters.add('written', perSecond)
      counters.times.call.observe(second <= 10 ? 100 : 1, perSecond)
      const { rates, latencyMs } = lately.since(second * 1_000)
      if (second < 10) expect([rates.written, latencyMs.p99 > 99]).toEqual([1_000, true])
      if (second >= 13) expect([rates.written, latencyMs.p99 < 1.1]).toEqual([50, true])
    }
  })

  it('is since it was asked for last, where that is long ago', () => {
    const { counters, recent: lately } = recent()
    counters.add('written', 9_000)
    lately.since(1_000)
    counters.add('written', 600)
    expect(lately.since(61_000).rates).toEqual({ written: 10 })
    expect(lately.since(63_000).rates).toEqual({})
  })

  it('does not grow with many who ask', () => {
    const { counters, recent: lately } = recent()
    for (let ms = 0; ms < 10_000; ms += 10) {
      counters.add('written')
      lately.since(ms)
    }
    expect((lately as unknown as { looks: unknown[] }).looks.length).toBeLessThan(8)
    expect(lately.since(10_000).rates.written).toBeGreaterThan(95)
    expect(lately.since(10_000).rates.written).toBeLessThan(105)
  })
})
