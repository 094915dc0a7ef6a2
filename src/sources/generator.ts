// The source of synthetic records, for examples, tests and benchmarks: each is a function of its index.
//
//   {"value":               7,"padding":"xxxx…"}   the index takes 16 columns; below 39 bytes the value is digits only

import { systemClock } from '../kernel/clock.js'
import { checkInteger, checkNames, unusable } from '../kernel/options.js'
import type { Source, SourceContext, SourceNack, SourceRecord } from './source.js'
import { createRecord } from './support/record.js'
import { Redeliveries } from './support/redeliveries.js'
import { Waiter } from './support/waiter.js'

export type GeneratorOptions = {
  /** How many records. Default: no end. */
  count?: number
  /** Records per second. Default: no limit. */
  rate?: number
  /** Size of a value, 0 to 64 MiB. Default 128. */
  sizeBytes?: number
  /** How many different keys there are: `key-0`, `key-1`… in turn. Default: no keys. */
  keys?: number
}

const NAMES = ['count', 'rate', 'sizeBytes', 'keys']
const SIZE_BYTES_MAX = 67_108_864
const HEAD = '{"value":'
const INDEX_COLUMNS = 16
const MIDDLE = ',"padding":"'
const TAIL = '"}'
const SPACE = 32
const ZERO = 48
/** Missed records are made up for as far as this, and no further: a pause must not become a burst. */
const BURST_MS = 100
/** The pool: as many records as one read gives at most. */
const RECORDS_MAX = 1_024
const POOL_BYTES = 4_194_304
/** More keys than these are made anew each time, so that they take no memory. */
const KEY_LISTS_MAX = 65_536

/**
 * Makes records with the offsets 0, 1, 2… until there are `count`. A nacked one is made again when its delay is over, also
 * after the end was told. Throws ERR_CONFIG for unusable options.
 */
export function generator(options: GeneratorOptions = {}): Source {
  checkNames('generator', options, NAMES, '{ count: 1000 }')
  const { count, rate, sizeBytes = 128, keys } = options
  checkInteger('generator: count', count, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('generator: sizeBytes', sizeBytes, 0, SIZE_BYTES_MAX)
  checkInteger('generator: keys', keys, 1, Number.MAX_SAFE_INTEGER)
  if (rate !== undefined && !(typeof rate === 'number' && rate > 0 && rate < Infinity)) {
    throw unusable('generator: rate', rate, 'a number of records per second above 0')
  }
  const source = new GeneratorSource(count ?? Infinity, rate ?? Infinity, sizeBytes, keys ?? 0)
  return {
    name: 'generator',
    ordered: true,
    open: (context) => source.open(context),
    read: (max) => source.read(max),
    nack: (nacks) => source.nack(nacks),
    close: () => source.close(),
    ...(count !== undefined && { total: count, pending: () => source.pending() }),
  }
}

class GeneratorSource {
  readonly #count: number
  readonly #sizeBytes: number
  readonly #keys: number
  readonly #pace: Pace
  readonly #redeliveries = new Redeliveries()
  readonly #waiter = new Waiter()
  readonly #wake = () => this.#waiter.wake()
  /** Made by the first read: the factory runs on every thread. */
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

/** A steady pace: record n is due n intervals after the first, and what was missed for long is not made up for. */
class Pace {
  readonly #intervalMs: number
  #dueMs: number | undefined

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** True where there is no limit. */
  get isFree(): boolean {
    return this.#intervalMs === 0
  }

  /** How many records are due. */
  allowed(nowMs: number): number {
    if (this.isFree) return Infinity
    this.#dueMs = Math.max(this.#dueMs ?? nowMs, nowMs - BURST_MS)
    return this.#dueMs > nowMs ? 0 : Math.floor((nowMs - this.#dueMs) / this.#intervalMs) + 1
  }

  took(records: number): void {
    if (this.#dueMs !== undefined) this.#dueMs += records * this.#intervalMs
  }

  /** How long until a record is due. */
  waitMs(nowMs: number): number {
    return Math.max(0, (this.#dueMs ?? nowMs) - nowMs)
  }
}

/** Records whose values are there already: only the digits of their indexes change. */
class RecordPool {
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
