// The reader: reads records from a source, has each written as a root (RootWriter), and tells the source what became of it (Acks).
// Settlements come first in every step, and unconditionally (S6): so the reverse direction never waits for the forward one.

import { type Actor, type Host, MORE } from '../kernel/actor.js'
import type { Cancellation } from '../kernel/cancellation.js'
import type { Cell } from '../kernel/cell.js'
import { offsetOf } from '../kernel/codec.js'
import type { Counters } from '../kernel/counters.js'
import { crashPoint } from '../kernel/crash.js'
import { isPromise, settlingOnce } from '../kernel/promise.js'
import type { Source, SourceRecord } from '../sources/source.js'
import { Acks } from './acks.js'
import { InFlight } from './in-flight.js'
import type { ReaderMemory, ReaderOptions } from './reader-options.js'
import { Resume } from './resume.js'
import { RootWriter } from './root-writer.js'
import { Settlements } from './settlements.js'
import { sourceError } from './source-error.js'

const STEP_MAX = 512
/** How soon a source that had nothing is asked again. */
const IDLE_MS = 5
/** How long a few free places wait for more. */
const FEW_FREE_MS = 1

export class Reader implements Actor {
  readonly name: string
  private readonly options: ReaderOptions
  private readonly host: Host
  private readonly cell: Cell
  private readonly counters: Counters
  private readonly cancellation: Cancellation | undefined
  private readonly inFlight: InFlight
  private readonly acks: Acks
  private readonly resume: Resume
  private readonly settlements: Settlements
  private readonly writer: RootWriter
  private readonly abandoned: number
  private reading = false
  private ended = false
  private stopping = false
  private done = false
  private isAbandoned = false
  private idleUntilMs = 0
  private nowMs = 0
  private settledMs = 0

  constructor(options: ReaderOptions, memory: ReaderMemory, host: Host) {
    this.name = options.name
    this.options = options
    this.host = host
    this.cell = memory.cell
    this.counters = memory.counters
    this.cancellation = memory.cancellation
    this.inFlight = new InFlight(2 ** Math.ceil(Math.log2(2 * options.inFlightMax)), this.cell.registers[0])
    this.acks = new Acks(options.source, host, this.counters)
    this.resume = new Resume(this.cell.registers)
    const { inFlight, acks, resume } = this
    this.settlements = new Settlements(memory, inFlight, acks, options.trace)
    this.writer = new RootWriter(options, memory, host, { inFlight, acks, resume })
    const [, read, acked, nacked] = this.cell.registers
    // Roots of earlier lives (R2): who settles them now is told nothing, and the source gives them again.
    this.abandoned = read - acked - nacked
    this.account()
    this.counters.set('reading', 0)
    this.counters.set('telling', 0)
  }

  step(): number {
    if (this.isAbandoned) return 0
    this.nowMs = this.host.clock.now()
    const settled = this.settlements.take(this.nowMs)
    this.acks.flush()
    if (this.acks.hasTold) this.cell.isDirty = true
    let work = settled + this.write()
    if (settled > 0) this.settledMs = this.nowMs
    if (this.nowMs >= this.readableMs) work += this.read()
    if (this.cell.isDirty) this.commit()
    if (!this.done && this.isDone()) {
      this.done = true
      this.options.onDone()
    }
    return work
  }

  ring(): void {
    this.cell.ring()
  }

  dueMs(): number {
    if (this.isAbandoned) return Number.POSITIVE_INFINITY
    const isAtEnd = this.ended && (!this.acks.reopens || this.acks.busy)
    const waits = this.stopping || isAtEnd || this.reading || this.free <= 0 || !this.writer.isDone
    return waits ? Number.POSITIVE_INFINITY : Math.max(this.idleUntilMs, this.readableMs)
  }

  /** Reads no more: what is in flight is finished. */
  drain(): void {
    this.stopping = true
    this.host.wake()
  }

  /** Nacks everything in flight, for a stop that is no drain. */
  async abandon(reason: string): Promise<void> {
    this.stopping = true
    this.inFlight.forEach((root) => {
      this.acks.nack(root.partition, offsetOf(root.offsetLo, root.offsetHi), reason, 0)
    })
    const { size } = this.inFlight
    this.isAbandoned = true
    const [, read, acked, nacked] = this.cell.registers
    this.counters.setRoots(read, acked, nacked + size, 0, this.abandoned)
    this.counters.add('refused', size)
    this.acks.flush()
    await this.acks.idle()
  }

  /** While settlements flow, reading waits for a worthwhile number of free places; a few are used when no more come. */
  private get readableMs(): number {
    return this.free >= Math.min(STEP_MAX, this.options.inFlightMax >> 3) ? 0 : this.settledMs + FEW_FREE_MS
  }

  private get free(): number {
    // Nacked records that are awaited again are somebody's memory, too.
    const { inFlightMax } = this.options
    const { size } = this.inFlight
    // Were there no place left for them, they could never come.
    const least = this.acks.awaited > 0 && size < inFlightMax ? 1 : 0
    return Math.max(least, inFlightMax - size - this.acks.awaited - this.acks.unanswered)
  }

  private isDone(): boolean {
    if (this.inFlight.size > 0 || this.reading || !this.writer.isDone || this.acks.busy) return false
    return this.stopping || (this.ended && this.acks.awaited === 0)
  }

  /** Asks the source for more, if there is room and nothing else goes on. */
  private read(): number {
    if (this.reading || this.stopping || !this.writer.isDone || this.free <= 0) return 0
    if (this.ended && (!this.acks.reopens || this.acks.busy)) return 0
    if (this.idleUntilMs > this.nowMs) return 0
    // A nack that the source has not been told of yet, or that comes from now on, asks again, whatever this read gives.
    this.acks.reopens = this.acks.busy
    let result: ReturnType<Source['read']>
    // P2: should the thread die in the source, what it was just told of is not read again.
    if (this.cell.isDirty) this.commit()
    crashPoint('reader.before-read')
    // For the watchdog.
    this.cell.handlingBatch()
    const fromMs = this.host.clock.now()
    try {
      result = this.options.source.read(Math.min(STEP_MAX, this.free))
    } catch (error) {
      this.cell.handled()
      this.sourceFailed(error)
      return 0
    }
    this.cell.handled()
    crashPoint('reader.after-read')
    if (!isPromise(result)) {
      const work = this.received(result, fromMs) + this.write()
      // All of it is written: the source may have more at once.
      return work > 0 && this.writer.isDone ? work + MORE : work
    }
    this.reading = true
    this.counters.set('reading', 1)
    const settled = (report: () => void) => {
      this.reading = false
      this.counters.set('reading', 0)
      report()
      this.host.wake()
    }
    settlingOnce(result).then(
      (records) => settled(() => this.received(records, fromMs)),
      (error) => settled(() => this.sourceFailed(error)),
    )
    return 0
  }

  private received(records: readonly SourceRecord[] | null, fromMs: number): number {
    this.ended = records === null
    if (records === null) {
      if (this.acks.busy) this.acks.reopens = true
      if (!this.acks.reopens) this.acks.giveUp()
      return 1
    }
    if (!Array.isArray(records)) {
      this.sourceFailed(
        new TypeError(
          `read() gave a value of type ${typeof records}, wanted an array of records, or null for the end`,
        ),
      )
      return 0
    }
    // R5: from here on they may be cancelled, also while they wait to be written.
    if (this.cancellation !== undefined) uncancel(this.cancellation, records)
    this.writer.take(this.options.trace?.received(records, this.inFlight.nextSequence) ?? records)
    const nowMs = this.host.clock.now()
    this.idleUntilMs = records.length === 0 ? nowMs + IDLE_MS : 0
    if (records.length > 0) {
      this.counters.set('readBatch', records.length)
      this.counters.times.read.observe(nowMs - fromMs)
    }
    return records.length
  }

  private write(): number {
    return this.writer.write(this.nowMs, this.free)
  }

  private commit(): void {
    const { cell } = this
    cell.registers[0] = this.inFlight.nextSequence
    this.resume.save(this.inFlight.lowest(), this.acks.lowest)
    this.acks.hasTold = false
    if (this.options.order === 'source') cell.watermark = (this.inFlight.nextSequence - 1) | 0
    cell.commit()
    this.account()
  }

  /** I10: what is in flight is counted by itself, so that the account can be checked. */
  private account(): void {
    const { registers } = this.cell
    this.counters.setRoots(registers[1], registers[2], registers[3], this.inFlight.size, this.abandoned)
  }

  private sourceFailed(error: unknown): void {
    this.host.fail(sourceError(this.name, error))
  }
}

function uncancel(cancellation: Cancellation, records: readonly SourceRecord[]): void {
  for (const record of records) {
    const offset: unknown = record?.offset
    if (typeof offset === 'number' || typeof offset === 'bigint') cancellation.clear(offset)
  }
}
