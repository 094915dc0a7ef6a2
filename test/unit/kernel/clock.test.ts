// Clocks: one that is the same on all threads, and one that stands still while its loop cannot turn.

import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LoopClock, systemClock } from '../../../src/kernel/clock.js'
import { ROOT } from '../../support/child.js'

const RUNS = Number(process.env.RUNS ?? 300)

describe('the clock of a loop', () => {
  it('runs within a turn, however long that is: a handler’s own time counts', () => {
    let nowMs = 5_000
    const clock = new LoopClock({ now: () => nowMs })
    clock.turned()
    nowMs += 30_000
    expect(clock.now()).toBe(35_000)
  })

  it('goes back over a stall when the loop turns again: nobody could have answered in it', () => {
    let nowMs = 5_000
    const clock = new LoopClock({ now: () => nowMs })
    clock.turned()
    nowMs += 60_000
    clock.turned()
    expect(clock.now()).toBe(5_000)
    nowMs += 10
    expect(clock.now()).toBe(5_010)
  })

  it('counts every gap up to a second, and none that is longer', () => {
    const gaps = fc.array(fc.oneof(fc.nat(1_000), fc.integer({ min: 1_001, max: 100_000 })))
    fc.assert(
      fc.property(gaps, (given) => {
        let nowMs = 0
        let countedMs = 0
        const clock = new LoopClock({ now: () => nowMs })
        for (const gapMs of given) {
          nowMs += gapMs
          clock.turned()
          if (gapMs <= 1_000) countedMs += gapMs
          expect(clock.now()).toBe(countedMs)
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('the system’s clock', () => {
  it('is the same on another thread', async () => {
    const url = JSON.stringify(new URL('dist/kernel/clock.js', `file://${ROOT}`).href)
    const code = `import(${url}).then(({ systemClock }) =>
      require('node:worker_threads').parentPort.postMessage(systemClock.now()))`
    const beforeMs = systemClock.now()
    const worker = new Worker(code, { eval: true })
    const thereMs = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    const afterMs = systemClock.now()
    await worker.terminate()
    // Half a ms: the two clocks it is made of are not read at once.
    expect(thereMs).toBeGreaterThan(beforeMs - 0.5)
    expect(thereMs).toBeLessThan(afterMs + 0.5)
  })
})
