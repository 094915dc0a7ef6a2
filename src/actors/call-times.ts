// How long the calls of a handler take. Two looks at the clock would cost a quick synchronous call more than all else, so the first of
// a step is timed, and counts for all of the step. A slow handler has few in a step (StepBudget), and what a step took far beyond
// its first call is somebody's: it counts as one call. Calls that give a promise are timed each, from call to answer.

import type { Clock } from '../kernel/clock.js'
import type { Counters } from '../kernel/counters.js'

/** What a step takes longer than it would if all its calls were as its first. */
const SLOW_MS = 5

export class CallTimes {
  private readonly clock: Clock
  private readonly counters: Counters
  private beganMs = 0
  /** True between the begin of a call and its end, or its promise. */
  private isOpen = false
  /** Of the first synchronous call of the step, or -1. */
  private firstMs = -1
  /** Synchronous calls that are not counted yet. */
  private calls = 0
  /** True while calls give promises: then each begins with a look at the clock. */
  private givesPromises = false

  constructor(clock: Clock, counters: Counters) {
    this.clock = clock
    this.counters = counters
  }

  /** The handler is about to be called. */
  begin(): void {
    this.isOpen = true
    if (this.givesPromises || this.firstMs < 0) this.beganMs = this.clock.now()
  }

  /** It has returned what is no promise, or thrown, and what it returned has been looked at. */
  end(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.calls++
    if (this.firstMs < 0 && !this.givesPromises) this.firstMs = this.clock.now() - this.beganMs
  }

  /** A call, or a pull of a stream, has given a promise; gives when it began. */
  promised(): number {
    const isTimed = this.isOpen && (this.givesPromises || this.firstMs < 0)
    if (this.isOpen) this.givesPromises = true
    this.isOpen = false
    return isTimed ? this.beganMs : this.clock.now()
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
    // Others gave promises, and these did not: they count as the first of a later step that does not.
    this.givesPromises = false
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
