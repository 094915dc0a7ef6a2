// How long connections rest that were refused, and who comes in after it.

import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Resting } from '../../../../src/sources/requests/resting.js'

const STEP_MS = 10

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Gives how long it rests, in steps of the clock. */
function restOf(resting: Resting, socket: Socket): number {
  const request = new IncomingMessage(socket)
  resting.add(request)
  request.emit('close')
  expect(socket.isPaused()).toBe(true)
  let ms = 0
  for (; socket.isPaused(); ms += STEP_MS) vi.advanceTimersByTime(STEP_MS)
  return ms
}

test('a second; twice as long for who came in the last one, up to four; a second again for who waited', () => {
  const resting = new Resting()
  const socket = new Socket()
  for (const seconds of [1, 2, 4, 4]) {
    const restMs = restOf(resting, socket)
    expect(restMs).toBeGreaterThanOrEqual(1_000 * seconds)
    expect(restMs).toBeLessThanOrEqual(1_000 * seconds + 2 * STEP_MS)
    expect(resting.takeRested(new IncomingMessage(socket))).toBe(true)
    expect(resting.takeRested(new IncomingMessage(socket))).toBe(false)
  }
  restOf(resting, socket)
  vi.advanceTimersByTime(101)
  expect(resting.takeRested(new IncomingMessage(socket))).toBe(false)
  expect(restOf(resting, socket)).toBeLessThanOrEqual(1_000 + 2 * STEP_MS)
})

test('it is crowded as long as somebody was refused just now', () => {
  const resting = new Resting()
  expect(resting.isCrowded).toBe(false)
  restOf(resting, new Socket())
  expect(resting.isCrowded).toBe(false)
  resting.add(new IncomingMessage(new Socket()))
  expect(resting.isCrowded).toBe(true)
  vi.advanceTimersByTime(101)
  expect(resting.isCrowded).toBe(false)
  resting.end()
})

test('a connection that is gone rests no more', () => {
  const resting = new Resting()
  const socket = new Socket()
  resting.add(new IncomingMessage(socket))
  expect(resting.size).toBe(1)
  socket.destroy()
  vi.advanceTimersByTime(STEP_MS)
  expect(resting.size).toBe(0)
})
