// Changes that become durable by one write, all or none: at most one of an id, so that each is decided by what is durable.

import { type Decision, type Entry, type Shelf, sizeOf } from '../shelf.js'
import { decodeRecord, setTime } from './record.js'

/** A change that somebody waits for. `record` has the bytes; a forget has none. */
export type Change = {
  kind: 'accept' | 'finish' | 'forget'
  id: string
  record: Buffer | undefined
  resolve(decision: Decision): void
  reject(error: Error): void
}

type Decided = { change: Change; decision: Decision; entry: Entry | undefined }

const CHANGES_MAX = 4_096
/** What goes to the host process in one message. */
const BYTES_MAX = 8 * 1024 * 1024

export class Batch {
  /** What is to be put: by key, null for what is to be deleted. */
  readonly writes = new Map<string, Uint8Array | null>()
  readonly #decided = new Map<string, Decided>()
  readonly #shelf: Shelf
  readonly #atMs: number
  #bytes = 0
  #reservedBytes = 0

  constructor(shelf: Shelf, atMs: number) {
    this.#shelf = shelf
    this.#atMs = atMs
  }

  /** Tells whether a change can be added; else it is for the next batch. */
  takes({ id, record }: Change): boolean {
    const { size } = this.#decided
    if (size === 0) return true
    return !this.#decided.has(id) && size < CHANGES_MAX && this.#bytes + (record?.length ?? 0) <= BYTES_MAX
  }

  /** Decides a change, and adds what is to be written for it. `key` is free. */
  add(change: Change, key: string): void {
    const { kind, id, record } = change
    const sizeBytes = sizeOf(id, record?.length ?? 0)
    const decision = this.#shelf.decide(kind, id, sizeBytes, this.#reservedBytes)
    let entry: Entry | undefined
    if (decision === 'change') {
      const request = this.#shelf.requestOf(id)
      if (request !== undefined) this.writes.set(request.key, null)
      if (record !== undefined) {
        setTime(record, this.#atMs)
        entry = decodeRecord(key, record)
        this.writes.set(key, record)
        this.#bytes += record.length
        if (kind === 'accept') this.#reservedBytes += sizeBytes
      }
    }
    this.#decided.set(id, { change, decision, entry })
  }

  /** All is durable: does the changes, and tells those who wait. */
  done(): void {
    for (const { change, decision, entry } of this.#decided.values()) {
      if (entry !== undefined) this.#shelf.put(entry)
      else if (decision === 'change') this.#shelf.forget(change.id)
    }
    for (const { change, decision } of this.#decided.values()) change.resolve(decision)
  }

  /** Nothing was written: what needed no write is so all the same. */
  failed(error: Error): void {
    for (const { change, decision } of this.#decided.values()) {
      if (decision === 'change') change.reject(error)
      else change.resolve(decision)
    }
  }
}
