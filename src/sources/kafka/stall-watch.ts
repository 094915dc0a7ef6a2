// Finds that a client has stopped without a word: there is something to read, and for long nothing was read.

/** After so many in a row the time that it waits grows no more. */
const DOUBLED_MAX = 6

export class StallWatch {
  /** How often it found that. */
  count = 0
  readonly #stallMs: number
  #sinceMs = 0
  #inARow = 0

  constructor(stallMs: number) {
    this.#stallMs = stallMs
  }

  /** Something was read. */
  moved(nowMs: number): void {
    this.#sinceMs = nowMs
    this.#inARow = 0
  }

  /** A session begins: it has as much time as any. */
  restart(nowMs: number): void {
    this.#sinceMs = nowMs
  }

  /** True where it has stopped. Where a new session brings nothing either, the next one is waited for twice as long. */
  look(isWaiting: boolean, nowMs: number): boolean {
    if (!isWaiting) this.#sinceMs = nowMs
    if (nowMs - this.#sinceMs < this.#stallMs * 2 ** this.#inARow) return false
    this.#sinceMs = nowMs
    this.#inARow = Math.min(this.#inARow + 1, DOUBLED_MAX)
    this.count++
    return true
  }
}
