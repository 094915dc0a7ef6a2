import { expect, test } from 'vitest'
import { steadyTime } from '../../../src/results/steady-time.js'

test('the time goes on with the steady clock, whatever the clock on the wall does', () => {
  let [steady, wall] = [500, 1_000_000]
  const nowMs = steadyTime({ clock: { now: () => steady }, wallMs: () => wall })
  expect(nowMs()).toBe(1_000_000)
  steady += 10.5
  wall -= 3_600_000
  expect(nowMs()).toBe(1_000_010.5)
})
