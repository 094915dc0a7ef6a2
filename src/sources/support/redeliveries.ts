// The nacked records that a source gives again: where they lie, and when each is due.

import type { SourceNack } from '../source.js'

export type Redelivery = { partition: number; offset: number; dueMs: number }

export class Redeliveries {
  /** The soonest first; among equals the one that was nacked first. */
  readonly #waiting: Redelivery[] = []

  /** How many wait. */
  get size(): number {
    return this.#waiting.length
  }

  /** When the next one is due, or Infinity. */
  get nextMs(): number {
    return this.#waiting.length === 0 ? Infinity : this.#waiting[0].dueMs
  }

  add(nacks: readonly SourceNack[], nowMs: number): void {
    for (const { partition, offset, delayMs } of nacks) {
      const dueMs = nowMs + Math.max(0, delayMs)
      this.#waiting.splice(this.#placeOf(dueMs), 0, { partition, offset: Number(offset), dueMs })
    }
  }

  /** The next one that is due, which stays; undefined if there is none. */
  peek(nowMs: number): Redelivery | undefined {
    return this.nextMs <= nowMs ? this.#waiting[0] : undefined
  }

  /** Forgets what `peek` gave. */
  shift(): void {
    this.#waiting.shift()
  }

  #placeOf(dueMs: number): number {
    let low = 0
    let high = this.#waiting.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#waiting[middle].dueMs <= dueMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
