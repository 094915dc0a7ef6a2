// How long the calls of a handler take. Two looks at the clock would cost a quick synchronous call more than all else, so the first of
// a step is timed, and counts for all of the step. A slow handler has few in a step (StepBudget), and what a step took far beyond
// its first call is somebody's: it counts as one call. Calls that give a promise are timed each, from call to answer.

import type { Clock } from '../kernel/clock.js'
import type { Counters } from '../kernel/counters.js'

/** What a step takes longer than it would if all its calls were as its first. */
const SLOW_MS = 5
const NEVER = Number.NEGATIVE_INFINITY

export class CallTimes {
  /** Synchronous calls that are not counted yet: whoever makes one adds it. */
  calls = 0
  /** True where the next call is to be timed, by `begin`, and `stop` when it is over. */
  isTiming = true
  private readonly clock: Clock
  private readonly counters: Counters
  /** Of the call that goes on, where it is timed. */
  private beganMs = NEVER
  /** Of the first synchronous call of the step, or -1. */
  private firstMs = -1
  /** True while calls give promises: then each begins with a look at the clock. */
  private givesPromises = false

  constructor(clock: Clock, counters: Counters) {
    this.clock = clock
    this.counters = counters
  }

  /** The handler is about to be called. */
  begin(): void {
    this.beganMs = this.clock.now()
  }

  /** It has returned what is no promise, or thrown; what it returned, other than text and bytes, has been looked at. */
  stop(): void {
    if (!this.givesPromises) {
      this.firstMs = this.clock.now() - this.beganMs
      this.isTiming = false
    }
    this.beganMs = NEVER
  }

  /** A call, or a pull of a stream, has given a promise; gives when it began. */
  promised(isPull: boolean): number {
    const { beganMs } = this
    if (!isPull) this.givesPromises = this.isTiming = true
    this.beganMs = NEVER
    return beganMs === NEVER ? this.clock.now() : beganMs
  }

  /** The promise of what began then has settled, or was given up. `isPull`: of a stream. */
  answered(beganMs: number, isPull: boolean): void {
    if (!isPull) this.counters.add('calls')
    this.counters.times.call.observe(this.clock.now() - beganMs)
  }

  /** A step is over. */
  stepped(tookMs: number): void {
    const { calls, firstMs } = this
    if (calls === 0) return
    // Where others gave promises, these count as the first of a later step that does not.
    this.givesPromises = false
    this.isTiming = true
    if (firstMs < 0) return
    const beyondMs = tookMs - firstMs * calls
    const { call } = this.counters.times
    if (calls > 1 && beyondMs > SLOW_MS) {
      call.observe(firstMs, calls - 1)
      call.observe(firstMs + beyondMs)
    } else call.observe(firstMs, calls)
    this.counters.add('calls', calls)
    this.calls = 0
    this.firstMs = -1
  }
}
