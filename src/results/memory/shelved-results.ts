// The open result store in memory: each change is done at once.

import type { OpenResults } from '../lazy-results.js'
import type { Acceptance, StoredResult, UnfinishedRequest } from '../result-store.js'
import { Shelf, type ShelfLimits, sizeOf } from '../shelf.js'
import { steadyTime, type TimeParts } from '../steady-time.js'

export class ShelvedResults implements OpenResults {
  readonly #shelf: Shelf
  readonly #nowMs: () => number

  constructor(limits: ShelfLimits, time: TimeParts) {
    this.#shelf = new Shelf(limits)
    this.#nowMs = steadyTime(time)
  }

  async accept(id: string, request: Uint8Array): Promise<Acceptance> {
    const nowMs = this.#sweep()
    const decision = this.#shelf.decide('accept', id, sizeOf(id, request.length))
    if (decision === 'exists' || decision === 'full') return decision
    // Copied: the bytes may be shared memory, and are the caller's again.
    this.#shelf.put({ state: 'accepted', id, bytes: new Uint8Array(request), atMs: nowMs, key: '' })
    return 'accepted'
  }

  async finish(id: string, result: Uint8Array): Promise<void> {
    const nowMs = this.#sweep()
    if (this.#shelf.decide('finish', id, 0) === 'done') return
    this.#shelf.put({ state: 'finished', id, bytes: new Uint8Array(result), atMs: nowMs, key: '' })
  }

  async forget(id: string): Promise<void> {
    this.#shelf.forget(id)
  }

  get(id: string): StoredResult | undefined {
    this.#sweep()
    return this.#shelf.get(id)
  }

  unfinished(): AsyncIterable<UnfinishedRequest> {
    return this.#shelf.unfinished()
  }

  stats(): Record<string, number> {
    this.#sweep()
    return this.#shelf.stats
  }

  close(): void {}

  #sweep(): number {
    const nowMs = this.#nowMs()
    this.#shelf.sweep(nowMs)
    return nowMs
  }
}
