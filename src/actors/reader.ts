// The reader: reads records from a source, gives each a root, and tells the source what became of it.
// Settlements come first in every step, and unconditionally (S6): so the reverse direction never waits for the forward one.

import { type Actor, type Host, MORE } from '../kernel/actor.js'
import type { Cancellation } from '../kernel/cancellation.js'
import type { Cell } from '../kernel/cell.js'
import {
  encode,
  FULL,
  headersAt,
  type MessageMeta,
  metaAt,
  OK_RUN,
  OK_RUN_ENTRY_BYTES,
  OUTCOME_NACK,
  OUTCOME_SERVE,
  offsetOf,
  PLAIN_MESSAGE,
  type RecordHead,
  TO_FALLBACK,
  TOO_LARGE,
} from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import type { Counters } from '../kernel/counters.js'
import { crashPoint } from '../kernel/crash.js'
import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import type { Inbound } from '../kernel/inbound.js'
import { laneOf, NO_LANE } from '../kernel/lane.js'
import {
  EPOCH,
  KIND,
  RECORD_HEADER_BYTES,
  SEQUENCE_DOUBLE,
  SHARE_HI,
  SHARE_LO,
  VALUE_BYTES,
} from '../kernel/layout.js'
import type { Ring } from '../kernel/mailbox.js'
import { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'
import { isPromise, settlingOnce } from '../kernel/promise.js'
import type { Shares } from '../kernel/shares.js'
import type { Answer, Source, SourceRecord } from '../sources/source.js'
import { Acks } from './acks.js'
import type { RecordTrace } from './actor-tracing.js'
import { Aside } from './aside.js'
import type { Branches } from './branches.js'
import { type Completed, InFlight } from './in-flight.js'
import type { Order } from './order.js'
import { mixed, outboundFor } from './partition.js'
import { Resume } from './resume.js'
import { Spread } from './spread.js'

export type ReaderOptions = {
  name: string
  source: Source
  order: Order
  /** Roots unsettled at once. */
  inFlightMax: number
  valueBytesMax: number
  maxDeliveries: number
  /** True where the topology has a fallback sink. */
  hasFallback: boolean
  /** Called once, when reading has ended and everything is settled and told. */
  onDone: () => void
  /** What follows the records, where they are traced. */
  trace?: RecordTrace | undefined
}

export type ReaderMemory = {
  cell: Cell
  /** Settlements. */
  inbounds: readonly Inbound[]
  outbounds: readonly Outbound[]
  /** Where the outbounds lead to branches. */
  branches?: Branches | undefined
  shares: Shares
  counters: Counters
  epoch: number
  /** Where the source cancels. */
  cancellation?: Cancellation | undefined
}

const STEP_MAX = 512
/** How soon a source that had nothing is asked again. */
const IDLE_MS = 5
/** How long a few free places wait for more. */
const FEW_FREE_MS = 1
const NOTHING: readonly SourceRecord[] = []
const NO_TAGS: readonly string[] = []
/** Of `encode`: the record waits aside. */
const ASIDE = 0

export class Reader implements Actor {
  readonly name: string
  private readonly options: ReaderOptions
  private readonly source: Source
  private readonly trace: RecordTrace | undefined
  private readonly host: Host
  private readonly cell: Cell
  private readonly inbounds: readonly Inbound[]
  private readonly outbounds: readonly Outbound[]
  private readonly shares: Shares
  private readonly counters: Counters
  private readonly cancellation: Cancellation | undefined
  private readonly inFlight: InFlight
  private readonly acks: Acks
  private readonly head: RecordHead
  /** Records read and not yet written, from `stashAt` on. */
  private stash: readonly SourceRecord[] = NOTHING
  private stashAt = 0
  private reading = false
  private ended = false
  private stopping = false
  private done = false
  private isAbandoned = false
  private idleUntilMs = 0
  private dirty = false
  private nowMs = 0
  private settledMs = 0
  private readBytes = 0
  /** When the roots that were settled last were read, and how many of them there are that are not timed yet. */
  private settledReadMs = 0
  private settledCount = 0
  private readonly abandoned: number
  private readonly resume: Resume
  /** One for each branch; one in all where there are none. */
  private readonly spreads: readonly Spread[]
  /** The one that chose for the last record; none where its lane did. */
  private spread: Spread | undefined
  private readonly branches: Branches | undefined
  private readonly aside: Aside | undefined

  constructor(options: ReaderOptions, memory: ReaderMemory, host: Host) {
    this.name = options.name
    this.options = options
    this.source = options.source
    this.trace = options.trace
    this.host = host
    this.cell = memory.cell
    this.inbounds = memory.inbounds
    this.outbounds = memory.outbounds
    this.shares = memory.shares
    this.counters = memory.counters
    this.cancellation = memory.cancellation
    this.head = { epoch: memory.epoch, sequence: 0, lane: NO_LANE, shareLo: 0, shareHi: 0 }
    this.inFlight = new InFlight(2 ** Math.ceil(Math.log2(2 * options.inFlightMax)), this.cell.registers[0])
    this.acks = new Acks(options.source, host, this.counters)
    this.resume = new Resume(this.cell.registers)
    this.branches = memory.branches
    this.spreads = (this.branches?.outbounds ?? [this.outbounds]).map((each) => new Spread(each))
    this.aside = this.branches && new Aside(this.outbounds)
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
    const settled = this.takeSettlements()
    this.acks.flush()
    if (this.acks.hasTold) this.dirty = true
    let work = settled + this.write()
    if (settled > 0) this.settledMs = this.nowMs
    if (this.nowMs >= this.readableMs) work += this.read()
    if (this.dirty) this.commit()
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
    const waits =
      this.stopping || isAtEnd || this.reading || this.free <= 0 || this.stashAt < this.stash.length
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
    if (this.inFlight.size > 0 || this.reading || this.stashAt < this.stash.length || this.acks.busy)
      return false
    return this.stopping || (this.ended && this.acks.awaited === 0)
  }

  private takeSettlements(): number {
    let work = 0
    for (const inbound of this.inbounds) {
      while (inbound.peek()) {
        const position = inbound.take()
        this.takeSettlement(inbound, position)
        inbound.settle(position, this.cell.pending)
        work++
      }
    }
    if (work > 0) this.dirty = true
    this.observeSettled()
    return work
  }

  private takeSettlement(inbound: Inbound, position: number): void {
    const { ring } = inbound
    const at = ring.wordAt(position)
    // R1: a root of an earlier life of the reader is nobody's any more.
    if (ring.words[at + EPOCH] !== this.head.epoch) {
      this.counters.add('stale')
      return
    }
    if (ring.words[at + KIND] === OK_RUN) {
      this.takeOkRun(ring, at)
      return
    }
    const sequence = ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE]
    const outcome = (ring.words[at + KIND] >>> 8) & 0xff
    const answer = outcome === OUTCOME_SERVE ? answerOf(new Message(inbound, position)) : undefined
    if (outcome === OUTCOME_NACK) this.takeReason(inbound, at, sequence)
    const { inFlight } = this
    const result = inFlight.settle(
      sequence,
      ring.words[at + SHARE_LO],
      ring.words[at + SHARE_HI],
      outcome === OUTCOME_NACK,
    )
    if (result === 'complete') this.complete(inFlight.completed, sequence, answer)
    else if (answer !== undefined && result === 'open') this.acks.answer(sequence, answer)
  }

  private takeOkRun(ring: Ring, at: number): void {
    const { inFlight } = this
    const end = at + ((RECORD_HEADER_BYTES + ring.words[at + VALUE_BYTES]) >>> 2)
    for (let entry = at + (RECORD_HEADER_BYTES >>> 2); entry < end; entry += OK_RUN_ENTRY_BYTES >>> 2) {
      const sequence = ring.doubles[entry >>> 1]
      if (inFlight.settle(sequence, ring.words[entry + 2], ring.words[entry + 3], false) === 'complete')
        this.complete(inFlight.completed, sequence)
    }
  }

  private takeReason(inbound: Inbound, at: number, sequence: number): void {
    const { reason, delayMs, maxDeliveries } = metaAt(inbound.ring, at)
    this.acks.reason(sequence, {
      reason: reason ?? 'nacked',
      delayMs: delayMs ?? 0,
      maxDeliveries: maxDeliveries || undefined,
    })
  }

  private complete(root: Completed, sequence: number, answer?: Answer): void {
    // Records that were read in one step and settled in one have the same latency.
    if (root.readAtMs !== this.settledReadMs) {
      this.observeSettled()
      this.settledReadMs = root.readAtMs
    }
    this.settledCount++
    if (this.trace !== undefined) this.trace.settled(sequence, root.nacked)
    if (root.nacked) {
      this.cell.registers[3]++
      this.acks.nackRoot(sequence, root)
    } else {
      this.cell.registers[2]++
      this.acks.ackRoot(sequence, root, answer)
    }
  }

  /** Asks the source for more, if there is room and nothing else goes on. */
  private read(): number {
    if (this.reading || this.stopping || this.stashAt < this.stash.length || this.free <= 0) return 0
    if (this.ended && (!this.acks.reopens || this.acks.busy)) return 0
    if (this.idleUntilMs > this.nowMs) return 0
    // A nack that the source has not been told of yet, or that comes from now on, asks again, whatever this read gives.
    this.acks.reopens = this.acks.busy
    let result: ReturnType<Source['read']>
    // P2: should the thread die in the source, what it was just told of is not read again.
    if (this.dirty) this.commit()
    crashPoint('reader.before-read')
    // For the watchdog.
    this.cell.handlingBatch()
    const fromMs = this.host.clock.now()
    try {
      result = this.source.read(Math.min(STEP_MAX, this.free))
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
      return work > 0 && this.stashAt === this.stash.length ? work + MORE : work
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
    this.stash = this.trace?.received(records, this.inFlight.nextSequence) ?? records
    this.stashAt = 0
    const nowMs = this.host.clock.now()
    this.idleUntilMs = records.length === 0 ? nowMs + IDLE_MS : 0
    if (records.length > 0) {
      this.counters.set('readBatch', records.length)
      this.counters.times.read.observe(nowMs - fromMs)
    }
    return records.length
  }

  /** Writes what was read, until a mailbox is full. */
  private write(): number {
    const { stash } = this
    const from = this.stashAt
    const fromAside = this.aside === undefined || this.aside.size === 0 ? 0 : this.writeAside(this.aside)
    if (from < stash.length && this.outbounds.length > 1) for (const spread of this.spreads) spread.look()
    // A source that gave more than it was asked for has them written when there is room.
    const end = from === stash.length ? from : Math.min(stash.length, from + Math.max(0, this.free))
    while (this.stashAt < end) {
      if (!this.writeRecord(stash[this.stashAt])) break
      this.stashAt++
    }
    const written = this.stashAt - from
    if (written > 0) {
      this.dirty = true
      this.cell.registers[1] += written
      // The last one read lies behind all others, but for those that were nacked and are given again.
      for (let i = this.acks.hasNacked ? from : this.stashAt - 1; i < this.stashAt; i++)
        this.noteRead(stash[i])
      this.counters.add('readBytes', this.readBytes)
      this.readBytes = 0
    }
    return written + fromAside
  }

  private writeAside(aside: Aside): number {
    let written = 0
    try {
      written = aside.write(this.options.valueBytesMax, (meta, value) => this.tooLarge({ ...meta, value }))
    } catch (error) {
      this.sourceFailed(error)
    }
    if (written > 0) this.dirty = true
    return written
  }

  private writeRecord(record: SourceRecord): boolean {
    const { inFlight, shares } = this
    const sequence = inFlight.nextSequence
    let written: number
    try {
      written = this.encode(record, sequence)
    } catch (error) {
      this.sourceFailed(error)
      return false
    }
    if (written === FULL) return false
    if (written === TOO_LARGE) {
      this.tooLarge(record)
      return false
    }
    inFlight.add(shares.lo, shares.hi, record.partition ?? 0, record.offset ?? sequence, this.nowMs)
    return true
  }

  private noteRead({ partition, offset }: SourceRecord): void {
    if (offset !== undefined) this.resume.read(partition ?? 0, offset)
  }

  /** Writes a record as the root with this sequence, whose share is then in `shares`. Throws TypeError for what is no record. */
  private encode(record: SourceRecord, sequence: number): number {
    const { head, shares } = this
    if (typeof record !== 'object' || record === null) {
      throw new TypeError(
        `read() gave ${record === null ? 'null' : `a ${typeof record}`} among its records, wanted { value, offset, … }`,
      )
    }
    if (record.offset === undefined && this.source.nack !== undefined) {
      throw new TypeError('a record has no offset, but a source with nack() must tell its records apart')
    }
    if (record.keys === null)
      throw new TypeError(`keys of a record are a list of strings, or nothing, not null`)
    head.lane = this.options.order === 'key' ? laneOf(record.keys) : NO_LANE
    head.sequence = sequence
    shares.next()
    head.shareLo = shares.lo
    head.shareHi = shares.hi
    const out = this.outFor(record, head.lane, sequence)
    return this.acks.awaited === 0
      ? this.place(out, PLAIN_MESSAGE, record, record.value)
      : this.writeAgain(out, record)
  }

  /** By tags, where there are branches; then by lane (O1); under order 'source' by sequence; what has neither goes where it is taken soon. */
  private outFor({ tags }: SourceRecord, lane: number, sequence: number): Outbound {
    const { branches } = this
    const number = branches === undefined ? 0 : branches.choose(tags ?? NO_TAGS)
    const outbounds = branches === undefined ? this.outbounds : branches.outbounds[number]
    this.spread = undefined
    if (outbounds.length === 1) return outbounds[0]
    if (lane !== NO_LANE || this.options.order === 'source') return outboundFor(outbounds, lane, sequence)
    this.spread = this.spreads[number]
    return this.spread.pick(branches === undefined ? sequence : mixed(sequence))
  }

  /** Writes a record, or keeps it aside where its branch has no room: the others go on. */
  private place(out: Outbound, kind: number, meta: MessageMeta, value: SourceRecord['value']): number {
    const { aside, head } = this
    const written =
      aside?.has(out) === true ? FULL : encode(out, kind, head, meta, value, this.options.valueBytesMax)
    if (written >= 0) this.readBytes += out.ring.words[written + VALUE_BYTES]
    else if (written === FULL) {
      if (this.spread === undefined) out.want()
      else this.spread.want()
      if (aside?.put(out, kind, head, meta, value) === true) {
        this.readBytes += value === null ? 0 : Buffer.byteLength(value)
        return ASIDE
      }
    }
    return written
  }

  /** Some records are awaited again after a nack: is this one of them? After too many deliveries it goes to the fallback. */
  private writeAgain(out: Outbound, record: SourceRecord): number {
    const { maxDeliveries, hasFallback } = this.options
    const before = this.acks.delivered(record.partition ?? 0, record.offset)
    if (before === undefined) return this.place(out, PLAIN_MESSAGE, record, record.value)
    const meta = { ...record, delivery: before.count }
    let kind = PLAIN_MESSAGE
    if (before.count >= (before.maxDeliveries ?? maxDeliveries)) {
      const reason = `nacked ${before.count} times: ${before.reason}`
      if (!hasFallback)
        throw new MillraceError(
          'ERR_SINK',
          `${this.name}: record ${positionText(record)}: ${reason}, and the topology has no fallback sink`,
        )
      kind = TO_FALLBACK
      Object.assign(meta, {
        reason,
        headers: { ...record.headers, 'millrace-reason': reason, 'millrace-attempts': String(before.count) },
      })
    }
    const written = this.place(out, kind, meta, record.value)
    if (written >= 0) this.acks.givenAgain(record.partition ?? 0, record.offset)
    return written
  }

  private tooLarge(record: SourceRecord): void {
    const { valueBytesMax } = this.options
    const bytes = record.value === null ? 0 : Buffer.byteLength(record.value)
    const what =
      bytes > valueBytesMax
        ? `its value has ${countText(bytes)} bytes, limits.messageBytes is ${countText(valueBytesMax)}`
        : 'its keys, tags and headers have more than 128 KiB'
    this.host.fail(
      new MillraceError('ERR_MESSAGE_TOO_LARGE', `${this.name}: record ${positionText(record)}: ${what}`),
    )
  }

  private commit(): void {
    const { cell } = this
    cell.registers[0] = this.inFlight.nextSequence
    this.resume.save(this.inFlight.lowest(), this.acks.lowest)
    this.acks.hasTold = false
    if (this.options.order === 'source') cell.watermark = (this.inFlight.nextSequence - 1) | 0
    cell.commit()
    this.dirty = false
    this.account()
  }

  private observeSettled(): void {
    if (this.settledCount > 0)
      this.counters.times.processing.observe(this.nowMs - this.settledReadMs, this.settledCount)
    this.settledCount = 0
  }

  /** I10: what is in flight is counted by itself, so that the account can be checked. */
  private account(): void {
    const { registers } = this.cell
    this.counters.setRoots(registers[1], registers[2], registers[3], this.inFlight.size, this.abandoned)
  }

  private sourceFailed(error: unknown): void {
    const known = isMillraceError(error)
    this.host.fail(
      known
        ? (error as Error)
        : new MillraceError('ERR_SOURCE', `${this.name}: ${messageOf(error)}`, { cause: error }),
    )
  }
}

function uncancel(cancellation: Cancellation, records: readonly SourceRecord[]): void {
  for (const record of records) {
    const offset: unknown = record?.offset
    if (typeof offset === 'number' || typeof offset === 'bigint') cancellation.clear(offset)
  }
}

function answerOf(settlement: Message): Answer {
  const { ring } = settlement.inbound
  const { status } = metaAt(ring, settlement.at)
  const headers = headersAt(ring, settlement.at)
  return {
    payload: settlement.bytes(),
    ...(status !== undefined && { status }),
    ...(headers && { headers }),
  }
}

function positionText(record: SourceRecord): string {
  const parts = [
    record.id === undefined ? '' : `with id ${JSON.stringify(record.id)}`,
    record.partition === undefined ? '' : `of partition ${record.partition}`,
    record.offset === undefined ? '' : `at offset ${record.offset}`,
  ]
  return parts.filter((part) => part !== '').join(' ') || 'without a position'
}
