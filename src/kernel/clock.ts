// Time and chance, handed in: no actor reads either by itself, so that a simulation can replace both.

/** Milliseconds, with fractions, of a clock that never goes back and is the same on all threads of the process. */
export type Clock = { now(): number }

/** A number in [0, 1). */
export type Random = () => number

// performance.now() starts at zero on every thread; process.hrtime() has one origin for the whole process.
const originMs = hrtimeMs() - performance.now()

export const systemClock: Clock = { now: () => originMs + performance.now() }

/** A gap between two turns of a loop that is longer than this was a stall: nobody could have answered in it. */
const STALL_MS = 1_000

/**
 * The clock of one loop: it stands still while the loop cannot turn. A process that was stopped for a minute, or a handler that
 * kept the loop busy, must not make everything else late (H2).
 */
export class LoopClock implements Clock {
  private readonly clock: Clock
  private stalledMs = 0
  private turnedMs: number

  constructor(clock: Clock) {
    this.clock = clock
    this.turnedMs = clock.now()
  }

  now(): number {
    return this.clock.now() - this.stalledMs
  }

  /** The loop begins a turn. */
  turned(): void {
    const nowMs = this.clock.now()
    const gapMs = nowMs - this.turnedMs
    if (gapMs > STALL_MS) this.stalledMs += gapMs
    this.turnedMs = nowMs
  }
}

export const systemRandom: Random = () => Math.random()

/** Wall-clock ms since 1970: for event times and log lines, never to measure with. */
export const wallClockMs = (): number => Date.now()

function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
