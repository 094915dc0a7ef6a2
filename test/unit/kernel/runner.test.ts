// The loop that turns actors: what its clock says to them.

import { expect, test } from 'vitest'
import type { Actor } from '../../../src/kernel/actor.js'
import { LoopClock } from '../../../src/kernel/clock.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Pulse } from '../../../src/kernel/pulse.js'
import { Runner } from '../../../src/kernel/runner.js'

const STEPS = 4

test('a stop of the process between two steps of a turn makes nobody late', async () => {
  let nowMs = 5_000
  const clock = new LoopClock({ now: () => nowMs })
  const seen: number[] = []
  await new Promise<void>((resolve, reject) => {
    const actor: Actor = {
      name: 'stopped',
      step() {
        seen.push(clock.now())
        if (seen.length === STEPS) {
          runner.stop()
          resolve()
        }
        // Here the process is stopped for a minute: it is still the same turn.
        nowMs += 60_000
        return 64
      },
      ring() {},
      dueMs: () => Number.POSITIVE_INFINITY,
    }
    const runner = new Runner([actor, actor], new Doorbell(), new Pulse(), clock, true, (_, error) =>
      reject(error),
    )
    runner.start()
  })
  expect(seen.length).toBeGreaterThanOrEqual(STEPS)
  for (const ms of seen) expect(ms - seen[0]).toBeLessThan(1_000)
})
