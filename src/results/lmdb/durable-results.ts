// The open result store on the disk. Changes wait in a queue; one batch of them at a time is written, and the next one gathers
// meanwhile. The shelf is what is durable: it changes when a batch is on the disk, and what fails has changed nothing.

import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import { openStore, type Store, StoreError } from '../../store/store.js'
import type { OpenResults } from '../lazy-results.js'
import type { Acceptance, StoredResult, UnfinishedRequest } from '../result-store.js'
import { type Decision, Shelf, type ShelfLimits } from '../shelf.js'
import { steadyTime, type TimeParts } from '../steady-time.js'
import { Batch, type Change } from './batch.js'
import { decodeRecord, encodeRecord } from './record.js'

export type DurableOptions = { directory: string; limits: ShelfLimits; time: TimeParts; log: Log }

const NAME = 'lmdbResults'
const IF_LOST = 'requests that were accepted and not finished are lost, and so are the results'
/** In a key, which sorts as text: enough for all safe integers. */
const KEY_DIGITS = 16

export class DurableResults implements OpenResults {
  readonly #where: string
  readonly #log: Log
  readonly #store: Store
  readonly #shelf: Shelf
  readonly #nowMs: () => number
  /** Keys of results that were given up: they are deleted from the file with the next write. */
  readonly #gone = new Set<string>()
  #queue: Change[] = []
  #writing: Promise<void> | undefined
  #nextKey = 0
  #isFailing = false
  #isClosed = false

  private constructor({ directory, limits, time, log }: DurableOptions, store: Store) {
    this.#where = `${NAME}: ${directory}`
    this.#log = log
    this.#store = store
    this.#shelf = new Shelf(limits, ({ key }) => this.#gone.add(key))
    this.#nowMs = steadyTime(time)
  }

  /** Opens the directory, and takes what it holds. Rejects with ERR_OPEN. */
  static async open(options: DurableOptions): Promise<DurableResults> {
    const { directory, log } = options
    const store = await openStore({ directory, name: NAME, ifLost: IF_LOST, log })
    const results = new DurableResults(options, store)
    try {
      results.#load()
      return results
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async accept(id: string, request: Uint8Array): Promise<Acceptance> {
    const decision = await this.#change('accept', id, request)
    return decision === 'exists' || decision === 'full' ? decision : 'accepted'
  }

  async finish(id: string, result: Uint8Array): Promise<void> {
    await this.#change('finish', id, result)
  }

  async forget(id: string): Promise<void> {
    await this.#change('forget', id)
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

  /** Closes it when all that was asked before is done. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
    await this.#store.close()
  }

  #load(): void {
    const nowMs = this.#nowMs()
    for (const [key, stored] of this.#store.entries) {
      const entry = decodeRecord(key, stored)
      if (entry === undefined) {
        const what = 'it holds something else than results: give a directory of its own'
        throw new MillraceError('ERR_OPEN', `${this.#where}: ${what}`)
      }
      // A write that was said to have failed may have been one: then an id is there twice.
      const twice = this.#shelf.get(entry.id)?.state === 'finished' ? entry : this.#shelf.requestOf(entry.id)
      if (twice !== undefined) this.#gone.add(twice.key)
      this.#nextKey = Number(key) + 1
      if (twice === entry) continue
      // The wall clock may have been set back since.
      this.#shelf.put({ ...entry, atMs: Math.min(entry.atMs, nowMs) })
    }
    this.#shelf.sweep(nowMs)
  }

  #change(kind: Change['kind'], id: string, bytes?: Uint8Array): Promise<Decision> {
    if (this.#isClosed) throw new MillraceError('ERR_STORE', `${this.#where}: it is closed`)
    const record = bytes && encodeRecord(kind === 'accept' ? 'accepted' : 'finished', id, bytes)
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind, id, record, resolve, reject })
      this.#writing ??= this.#writeAll()
    })
  }

  async #writeAll(): Promise<void> {
    // What is asked for in the same turn shares the write.
    await undefined
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch()
      try {
        await this.#write(batch)
        batch.done()
      } catch (cause) {
        batch.failed(this.#failed(cause))
      }
    }
    this.#writing = undefined
  }

  #nextBatch(): Batch {
    const batch = new Batch(this.#shelf, this.#sweep())
    let taken = 0
    while (taken < this.#queue.length && batch.takes(this.#queue[taken])) {
      batch.add(this.#queue[taken], String(this.#nextKey).padStart(KEY_DIGITS, '0'))
      this.#nextKey++
      taken++
    }
    this.#queue = this.#queue.slice(taken)
    return batch
  }

  async #write({ writes }: Batch): Promise<void> {
    if (writes.size === 0) return
    // On a full disk there may be room for a deletion only, which makes room for all else.
    if (this.#isFailing) await this.#delete(new Map())
    await this.#delete(writes)
    if (this.#isFailing) this.#log.warn(`${this.#where}: requests and results are kept again`)
    this.#isFailing = false
  }

  /** Writes, and deletes what was given up. */
  async #delete(writes: Map<string, Uint8Array | null>): Promise<void> {
    const gone = [...this.#gone]
    for (const key of gone) writes.set(key, null)
    if (writes.size > 0) await this.#store.put([...writes])
    for (const key of gone) this.#gone.delete(key)
  }

  #failed(cause: unknown): MillraceError {
    const what = `${this.#where}: what is to be kept cannot be written: ${messageOf(cause)}`
    const advice = cause instanceof StoreError && cause.kind === 'fenced' ? '' : `: ${adviceOn(cause)}`
    if (!this.#isFailing) this.#log.error(`${what}${advice}`)
    this.#isFailing = true
    return new MillraceError('ERR_STORE', what, { cause })
  }

  #sweep(): number {
    const nowMs = this.#nowMs()
    this.#shelf.sweep(nowMs)
    return nowMs
  }
}

function adviceOn(cause: unknown): string {
  return /no space/i.test(messageOf(cause)) ? 'make room on the disk' : 'see to the disk'
}
