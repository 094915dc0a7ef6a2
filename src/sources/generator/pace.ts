// The pace of the generator.

/** Missed records are made up for as far as this, and no further: a pause must not become a burst. */
const BURST_MS = 100

/** A steady pace: record n is due n intervals after the first, and what was missed for long is not made up for. */
export class Pace {
  readonly #intervalMs: number
  #dueMs: number | undefined

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** True where there is no limit. */
  get isFree(): boolean {
    return this.#intervalMs === 0
  }

  /** How many records are due. */
  allowed(nowMs: number): number {
    if (this.isFree) return Infinity
    this.#dueMs = Math.max(this.#dueMs ?? nowMs, nowMs - BURST_MS)
    return this.#dueMs > nowMs ? 0 : Math.floor((nowMs - this.#dueMs) / this.#intervalMs) + 1
  }

  took(records: number): void {
    if (this.#dueMs !== undefined) this.#dueMs += records * this.#intervalMs
  }

  /** How long until a record is due. */
  waitMs(nowMs: number): number {
    return Math.max(0, (this.#dueMs ?? nowMs) - nowMs)
  }
}
