// The loop that turns actors: what its clock says to them.

import { expect, test, vi } from 'vitest'
import type { Actor } from '../../../src/kernel/actor.js'
import { LoopClock } from '../../../src/kernel/clock.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Pulse } from '../../../src/kernel/pulse.js'
import { Runner } from '../../../src/kernel/runner.js'

const STEPS = 4

/** Runs an actor that says what each of its steps found, until it has made so many; gives the clock's turns until then. */
async function turnsOf(step: () => number, steps: number, now: () => number): Promise<number> {
  const clock = new LoopClock({ now })
  const turned = vi.spyOn(clock, 'turned')
  let left = steps
  await new Promise<void>((resolve, reject) => {
    const actor: Actor = {
      name: 'counted',
      step() {
        const work = step()
        if (--left === 0) {
          runner.stop()
          resolve()
        }
        return work
      },
      ring() {},
      dueMs: () => Number.POSITIVE_INFINITY,
    }
    const runner = new Runner([actor], new Doorbell(), new Pulse(), clock, true, (_, error) => reject(error))
    runner.start()
  })
  return turned.mock.calls.length
}

test('the clock is told once before each step, and not once more', async () => {
  let nowMs = 0
  const step = () => {
    nowMs += 2
    return 1
  }
  expect(await turnsOf(step, 10, () => nowMs)).toBe(10)
})

test('a step that throws is told once, and nobody steps after it', async () => {
  const told: unknown[] = []
  let steps = 0
  const actor: Actor = {
    name: 'broken',
    step() {
      steps++
      throw new Error('a bug')
    },
    ring() {},
    dueMs: () => Number.POSITIVE_INFINITY,
  }
  await new Promise<void>((resolve) => {
    const clock = new LoopClock({ now: () => 0 })
    const runner = new Runner([actor, actor], new Doorbell(), new Pulse(), clock, true, (_, error) => {
      told.push(error)
      setImmediate(resolve)
    })
    runner.start()
  })
  expect([told, steps]).toEqual([[new Error('a bug')], 1])
})

test('a stop of the process before a turn does not make the turn longer', async () => {
  let nowMs = 0
  let isOn = true
  let turns = 0
  const others = () => {
    turns++
    // Here, between two turns, the process is stopped for a minute.
    if (turns === 1) nowMs += 60_000
    if (isOn) setImmediate(others)
  }
  setImmediate(others)
  const step = () => {
    nowMs += 0.1
    return 1
  }
  await turnsOf(step, 200, () => nowMs)
  isOn = false
  // A turn is a millisecond: others have had theirs after every ten steps.
  expect(turns).toBeGreaterThan(10)
})

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
