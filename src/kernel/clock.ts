// Time and chance, handed in: no actor reads either by itself, so that a simulation can replace both.

/** Milliseconds, with fractions, of a clock that never goes back and is the same on all threads of the process. */
export type Clock = { now(): number }

/** A number in [0, 1). */
export type Random = () => number

// performance.now() starts at zero on every thread; process.hrtime() has one origin for the whole process.
const originMs = hrtimeMs() - performance.now()

export const systemClock: Clock = { now: () => originMs + performance.now() }

export const systemRandom: Random = () => Math.random()

/** Wall-clock ms since 1970: for event times and log lines, never to measure with. */
export const wallClockMs = (): number => Date.now()

function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
