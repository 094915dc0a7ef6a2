// Writes what a source gave into the mailboxes of the first stage, each record as a root: by branch and by lane, in the order in which
// it was read. What no mailbox has room for waits: aside where others may pass it (R6), else in its place.

import type { Host } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import {
  encode,
  FULL,
  type MessageMeta,
  PLAIN_MESSAGE,
  type RecordHead,
  TO_FALLBACK,
  TOO_LARGE,
} from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import type { Counters } from '../kernel/counters.js'
import { MillraceError } from '../kernel/failure.js'
import { laneOf, NO_LANE } from '../kernel/lane.js'
import { VALUE_BYTES } from '../kernel/layout.js'
import type { Outbound } from '../kernel/outbound.js'
import type { Shares } from '../kernel/shares.js'
import type { SourceRecord } from '../sources/source.js'
import type { Acks } from './acks.js'
import { Aside } from './aside.js'
import type { Branches } from './branches.js'
import type { InFlight } from './in-flight.js'
import { mixed, outboundFor } from './partition.js'
import type { ReaderMemory, ReaderOptions } from './reader-options.js'
import type { Resume } from './resume.js'
import { sourceError } from './source-error.js'
import { Spread } from './spread.js'

export type RootWriterParts = { inFlight: InFlight; acks: Acks; resume: Resume }

const NOTHING: readonly SourceRecord[] = []
const NO_TAGS: readonly string[] = []
/** Of `encode`: the record waits aside. */
const ASIDE = 0

export class RootWriter {
  private readonly options: ReaderOptions
  private readonly host: Host
  private readonly cell: Cell
  private readonly outbounds: readonly Outbound[]
  private readonly branches: Branches | undefined
  private readonly shares: Shares
  private readonly counters: Counters
  private readonly inFlight: InFlight
  private readonly acks: Acks
  private readonly resume: Resume
  private readonly head: RecordHead
  private readonly aside: Aside | undefined
  /** One for each branch; one in all where there are none. */
  private readonly spreads: readonly Spread[]
  /** The one that chose for the last record; none where its lane did. */
  private spread: Spread | undefined
  /** Records read and not yet written, from `stashAt` on. */
  private stash: readonly SourceRecord[] = NOTHING
  private stashAt = 0
  private readBytes = 0
  private nowMs = 0

  constructor(options: ReaderOptions, memory: ReaderMemory, host: Host, parts: RootWriterParts) {
    this.options = options
    this.host = host
    this.cell = memory.cell
    this.outbounds = memory.outbounds
    this.branches = memory.branches
    this.shares = memory.shares
    this.counters = memory.counters
    this.inFlight = parts.inFlight
    this.acks = parts.acks
    this.resume = parts.resume
    this.head = { epoch: memory.epoch, sequence: 0, lane: NO_LANE, shareLo: 0, shareHi: 0 }
    this.aside = this.branches && new Aside(this.outbounds)
    this.spreads = (this.branches?.outbounds ?? [this.outbounds]).map((each) => new Spread(each))
  }

  /** Tells whether all that was read is written. */
  get isDone(): boolean {
    return this.stashAt === this.stash.length
  }

  /** Takes what is to be written next, once all before it is. */
  take(records: readonly SourceRecord[]): void {
    this.stash = records
    this.stashAt = 0
  }

  /** Writes what was read, until a mailbox is full; gives how much it was. `free`: how many roots may be added. */
  write(nowMs: number, free: number): number {
    this.nowMs = nowMs
    const { stash } = this
    const from = this.stashAt
    const fromAside = this.aside === undefined || this.aside.size === 0 ? 0 : this.writeAside(this.aside)
    if (from < stash.length && this.outbounds.length > 1) for (const spread of this.spreads) spread.look()
    // A source that gave more than it was asked for has them written when there is room.
    const end = from === stash.length ? from : Math.min(stash.length, from + Math.max(0, free))
    while (this.stashAt < end) {
      if (!this.writeRecord(stash[this.stashAt])) break
      this.stashAt++
    }
    const written = this.stashAt - from
    if (written > 0) {
      this.cell.isDirty = true
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
      this.host.fail(sourceError(this.options.name, error))
    }
    if (written > 0) this.cell.isDirty = true
    return written
  }

  private writeRecord(record: SourceRecord): boolean {
    const { inFlight, shares } = this
    const sequence = inFlight.nextSequence
    let written: number
    try {
      written = this.encode(record, sequence)
    } catch (error) {
      this.host.fail(sourceError(this.options.name, error))
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
    if (record.offset === undefined && this.options.source.nack !== undefined) {
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
          `${this.options.name}: record ${positionText(record)}: ${reason}, and the topology has no fallback sink`,
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
      new MillraceError(
        'ERR_MESSAGE_TOO_LARGE',
        `${this.options.name}: record ${positionText(record)}: ${what}`,
      ),
    )
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
