// What a result store holds, in memory: requests that are accepted, results that are finished, each in the order in which they
// came. It decides what a change does, and which results go: by time, and by bytes, the oldest first. No clock: time is given.

import type { StoredResult } from './result-store.js'

/** `key`: its name in the file, where there is one. */
export type Entry = {
  readonly state: 'accepted' | 'finished'
  readonly id: string
  readonly bytes: Uint8Array
  readonly atMs: number
  readonly key: string
}

export type ShelfLimits = { keepMs: number; bytes: number }

export type ShelfStats = { entries: number; accepted: number; bytes: number; evicted: number }

/** 'done': there is nothing to do. 'change': it is to be done. */
export type Decision = 'exists' | 'full' | 'done' | 'change'

/** About what an entry takes beside its bytes. */
const ENTRY_BYTES = 256
/** Results need room too, or what is accepted at last could not be fetched. */
const REQUESTS_SHARE = 0.5

export class Shelf {
  readonly #limits: ShelfLimits
  readonly #onGone: (entry: Entry) => void
  readonly #accepted = new Map<string, Entry>()
  readonly #finished = new Map<string, Entry>()
  #walk = this.#finished.values()
  #first: Entry | undefined
  #requestBytes = 0
  #resultBytes = 0
  #evicted = 0

  /** `onGone` is told of each result that is given up. */
  constructor(limits: ShelfLimits, onGone: (entry: Entry) => void = () => {}) {
    this.#limits = limits
    this.#onGone = onGone
  }

  /** Says what a change would do. `reservedBytes`: of requests that are to be accepted before. */
  decide(kind: 'accept' | 'finish' | 'forget', id: string, sizeBytes: number, reservedBytes = 0): Decision {
    if (kind === 'forget') return this.#accepted.has(id) ? 'change' : 'done'
    if (this.#finished.has(id)) return kind === 'accept' ? 'exists' : 'done'
    if (kind === 'finish') return 'change'
    if (this.#accepted.has(id)) return 'exists'
    const roomBytes = this.#limits.bytes * REQUESTS_SHARE - this.#requestBytes - reservedBytes
    return sizeBytes <= roomBytes ? 'change' : 'full'
  }

  /** Puts an entry in the place of its id's request; results give way to it, perhaps itself. */
  put(entry: Entry): void {
    this.forget(entry.id)
    const sizeBytes = sizeOf(entry.id, entry.bytes.length)
    if (entry.state === 'accepted') {
      this.#accepted.set(entry.id, entry)
      this.#requestBytes += sizeBytes
    } else {
      this.#finished.set(entry.id, entry)
      this.#resultBytes += sizeBytes
    }
    while (this.#requestBytes + this.#resultBytes > this.#limits.bytes && this.#giveUpOldest())
      this.#evicted++
  }

  forget(id: string): void {
    const entry = this.#accepted.get(id)
    if (entry === undefined) return
    this.#accepted.delete(id)
    this.#requestBytes -= sizeOf(id, entry.bytes.length)
  }

  /** Gives up the results whose time is over. */
  sweep(nowMs: number): void {
    const endMs = nowMs - this.#limits.keepMs
    for (let entry = this.#oldest(); entry !== undefined && entry.atMs <= endMs; entry = this.#oldest()) {
      this.#giveUpOldest()
    }
  }

  /** The request that an id is accepted with. */
  requestOf(id: string): Entry | undefined {
    return this.#accepted.get(id)
  }

  get(id: string): StoredResult | undefined {
    const finished = this.#finished.get(id)
    if (finished !== undefined) return { state: 'finished', sinceMs: finished.atMs, result: finished.bytes }
    const accepted = this.#accepted.get(id)
    return accepted && { state: 'accepted', sinceMs: accepted.atMs }
  }

  /** Gives what is accepted now; what is finished or forgotten meanwhile is left out. */
  async *unfinished(): AsyncGenerator<{ id: string; request: Uint8Array }> {
    for (const entry of [...this.#accepted.values()]) {
      if (this.#accepted.get(entry.id) === entry) yield { id: entry.id, request: entry.bytes }
    }
  }

  get stats(): ShelfStats {
    return {
      entries: this.#accepted.size + this.#finished.size,
      accepted: this.#accepted.size,
      bytes: this.#requestBytes + this.#resultBytes,
      evicted: this.#evicted,
    }
  }

  #giveUpOldest(): boolean {
    const entry = this.#oldest()
    if (entry === undefined) return false
    this.#finished.delete(entry.id)
    this.#resultBytes -= sizeOf(entry.id, entry.bytes.length)
    this.#onGone(entry)
    return true
  }

  /** The iterator goes on where it was: a new one would step over all that was deleted since, each time. */
  #oldest(): Entry | undefined {
    if (this.#first !== undefined && this.#finished.get(this.#first.id) === this.#first) return this.#first
    const { done, value } = this.#walk.next()
    // It has seen all, and results go in their order: none is left. It would not go on with later ones.
    if (done) this.#walk = this.#finished.values()
    this.#first = done ? undefined : value
    return this.#first
  }
}

/** What an entry counts for. */
export function sizeOf(id: string, bytes: number): number {
  return ENTRY_BYTES + 2 * id.length + bytes
}
