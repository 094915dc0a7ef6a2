// The time of entries: ms since 1970 that never jump while the process lives, and go on about right in the next one.

import { type Clock, systemClock, wallClockMs } from '../kernel/clock.js'

export type TimeParts = { clock: Clock; wallMs: () => number }

export const SYSTEM_TIME: TimeParts = { clock: systemClock, wallMs: wallClockMs }

/** Reads the wall clock once, now; from then on the time is that of the steady clock. */
export function steadyTime({ clock, wallMs }: TimeParts): () => number {
  const originMs = wallMs() - clock.now()
  return () => originMs + clock.now()
}
