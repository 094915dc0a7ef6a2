// The ledger of a simulated run: it watches the source, the handlers and the sinks from outside, and outlives all threads.
// It complains at once where a promise is broken: what is acked was taken by somebody (I1), nothing is offered again that was surely
// done (I3), order holds (I4), a lane is in one place at a time (O1, O2).

import { CANCELLED } from '../../kernel/cancellation.js'
import { epochOfLife } from '../../kernel/epoch.js'
import type { Message } from '../../kernel/message.js'
import { partOf } from '../../kernel/part-of.js'
import type { SourcePosition, SourceRecord } from '../../sources/source.js'
import type { Stage, Topology } from '../../topology/types.js'
import { CancelBook } from './cancel-book.js'
import { type CallEntry, Giving } from './ledger-types.js'
import { OfferBook } from './offer-book.js'
import { OrderBook } from './order-book.js'
import { rootOf } from './root-of.js'

export type LedgerOptions = {
  topology: Topology
  /** Where there are several, the partition of a record is the number of its reader. */
  readers: number
  now: () => number
  /** Gives the name by which a message is known; undefined where its value is not whole (I2). */
  nameOf: (message: Message) => string | undefined
  /** Says which rule is broken, and how. */
  broken: (rule: string, what: string) => void
  /** Tells the story. */
  tell: (who: string, what: string) => void
}

export class Ledger {
  readonly options: LedgerOptions
  readonly offers: OfferBook
  readonly order: OrderBook
  readonly cancels: CancelBook
  /** Number of the life of each reader, from 0. */
  private readonly lives: number[]
  /** What was told to the source. */
  readonly told = { acks: 0, nacks: 0 }
  /** Decides at an ack whether all of it was taken: gives what was not. */
  missing: (giving: Giving) => string | undefined = () => undefined
  /** Decides whether a nack has a reason. */
  mayNack: (giving: Giving) => boolean = () => true
  private readonly givings = new Map<string, Giving>()
  /** The last time that each record was given. */
  private readonly last = new Map<string, Giving>()
  private readonly pending = new Set<{
    entry: CallEntry
    stage: string
    key: string | undefined
    timeoutMs: number
  }>()
  /** Calls that have not ended, with their time-outs. */
  private readonly inHand = new Map<CallEntry, number>()
  private readonly lastCalls = new Map<string, CallEntry>()
  private readonly resumedAt = new Map<number, bigint | undefined>()

  constructor(options: LedgerOptions) {
    this.options = options
    this.lives = new Array<number>(options.readers).fill(0)
    this.order = new OrderBook(options.topology, options.readers, options.broken)
    this.cancels = new CancelBook(partOf(options.topology.limits.inFlight, options.readers))
    this.offers = new OfferBook(this)
  }

  /** Every time that any record was given. */
  get all(): Iterable<Giving> {
    return this.givings.values()
  }

  /** The last time that each record was given. */
  get latest(): Iterable<Giving> {
    return this.last.values()
  }

  /** True once a reader has begun another life. */
  get hasResumed(): boolean {
    return this.lives.some((life) => life > 0)
  }

  /** Gives the number of the reader that has given a record. */
  readerOf({ position }: Giving): number {
    return this.options.readers === 1 ? 0 : Number.parseInt(position, 10)
  }

  /** A reader has begun another life: what it had read in the one before is given again, from `resume` on (R2, I5). */
  resumed(reader: number, life: number, resume: SourcePosition | undefined): void {
    this.lives[reader] = life
    const { broken, tell } = this.options
    tell(
      'source',
      `opened for epoch ${this.epochOf(reader)}, to go on at ${resume === undefined ? 'its start' : resume.offset}`,
    )
    const before = this.resumedAt.get(reader)
    if (before !== undefined && (resume === undefined || resume.offset < before))
      broken('I5', `the position to go on at went back from ${before} to ${resume?.offset}`)
    this.resumedAt.set(reader, resume?.offset)
    for (const giving of this.last.values()) {
      if (giving.verdict === 'acked' || this.readerOf(giving) !== reader) continue
      if (giving.verdict === 'open') giving.verdict = 'abandoned'
      const [, offset] = giving.position.split(':')
      if (resume === undefined || BigInt(offset) >= resume.offset) continue
      // It was settled, and the reader died before it could tell.
      giving.verdict = 'acked'
      const missing = this.missing(giving)
      if (missing !== undefined)
        broken('I5', `the source goes on at ${resume.offset}, though of ${giving.title} ${missing}`)
    }
  }

  given(records: readonly SourceRecord[]): void {
    const names: string[] = []
    for (const { partition = 0, offset, keys = [] } of records) {
      if (offset === undefined) continue
      const position = `${partition}:${offset}`
      const before = this.last.get(position)
      const epoch = this.epochOf(this.options.readers === 1 ? 0 : partition)
      const isAgain = before?.epoch === epoch && before.verdict === 'nacked'
      const giving = new Giving(position, epoch, isAgain ? before.delivery + 1 : 0, keys)
      this.last.set(position, giving)
      this.givings.set(`${position}/${giving.epoch}/${giving.delivery}`, giving)
      this.cancels.given(giving)
      names.push(String(offset))
    }
    if (records.length > 0) this.options.tell('source', `gives ${names.join(' ')}`)
  }

  acked(positions: readonly SourcePosition[]): void {
    this.options.tell('source', `is told ack for ${positions.map(({ offset }) => offset).join(' ')}`)
    for (const position of positions) {
      const giving = this.settle(position, 'acked')
      this.told.acks++
      const missing = giving && this.missing(giving)
      if (missing !== undefined) this.options.broken('I1', `${giving?.title} is acked, though ${missing}`)
    }
  }

  nacked(positions: readonly SourcePosition[]): void {
    this.options.tell('source', `is told nack for ${positions.map(({ offset }) => offset).join(' ')}`)
    for (const position of positions) {
      const giving = this.settle(position, 'nacked')
      this.told.nacks++
      if (giving !== undefined && !giving.wasCancelled && !this.mayNack(giving))
        this.options.broken('S2', `${giving.title} is nacked, and nobody has nacked any of it`)
    }
  }

  /** The source says that nobody waits for a record. */
  cancelled(giving: Giving): void {
    this.options.tell('source', `cancels ${giving.title}`)
    this.cancels.cancelled(giving)
  }

  /** The signal of a message has aborted. */
  aborted(message: Message, reason: unknown): void {
    const giving = this.givingOf(message)
    // What is left of an epoch that is over has the offsets of records that are given again.
    if (giving === undefined || giving.wasCancelled) return
    if (giving.epoch !== this.epochOf(this.readerOf(giving))) return
    if ((reason as Error).message === CANCELLED)
      this.options.broken(
        'R5',
        `the signal of a message of ${giving.title} was aborted, and nobody cancelled it`,
      )
  }

  /** A handler is called for a message; or the stream that it returned is pulled. */
  called(stage: string, thread: string, message: Message, isPull: boolean): CallEntry {
    const { now, topology } = this.options
    const entry = {
      thread,
      startedMs: now(),
      endedMs: undefined,
      hasFailed: false,
      hasDied: false,
      hasDiedAlone: false,
      hasKilled: false,
    }
    const giving = this.givingOf(message)
    const name = this.nameOf(message)
    const known = topology.stages.find((each) => each.name === stage) as Stage
    const key = giving && this.order.keyOf(giving, message, known.level)
    if (!isPull && topology.order === 'key') this.watchLane(stage, known.handlerTimeoutMs, name, key, entry)
    this.lastCalls.set(thread, entry)
    this.inHand.set(entry, known.handlerTimeoutMs)
    if (giving === undefined) return entry
    if (!isPull && this.cancels.holds(giving))
      this.options.broken('R5', `${name} of ${giving.title} is begun at ${stage}, though it is cancelled`)
    const calls = giving.callsOf(stage, name)
    if (!isPull && calls.length === 0 && !this.cancels.wasEver(giving))
      this.order.checkCall(known, message, name, key)
    giving.calls.set(`${stage}|${name}`, [...calls, entry])
    return entry
  }

  ended(entry: CallEntry, hasFailed: boolean): void {
    entry.endedMs = this.options.now()
    entry.hasFailed = hasFailed
    this.inHand.delete(entry)
    for (const each of this.pending) if (each.entry === entry) this.pending.delete(each)
  }

  /** `inHandler`: while user code had just returned, and nobody knew it yet. */
  died(thread: string, inHandler = false): void {
    const nowMs = this.options.now()
    for (const each of this.pending) if (each.entry.thread === thread) this.pending.delete(each)
    const inHand: CallEntry[] = []
    for (const [call, timeoutMs] of this.inHand) {
      if (call.thread !== thread) continue
      this.inHand.delete(call)
      if (nowMs - call.startedMs < timeoutMs) inHand.push(call)
      call.endedMs = nowMs
      call.hasDied = true
    }
    const last = this.lastCalls.get(thread)
    const alone = inHandler ? last : inHand.length === 1 ? inHand[0] : undefined
    if (alone !== undefined) alone.hasDied = alone.hasDiedAlone = true
    this.offers.died(thread)
  }

  /** Gives the time of giving that a message belongs to; undefined where the source gives no offsets. */
  givingOf(message: Message): Giving | undefined {
    const { epoch } = rootOf(message)
    if (message.offset === undefined) return undefined
    const giving = this.givings.get(
      `${message.partition ?? 0}:${message.offset}/${epoch}/${message.delivery}`,
    )
    if (giving === undefined)
      this.options.broken('I2', `message ${message.id} belongs to no record that the source gave`)
    return giving
  }

  nameOf(message: Message): string {
    const name = this.options.nameOf(message)
    if (name === undefined)
      this.options.broken('I2', `message ${message.id} came with a value that nobody made: ${message.text()}`)
    return name ?? ''
  }

  private epochOf(reader: number): number {
    return epochOfLife(this.lives[reader], reader, this.options.readers)
  }

  private settle({ partition, offset }: SourcePosition, verdict: 'acked' | 'nacked'): Giving | undefined {
    const giving = this.last.get(`${partition}:${offset}`)
    if (giving === undefined) return undefined
    if (giving.verdict !== 'open')
      this.options.broken('S2', `${giving.title} was ${giving.verdict}, and is ${verdict} now`)
    giving.verdict = verdict
    return giving
  }

  /** O1: of one lane, one call at a time; those that took too long are given up. */
  private watchLane(
    stage: string,
    timeoutMs: number,
    name: string,
    key: string | undefined,
    entry: CallEntry,
  ): void {
    for (const each of this.pending) {
      const isLate = entry.startedMs - each.entry.startedMs >= each.timeoutMs
      if (key === undefined || each.key !== key || each.stage !== stage || isLate) continue
      this.options.broken('O1', `${name} is begun at ${stage} while another message with its keys is in hand`)
    }
    this.pending.add({ entry, stage, key, timeoutMs })
  }
}
