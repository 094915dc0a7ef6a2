// What a case does with a source: makes it, reads it under deadlines, copies what it gives, settles, and ends it.

import { systemClock } from '../kernel/clock.js'
import type { Value } from '../kernel/codec.js'
import { createLog } from '../kernel/log.js'
import type { Source, SourcePosition, SourceRecord } from '../sources/source.js'
import { breach, described } from './breach.js'
import { pause, start, within } from './deadline.js'
import { type Seen, seenOf } from './seen.js'
import type { MadeSource, MakeSource, SourceContractOptions } from './source-options.js'

export const READ_SHAPE = 'read gives an array of at most max records, or null'
export const READ_IN_TIME = 'read gives something in time'
export const OPENS = 'open resolves'
export const CLOSES = 'close resolves'
const ACKS = 'ack resolves'
const NACKS = 'nack resolves'

const LIMIT = 1_000
const BATCH = 50
const PAUSE_MS = 2
/** A read that has not answered after this long is taken for one that waits. */
const WAITING_MS = 100

/** The sources of one case. */
export class SourceKit {
  readonly options: SourceContractOptions
  private readonly make: MakeSource
  private readonly opened: LiveSource[] = []

  constructor(make: MakeSource, options: SourceContractOptions) {
    this.make = make
    this.options = options
  }

  /** Makes a source and opens it. */
  async open(resume?: SourcePosition): Promise<LiveSource> {
    const made = await this.make()
    const live = new LiveSource('read' in made ? { source: made } : made, this.options)
    this.opened.push(live)
    await live.open(resume)
    return live
  }

  /** Closes what a case left open, and cleans up. A close that fails here has cases of its own to tell of it. */
  async end(): Promise<void> {
    for (const live of this.opened) live.abort()
    for (const live of this.opened) await live.close().catch(() => undefined)
    for (const live of this.opened) await live.made.cleanup?.()
  }
}

/** One open source. */
export class LiveSource {
  readonly made: MadeSource
  readonly source: Source
  readonly timeoutMs: number
  /** How many records a case reads of it, where it does not end before. */
  readonly limit: number
  readonly endless: boolean
  private readonly messageBytesMax: number
  private readonly abortion = new AbortController()
  private readCount = 0
  private closed = false

  constructor(made: MadeSource, options: SourceContractOptions) {
    this.made = made
    this.source = made.source
    this.timeoutMs = options.timeoutMs ?? 10_000
    this.messageBytesMax = options.messageBytesMax ?? 1024 * 1024
    this.endless = options.endless === true
    const known = made.expected?.length
    this.limit = options.endless
      ? Math.min(options.limit ?? LIMIT, known ?? Infinity)
      : (known ?? options.limit ?? LIMIT)
  }

  async open(resume?: SourcePosition): Promise<void> {
    const log = createLog(() => undefined, 'source', 'test')
    const { messageBytesMax } = this
    const context = { log, messageBytesMax, signal: this.abortion.signal, ...(resume && { resume }) }
    await this.call(OPENS, () => this.source.open?.(context))
  }

  /** The values that it should give, if they are known. */
  get expected(): readonly Value[] | undefined {
    return this.made.expected
  }

  /** Reads once. Throws where that throws, gives no list, or takes too long: unless `late` knows better. */
  async read(max: number, late: () => null = () => this.readLate(max)): Promise<Seen[] | null> {
    return this.copied(
      await within(start(() => this.source.read(max)).catch(readThrew), this.timeoutMs, late),
    )
  }

  /** Reads until there are `count` records; fewer where it ends, or gives nothing for too long. */
  async readSome(count: number, max = BATCH, late?: () => null): Promise<Seen[]> {
    const records: Seen[] = []
    let patience = new Patience(this.timeoutMs)
    while (records.length < count) {
      const batch = await this.read(Math.min(max, count - records.length), late)
      if (batch === null) break
      records.push(...batch)
      if (batch.length > 0) patience = new Patience(this.timeoutMs)
      else if (!(await patience.wait())) break
    }
    return records
  }

  /** Reads to the end, and a little further than to what is expected; not ended where nothing came for too long. */
  async readToEnd(onBatch?: (batch: Seen[]) => Promise<void>): Promise<{ records: Seen[]; ended: boolean }> {
    const records: Seen[] = []
    let patience = new Patience(this.timeoutMs)
    const most = this.endless ? this.limit : this.limit + 1
    while (records.length < most) {
      const batch = await this.read(Math.min(BATCH, most - records.length))
      if (batch === null) return { records, ended: true }
      records.push(...batch)
      if (batch.length > 0) patience = new Patience(this.timeoutMs)
      else if (!(await patience.wait())) break
      if (batch.length > 0) await onBatch?.(batch)
    }
    return { records, ended: false }
  }

  /** Reads what is left when `read` were read, and `again` are to come again: all, or as many as it has without an end. */
  async readRest(read: readonly Seen[], again: readonly Seen[]): Promise<Seen[]> {
    const left = Math.max(this.limit - read.length, 0) + again.length
    // A read that waits has nothing more to give; whether it should have is not asked here.
    return await this.readSome(this.endless ? left : left + read.length, 7, () => null)
  }

  /** Reads until one read waits, and gives it; undefined where none does. */
  async waitingRead(): Promise<{ reading: Promise<unknown> } | undefined> {
    const polls = new Patience(WAITING_MS)
    for (let count = 0; count <= this.limit; ) {
      const reading = start(() => this.source.read(BATCH))
      reading.catch(() => undefined)
      const got = await within(reading.catch(readThrew), WAITING_MS, () => WAITS)
      if (got === WAITS) return { reading }
      const batch = this.copied(got)
      if (batch === null) return undefined
      count += batch.length
      if (batch.length === 0 && !(await polls.wait())) return undefined
    }
    return undefined
  }

  async ack(records: readonly Seen[]): Promise<void> {
    await this.call(ACKS, () => this.source.ack?.(records.map(positionOf)))
  }

  async nack(records: readonly Seen[], delayMs = 0): Promise<void> {
    const nacks = records.map((record) => ({ ...positionOf(record), reason: 'nacked by the suite', delayMs }))
    await this.call(NACKS, () => this.source.nack?.(nacks))
  }

  abort(): void {
    this.abortion.abort()
  }

  /** Closes the source, once. */
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    await this.call(CLOSES, () => this.source.close?.())
  }

  private readLate(max: number): never {
    const what = `read(${max}) had not resolved after ${this.timeoutMs} ms, with ${this.readCount} records read`
    return breach(
      READ_IN_TIME,
      what,
      'records, an empty list, or null; `limit` and `endless` say where a source has no end',
    )
  }

  private copied(records: unknown): Seen[] | null {
    if (records === null) return null
    if (!Array.isArray(records))
      breach(READ_SHAPE, `read gave ${described(records)}`, 'a list of records, or null')
    return records.map((record: SourceRecord) => {
      if (typeof record !== 'object' || record === null)
        breach(READ_SHAPE, `a record is ${described(record)}`, 'an object')
      return seenOf(record, this.readCount++, this.messageBytesMax)
    })
  }

  private async call(rule: string, work: () => unknown): Promise<void> {
    const wanted = `no throw, and an end within ${this.timeoutMs} ms`
    const done = start(work).catch((error) => breach(rule, `it threw ${described(error)}`, wanted))
    await within(done, this.timeoutMs, () => breach(rule, `it had not after ${this.timeoutMs} ms`, wanted))
  }
}

/** Asks again every few ms, until the time is over. */
export class Patience {
  private readonly endMs: number

  constructor(timeoutMs: number) {
    this.endMs = systemClock.now() + timeoutMs
  }

  /** Waits a little; false when there is no time left. */
  async wait(): Promise<boolean> {
    if (systemClock.now() >= this.endMs) return false
    await pause(PAUSE_MS)
    return true
  }
}

const WAITS: unique symbol = Symbol('waits')

function readThrew(error: unknown): never {
  return breach('read resolves', `read threw ${described(error)}`, 'a list of records, or null')
}

function positionOf({ partition, offset }: Seen): SourcePosition {
  return { partition, offset: offset ?? 0n }
}
