// The source behind `generator`: records in their order, and the nacked ones in between when they are due.

import { systemClock } from '../../kernel/clock.js'
import type { SourceContext, SourceNack, SourceRecord } from '../source.js'
import { Redeliveries } from '../support/redeliveries.js'
import { Waiter } from '../support/waiter.js'
import { Pace } from './pace.js'
import { RecordPool } from './record-pool.js'

export class GeneratorSource {
  readonly #count: number
  readonly #sizeBytes: number
  readonly #keys: number
  readonly #pace: Pace
  readonly #redeliveries = new Redeliveries()
  readonly #waiter = new Waiter()
  readonly #wake = () => this.#waiter.wake()
  /** Made by the first read. */
  #pool: RecordPool | undefined
  #next = 0
  #signal: AbortSignal | undefined
  #isClosed = false

  constructor(count: number, rate: number, sizeBytes: number, keys: number) {
    this.#count = count
    this.#sizeBytes = sizeBytes
    this.#keys = keys
    this.#pace = new Pace(1_000 / rate)
  }

  open({ resume, signal }: SourceContext): void {
    if (resume !== undefined) this.#next = Math.min(Number(resume.offset), this.#count)
    this.#signal = signal
    signal.addEventListener('abort', this.#wake)
  }

  read(max: number): readonly SourceRecord[] | null | Promise<readonly SourceRecord[] | null> {
    const isFree = this.#pace.isFree && this.#redeliveries.size === 0
    const records = isFree ? this.#emit(max) : this.#readNow(max)
    return records === undefined ? this.#readLater(max) : records
  }

  nack(nacks: readonly SourceNack[]): void {
    this.#redeliveries.add(nacks, systemClock.now())
    this.#waiter.wake()
  }

  pending(): number {
    return this.#count - this.#next + this.#redeliveries.size
  }

  close(): void {
    this.#isClosed = true
    this.#signal?.removeEventListener('abort', this.#wake)
    this.#waiter.wake()
  }

  #emit(max: number): readonly SourceRecord[] | null {
    const left = this.#count - this.#next
    if (left === 0) return null
    this.#pool ??= new RecordPool(this.#sizeBytes, this.#keys)
    const records = this.#pool.range(this.#next, Math.min(max, left))
    this.#next += records.length
    return records
  }

  /** Gives what the pace and the delays allow now; null at the end; undefined if one has to wait. */
  #readNow(max: number): readonly SourceRecord[] | null | undefined {
    const nowMs = systemClock.now()
    const isRedelivery = this.#redeliveries.nextMs <= nowMs
    if (!isRedelivery && this.#next === this.#count) return this.#redeliveries.size === 0 ? null : undefined
    const allowed = Math.min(max, this.#pace.allowed(nowMs))
    if (allowed === 0) return undefined
    const records = isRedelivery ? this.#emitAgain(allowed, nowMs) : this.#emit(allowed)
    if (records !== null) this.#pace.took(records.length)
    return records
  }

  async #readLater(max: number): Promise<readonly SourceRecord[] | null> {
    while (!this.#isOver()) {
      await this.#waiter.wait(this.#waitMs())
      if (this.#isOver()) break
      const records = this.#readNow(max)
      if (records !== undefined) return records
    }
    return []
  }

  /** Makes a nacked record again, and as many as are due after it and follow on it. */
  #emitAgain(max: number, nowMs: number): readonly SourceRecord[] {
    this.#pool ??= new RecordPool(this.#sizeBytes, this.#keys)
    const first = this.#redeliveries.peek(nowMs)?.offset ?? 0
    let count = 0
    while (
      count < Math.min(max, this.#pool.size) &&
      this.#redeliveries.peek(nowMs)?.offset === first + count
    ) {
      this.#redeliveries.shift()
      count++
    }
    return this.#pool.range(first, count)
  }

  #waitMs(): number {
    const nowMs = systemClock.now()
    const paceMs = this.#pace.waitMs(nowMs)
    const redeliveryMs = this.#redeliveries.nextMs - nowMs
    return this.#next === this.#count ? Math.max(paceMs, redeliveryMs) : paceMs
  }

  #isOver(): boolean {
    return this.#isClosed || this.#signal?.aborted === true
  }
}
