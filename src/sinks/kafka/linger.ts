// How long a write waits for more to come behind it. A request costs client and broker about as much for one record as for a hundred:
// where handlers give the sink a few at a time, they would lose more to requests than to their own work. So between small writes
// there is as long a pause as the last one took: requests take half of the time at most, and a message that comes alone waits for
// nothing. What is late already waits longer, for a tenth of its lateness: who is behind catches up. But only where more comes in a
// long pause than in a short one: what is in flight may be too little for that, and all of it in this write.

/** More than these make a request worth its cost. */
const SMALL = 64
const SMALL_OF_LATE = 512
const PAUSE_MS_MAX = 5
const LATE_PAUSE_MS_MAX = 50
const PART_OF_LATENESS = 1 / 10
/** A long pause brings less where in its time comes less than this part of what comes in a short one's. */
const WORTH = 0.75
/** So many writes go by before the next try. */
const WRITES_BETWEEN_TRIES = 256
/** Of the newest one, in the mean of rates. */
const WEIGHT = 1 / 8

export class Linger {
  readonly #fixedMs: number | undefined
  readonly #batchMax: number
  #startedMs = Number.NEGATIVE_INFINITY
  #endedMs = Number.NEGATIVE_INFINITY
  #tookMs = 0
  /** Messages a ms with short pauses; 0 where it is not known. */
  #rate = 0
  #isLong = false
  #writesToTry = 0

  /** `fixedMs`: every write of fewer than `batchMax` waits so long. */
  constructor(fixedMs: number | undefined, batchMax: number) {
    this.#fixedMs = fixedMs
    this.#batchMax = batchMax
  }

  /** Gives how long a write of so many messages is to wait, in whole ms; its first one is late by `lateMs`. */
  msBefore(count: number, lateMs: number, nowMs: number): number {
    if (this.#fixedMs !== undefined) return count >= this.#batchMax ? 0 : this.#fixedMs
    this.#learn(count, nowMs)
    const shortMs = count < SMALL ? Math.min(PAUSE_MS_MAX, this.#tookMs) : 0
    const longMs = count < SMALL_OF_LATE ? Math.min(LATE_PAUSE_MS_MAX, lateMs * PART_OF_LATENESS) : 0
    this.#isLong = longMs > 2 * PAUSE_MS_MAX && this.#rate > 0 && this.#writesToTry === 0
    const pauseMs = (this.#isLong ? longMs : shortMs) - (nowMs - this.#endedMs)
    return Math.max(0, Math.round(pauseMs))
  }

  /** The requests of a write were answered. */
  wrote(fromMs: number, nowMs: number): void {
    this.#tookMs = nowMs - fromMs
    this.#endedMs = nowMs
  }

  /** These have come since the last write was given. */
  #learn(count: number, nowMs: number): void {
    const rate = count / Math.max(1, nowMs - this.#startedMs)
    this.#startedMs = nowMs
    if (this.#writesToTry > 0) this.#writesToTry--
    if (!this.#isLong) this.#rate = this.#rate === 0 ? rate : this.#rate + WEIGHT * (rate - this.#rate)
    else if (rate < WORTH * this.#rate) this.#writesToTry = WRITES_BETWEEN_TRIES
  }
}
