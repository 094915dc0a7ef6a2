// Requests whose bodies are there, and that the reader has not read: it gives their records, and counts the bytes that are held.

import type { SourceRecord } from '../source.js'
import { type Exchange, NO_BODY } from './exchange.js'

/** Bodies that are held at once, all together: this, or a few of the largest. */
const HELD_BYTES = 67_108_864
const HELD_BODIES_MIN = 4
/** So many exchanges that are over may stay in the queue, beside as many as are not. */
const SLACK = 1_024
const NOTHING: readonly SourceRecord[] = []

/** Where exchanges wait before they may be read. */
export type Line = {
  push(exchange: Exchange): void
  /** Gives the next that may be read; undefined where there is none, or none may now. */
  next(): Exchange | undefined
}

export class Inbox {
  /** Requests that were not read yet. */
  size = 0
  /** Of bodies that are coming, were not read, or were read and not copied yet. */
  heldBytes = 0
  private queue: Exchange[] = []
  /** What the last read gave: copied when the next one comes. */
  private readonly given: Exchange[] = []
  private wake: ((records: readonly SourceRecord[]) => void) | undefined
  private wakeMax = 0
  private readonly heldBytesMax: number
  private readonly onGiven: (exchange: Exchange) => void
  private readonly line: Line | undefined

  /** `onGiven` is told of each that is read. `line`: where they wait first, and from where they leave in another order. */
  constructor(onGiven: (exchange: Exchange) => void, bodyBytesMax: number, line?: Line) {
    this.onGiven = onGiven
    this.heldBytesMax = Math.max(HELD_BYTES, HELD_BODIES_MIN * bodyBytesMax)
    this.line = line
  }

  /** Bytes that may still be held; below 0 where they are too many already. */
  get freeBytes(): number {
    return this.heldBytesMax - this.heldBytes
  }

  /** Gives up to `max` records, or a promise where there is none. */
  read(max: number): readonly SourceRecord[] | Promise<readonly SourceRecord[]> {
    this.forgetGiven()
    if (this.queue.length > 0) return this.next(max)
    return new Promise((resolve) => {
      this.wake = resolve
      this.wakeMax = max
    })
  }

  /** Ends a read that waits. */
  interrupt(): void {
    this.resolve(NOTHING)
  }

  push(exchange: Exchange): void {
    this.size++
    if (this.line === undefined) this.queue.push(exchange)
    else this.line.push(exchange)
    this.advance()
  }

  /** More may leave the line now. */
  advance(): void {
    if (this.line !== undefined)
      for (let next = this.line.next(); next !== undefined; next = this.line.next()) this.queue.push(next)
    if (this.wake !== undefined && this.queue.length > 0) this.resolve(this.next(this.wakeMax))
  }

  /** Takes one back that was not read; it is not `queued` any more. */
  withdraw(exchange: Exchange): void {
    this.size--
    this.forget(exchange)
    if (this.queue.length > 2 * this.size + SLACK)
      this.queue = this.queue.filter(({ state }) => state === 'queued')
  }

  /** The bytes of its body are not needed any more. */
  forget(exchange: Exchange): void {
    this.heldBytes -= exchange.heldBytes
    exchange.heldBytes = 0
    exchange.receivedBytes = 0
    exchange.body = NO_BODY
    exchange.record.value = NO_BODY
  }

  private next(max: number): readonly SourceRecord[] {
    const records: SourceRecord[] = []
    let at = 0
    for (; at < this.queue.length && records.length < max; at++) {
      const exchange = this.queue[at]
      if (exchange.state !== 'queued') continue
      exchange.state = 'given'
      this.onGiven(exchange)
      records.push(exchange.record)
      this.given.push(exchange)
    }
    this.queue = at === this.queue.length ? [] : this.queue.slice(at)
    this.size -= records.length
    return records
  }

  private forgetGiven(): void {
    for (const exchange of this.given) this.forget(exchange)
    this.given.length = 0
  }

  private resolve(records: readonly SourceRecord[]): void {
    const { wake } = this
    this.wake = undefined
    wake?.(records)
  }
}
