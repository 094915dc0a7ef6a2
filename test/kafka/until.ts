// Waits for a condition, with a deadline: what tests do instead of sleeping.

import { setTimeout as pause } from 'node:timers/promises'

const EVERY_MS = 20

/** Resolves with what the condition gives as soon as that is true; rejects after the deadline, or when it throws. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value) return value as NonNullable<T>
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms, and not: ${what}`)
    await pause(EVERY_MS)
  }
}
