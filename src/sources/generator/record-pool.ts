// The generator's records.
//
//   {"value":               7,"padding":"xxxx…"}   the index takes 16 columns; below 39 bytes the value is digits only

import type { SourceRecord } from '../source.js'
import { createRecord } from '../support/record.js'

const HEAD = '{"value":'
const INDEX_COLUMNS = 16
const MIDDLE = ',"padding":"'
const TAIL = '"}'
const SPACE = 32
const ZERO = 48
/** As many records as one read gives at most. */
const RECORDS_MAX = 1_024
const POOL_BYTES = 4_194_304
/** More keys than these are made anew each time, so that they take no memory. */
const KEY_LISTS_MAX = 65_536

/** Records whose values are there already: only the digits of their indexes change. */
export class RecordPool {
  readonly #records: SourceRecord[] = []
  /** All values, one behind another: one array to write to, however many records there are. */
  readonly #memory: Uint8Array
  readonly #sizeBytes: number
  /** The index's columns in a value. */
  readonly #digitsAt: number
  readonly #digits: number
  readonly #pad: number
  readonly #fourDigits = fourDigits()
  readonly #keys: number
  readonly #keyLists: (readonly string[])[]
  /** For each record what stands above its last four digits; -1 if those are not four digits. */
  readonly #highs: Float64Array
  /** The records of the last range. */
  #given: readonly SourceRecord[] = []

  constructor(sizeBytes: number, keys: number) {
    const paddingBytes = sizeBytes - HEAD.length - INDEX_COLUMNS - MIDDLE.length - TAIL.length
    const isJson = paddingBytes >= 0
    const size = Math.min(RECORDS_MAX, Math.max(1, Math.floor(POOL_BYTES / sizeBytes)))
    this.#sizeBytes = sizeBytes
    this.#keys = keys
    this.#keyLists = new Array(Math.min(keys, KEY_LISTS_MAX))
    this.#digitsAt = isJson ? HEAD.length : 0
    this.#digits = isJson ? INDEX_COLUMNS : sizeBytes
    this.#pad = isJson ? SPACE : ZERO
    this.#memory = new Uint8Array(size * sizeBytes)
    this.#highs = new Float64Array(size).fill(-1)
    const blank = ' '.repeat(INDEX_COLUMNS)
    const template = Buffer.from(isJson ? HEAD + blank + MIDDLE + 'x'.repeat(paddingBytes) + TAIL : '')
    for (let i = 0; i < size; i++) {
      this.#memory.set(template, i * sizeBytes)
      this.#records.push(createRecord(this.#memory.subarray(i * sizeBytes, (i + 1) * sizeBytes)))
    }
  }

  get size(): number {
    return this.#records.length
  }

  /** Gives the records of the indexes from `first` on, at most as many as the pool has. */
  range(first: number, count: number): readonly SourceRecord[] {
    const records = this.#records
    const n = Math.min(count, records.length)
    const memory = this.#memory
    const highs = this.#highs
    const sizeBytes = this.#sizeBytes
    const four = this.#fourDigits
    const hasFour = this.#digits >= 4
    let low = first % 10_000
    let high = (first - low) / 10_000
    let at = this.#digitsAt + this.#digits - 4
    for (let i = 0; i < n; i++) {
      if (hasFour && highs[i] === high) {
        const digits = low * 4
        memory[at] = four[digits]
        memory[at + 1] = four[digits + 1]
        memory[at + 2] = four[digits + 2]
        memory[at + 3] = four[digits + 3]
        records[i].offset = first + i
      } else this.#put(i, first + i)
      at += sizeBytes
      if (++low === 10_000) {
        low = 0
        high++
      }
    }
    if (this.#keys !== 0) this.#putKeys(first, n)
    if (this.#given.length !== n) this.#given = records.slice(0, n)
    return this.#given
  }

  /** Writes all digits of a record. */
  #put(i: number, index: number): void {
    const start = i * this.#sizeBytes + this.#digitsAt
    const end = start + this.#digits - 1
    let rest = index
    for (let at = end; at >= start; at--) {
      const digit = rest % 10
      this.#memory[at] = rest === 0 && at !== end ? this.#pad : ZERO + digit
      rest = (rest - digit) / 10
    }
    // Below 10,000 the columns to the left of the number are padding, not zeros.
    this.#highs[i] = index < 10_000 ? -1 : Math.floor(index / 10_000)
    this.#records[i].offset = index
  }

  #putKeys(first: number, count: number): void {
    const records = this.#records
    const lists = this.#keyLists
    let key = first % this.#keys
    for (let i = 0; i < count; i++) {
      records[i].keys = lists[key] ?? this.#keysOf(key)
      if (++key === this.#keys) key = 0
    }
  }

  #keysOf(key: number): readonly string[] {
    const list = this.#keyLists[key] ?? [`key-${key}`]
    if (key < KEY_LISTS_MAX) this.#keyLists[key] = list
    return list
  }
}

/** All numbers of four digits, `0000` to `9999`, one behind another. */
function fourDigits(): Uint8Array {
  let text = ''
  for (let i = 0; i < 10_000; i++) text += String(i).padStart(4, '0')
  return Buffer.from(text, 'latin1')
}
