// How often and when something is tried again: the same for sinks and map stages.

import type { Random } from './clock.js'

/** What becomes of a message when its attempts are exhausted. */
export type OnExhausted = 'fallback' | 'drop' | 'nack' | 'stop'

export type Backoff = {
  /** Delay before the second try, in ms. */
  initialMs: number
  /** Each further delay is this many times the one before. */
  factor: number
  /** No delay is longer, in ms (jitter aside). */
  maxMs: number
  /** Each delay is multiplied by a random number in [1 - jitter, 1 + jitter]. */
  jitter: number
}

export type RetryStrategy = {
  /** All tries, the first included; Infinity for no limit. */
  attempts: number
  backoff: Backoff
  onExhausted: OnExhausted
}

/** What a user gives of it: every field has a default. */
export type RetryOptions = { attempts?: number; backoff?: Partial<Backoff>; onExhausted?: OnExhausted }

/** Gives the delay in ms before try `attempt + 1`: min(maxMs, initialMs × factor^(attempt − 1)) × uniform(1 ± jitter). */
export function backoffMs(backoff: Backoff, attempt: number, random: Random): number {
  const { initialMs, factor, maxMs, jitter } = backoff
  // 0 × Infinity is not a number.
  const delayMs = initialMs === 0 ? 0 : Math.min(maxMs, initialMs * factor ** (attempt - 1))
  return delayMs * (1 + jitter * (2 * random() - 1))
}
