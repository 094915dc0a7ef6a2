// How long a write waits for more to come behind it. A request costs client and broker about as much for one record as for a hundred:
// where handlers give the sink a few at a time, they would lose more to requests than to their own work. So between small writes
// there is as long a pause as the last one took: requests take half of the time at most, and a message that comes alone waits for
// nothing.

/** More than this make a request worth its cost. */
const SMALL = 64
const PAUSE_MS_MAX = 5

export class Linger {
  readonly #fixedMs: number | undefined
  readonly #batchMax: number
  #endedMs = Number.NEGATIVE_INFINITY
  #tookMs = 0

  /** `fixedMs`: every write of fewer than `batchMax` waits so long. */
  constructor(fixedMs: number | undefined, batchMax: number) {
    this.#fixedMs = fixedMs
    this.#batchMax = batchMax
  }

  /** Gives how long a write of so many messages is to wait, in whole ms. */
  msBefore(count: number, nowMs: number): number {
    if (count >= this.#batchMax) return 0
    if (this.#fixedMs !== undefined) return this.#fixedMs
    if (count >= SMALL) return 0
    const pauseMs = Math.min(PAUSE_MS_MAX, this.#tookMs) - (nowMs - this.#endedMs)
    return Math.max(0, Math.round(pauseMs))
  }

  /** The requests of a write were answered. */
  wrote(fromMs: number, nowMs: number): void {
    this.#tookMs = nowMs - fromMs
    this.#endedMs = nowMs
  }
}
