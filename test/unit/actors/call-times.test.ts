// The sampling of call times: what is counted is exact, and what is timed is what took that long.

import { describe, expect, it } from 'vitest'
import { CallTimes } from '../../../src/actors/call-times.js'
import { Counters, createCountersMemory } from '../../../src/kernel/counters.js'
import { seeded } from '../../../src/testing/seeded.js'

class Play {
  nowMs = 1_000
  looks = 0
  readonly counters = new Counters(createCountersMemory())
  readonly times = new CallTimes(
    {
      now: () => {
        this.looks++
        return this.nowMs
      },
    },
    this.counters,
  )

  /** A synchronous call that takes so long. */
  call(ms: number): void {
    const { times } = this
    const isTimed = times.isTiming
    if (isTimed) times.begin()
    this.nowMs += ms
    if (isTimed) times.stop()
    times.calls++
  }

  /** A call that works for so long, and then gives a promise; gives when it began. */
  ask(ms: number): number {
    if (this.times.isTiming) this.times.begin()
    this.nowMs += ms
    return this.times.promised(false)
  }

  step(calls: () => void): void {
    const fromMs = this.nowMs
    calls()
    this.times.stepped(this.nowMs - fromMs)
  }

  get count(): number {
    return this.counters.times.call.addTo().reduce((sum, each) => sum + each, 0)
  }

  get sumMs(): number {
    return this.counters.times.call.sumUs / 1_000
  }
}

describe('times of calls', () => {
  it('count each of a step, and look at the clock for the first', () => {
    const play = new Play()
    play.step(() => {
      for (let i = 0; i < 200; i++) play.call(0.01)
    })
    expect(play.count).toBe(200)
    expect(play.looks).toBe(2)
    expect(play.counters.get('calls')).toBe(200)
    expect(play.sumMs).toBeCloseTo(2)
  })

  it('time one call in a step exactly', () => {
    const play = new Play()
    for (const ms of [3, 40, 500]) play.step(() => play.call(ms))
    expect(play.sumMs).toBeCloseTo(543)
    expect(play.counters.times.call.quantile(1)).toBeLessThan(516)
  })

  it('find the one slow call among quick ones, wherever it is', () => {
    const play = new Play()
    play.step(() => {
      for (let i = 0; i < 100; i++) play.call(i === 60 ? 250 : 0.01)
    })
    expect(play.count).toBe(100)
    expect(play.counters.times.call.quantile(0.99)).toBeLessThan(0.011)
    expect(play.counters.times.call.quantile(1)).toBeGreaterThan(249)
    expect(play.counters.times.call.quantile(1)).toBeLessThan(259)
  })

  it('time each call that gives a promise, from its begin to its answer', () => {
    const play = new Play()
    const begun: number[] = []
    play.step(() => {
      for (let i = 0; i < 10; i++) begun.push(play.ask(2))
    })
    play.nowMs += 100
    for (const ms of begun) play.times.answered(ms, false)
    // The first has waited for the others, too.
    expect(play.sumMs).toBeCloseTo(1_110)
    expect(play.counters.get('calls')).toBe(10)
  })

  it('know the work before the promise as soon as calls give promises', () => {
    const play = new Play()
    for (let i = 0; i < 2; i++) play.step(() => play.times.answered(play.ask(30), false))
    expect(play.sumMs).toBeCloseTo(60)
  })

  it('count a pull of a stream as a time and as no call', () => {
    const play = new Play()
    const beganMs = play.times.promised(true)
    play.nowMs += 7
    play.times.answered(beganMs, true)
    expect(play.sumMs).toBeCloseTo(7)
    expect(play.counters.get('calls')).toBe(0)
  })

  it('lose none where some give promises and some do not', () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
    const random = seeded(seed)
    const play = new Play()
    let wanted = 0
    const open: number[] = []
    for (let step = 0; step < 300; step++) {
      play.step(() => {
        for (let i = Math.floor(random() * 8); i > 0; i--) {
          wanted++
          if (random() < 0.5) play.call(random())
          else open.push(play.ask(random()))
          if (random() < 0.4 && open.length > 0) play.times.answered(open.shift() as number, false)
        }
      })
    }
    for (const ms of open) play.times.answered(ms, false)
    // What did not give a promise may wait for a step whose first call gives none either.
    for (let i = 0; i < 2; i++) play.step(() => play.call(1))
    expect({ seed, count: play.count, calls: play.counters.get('calls') }).toEqual({
      seed,
      count: wanted + 2,
      calls: wanted + 2,
    })
  })
})
