// What a bench of a source or a sink gives, and how time is kept: the harness's own is not counted.

import { systemClock } from '../kernel/clock.js'
import { isPromise } from '../kernel/promise.js'
import { within } from './deadline.js'

/** How fast it was. Times are those of the source or sink alone; `perBatchMs` is of one read, or one write. */
export type BenchResult = {
  messages: number
  seconds: number
  perSecond: number
  perBatchMs: { p50: number; p99: number }
}

/** Takes the time from its making on. What the harness does meanwhile is taken off. */
export class Stopwatch {
  private readonly startMs = systemClock.now()
  private readonly batchMs: number[] = []
  private harnessMs = 0

  /** Runs work of the harness, which must be synchronous: nothing else goes on meanwhile. */
  aside<T>(work: () => T): T {
    const beforeMs = systemClock.now()
    const result = work()
    this.harnessMs += systemClock.now() - beforeMs
    return result
  }

  /** Takes the time of one read or write. */
  async time<T>(work: () => T | PromiseLike<T>, timeoutMs: number, late: () => never): Promise<T> {
    const beforeMs = systemClock.now()
    const result = await called(work, timeoutMs, late)
    this.batchMs.push(systemClock.now() - beforeMs)
    return result
  }

  result(messages: number): BenchResult {
    const seconds = Math.max(systemClock.now() - this.startMs - this.harnessMs, Number.EPSILON) / 1e3
    const sorted = this.batchMs.toSorted((a, b) => a - b)
    const perBatchMs = { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
    return { messages, seconds, perSecond: messages / seconds, perBatchMs }
  }
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}

/** Calls, with a deadline where there is anything to wait for: a timer for each call would be measured too. */
export async function called<T>(
  work: () => T | PromiseLike<T>,
  timeoutMs: number,
  late: () => never,
): Promise<T> {
  const given = work()
  return isPromise(given) ? await within(given, timeoutMs, late) : given
}
