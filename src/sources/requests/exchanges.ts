// The exchanges of a source of requests, from the body to the end of the message: who waits for what, and who is told what.
// Each is answered exactly once, or its connection has ended. What is held is limited: exchanges, and the bytes of their bodies.

import { wallClockMs } from '../../kernel/clock.js'
import type { SourceAck, SourceContext, SourceNack, SourceRecord } from '../source.js'
import { receivingOn } from './body.js'
import type { Exchange } from './exchange.js'
import { Inbox } from './inbox.js'
import { REFUSALS, type Refusal } from './refusal.js'
import { Replies } from './replies.js'
import type { Ending, Outcome, Service } from './service.js'
import type { RequestSettings } from './settings.js'
import { Tally } from './tally.js'
import { Waiting } from './waiting.js'

const NONE: readonly SourceRecord[] = []

export class Exchanges {
  readonly bodyBytesMax: number
  isDraining = false
  readonly tally: Tally
  readonly replies: Replies
  private readonly service: Service
  private readonly settings: RequestSettings
  private readonly context: SourceContext
  private readonly inbox: Inbox
  private readonly waiting: Waiting
  /** Requests whose bodies come. */
  private receiving = 0
  private tick = 0

  constructor(settings: RequestSettings, context: SourceContext, service: Service) {
    this.settings = settings
    this.context = context
    this.service = service
    this.tally = new Tally(context.log)
    this.replies = new Replies(this.tally, service.emptyStatus)
    this.waiting = new Waiting(settings.inFlight)
    this.bodyBytesMax = settings.bodyBytes ?? context.messageBytesMax
    this.inbox = new Inbox((exchange) => service.given(exchange), this.bodyBytesMax, service.line)
  }

  read(max: number): readonly SourceRecord[] | Promise<readonly SourceRecord[]> {
    return this.isDraining ? NONE : this.inbox.read(max)
  }

  ack(acks: readonly SourceAck[]): void {
    for (const { offset, answers } of acks) {
      const exchange = this.settle(offset, { answers })
      if (exchange !== undefined) this.each(exchange, (waiter) => this.replies.answerWaiter(waiter, answers))
    }
  }

  nack(nacks: readonly SourceNack[]): void {
    for (const { offset, reason, delayMs } of nacks) {
      const exchange = this.settle(offset, { reason })
      if (exchange === undefined) continue
      const headers = delayMs > 0 ? ['Retry-After', String(Math.ceil(delayMs / 1_000))] : []
      const refusal = { ...REFUSALS.failed, headers, detail: this.service.detailOf(reason) }
      this.each(exchange, (waiter) => this.replies.refuseWaiter(waiter, refusal))
    }
  }

  /** Requests that were not read yet. */
  get pending(): number {
    return this.inbox.size
  }

  stats(): Record<string, number> {
    return {
      ...this.tally.counts(),
      waiting: this.waiting.size + this.waiting.arrivedCount,
      joined: this.waiting.joinedCount,
      orphans: this.waiting.orphanCount,
      held_bytes: this.inbox.heldBytes,
      ...this.service.stats(),
    }
  }

  /** No new requests. What was read is finished; what was not is refused: nobody reads it any more. */
  drain(): void {
    if (this.isDraining) return
    this.isDraining = true
    this.replies.areLast = true
    for (const exchange of this.waiting.all())
      if (exchange.state === 'queued')
        this.each(exchange, (waiter) => this.endWait(waiter, REFUSALS.draining))
    this.inbox.interrupt()
  }

  /** Answers all who still wait: nobody else will. */
  stop(): void {
    for (const exchange of this.waiting.everybody())
      this.each(exchange, (waiter) => this.replies.refuseWaiter(waiter, REFUSALS.stopped))
  }

  /** Its body comes from now on: its id is taken. */
  begin(exchange: Exchange): void {
    this.receiving++
    this.waiting.reserveId(exchange)
  }

  get isFull(): boolean {
    return this.waiting.requestCount >= this.settings.inFlight
  }

  /** With HTTP/1 a connection brings one body at a time; with HTTP/2 it may bring many, and they are no more than with HTTP/1. */
  get isFullOfBodies(): boolean {
    return this.receiving >= this.settings.limits.connections
  }

  get freeBytes(): number {
    return this.inbox.freeBytes
  }

  held(bytes: number): void {
    this.inbox.heldBytes += bytes
  }

  /** Its body is there. */
  complete(exchange: Exchange): void {
    this.receiving--
    exchange.state = 'arrived'
    const first = this.waiting.byId(exchange.id)
    if (this.isDraining) this.turnAway(exchange, REFUSALS.draining)
    else if (first !== undefined && first !== exchange) this.join(exchange, first)
    else if (this.isFull) this.turnAway(exchange, REFUSALS.tooMany)
    else if (this.service.arrived(exchange)) this.enqueue(exchange)
    else this.prepare(exchange)
  }

  /** From now on it is a message. */
  enqueue(exchange: Exchange): void {
    this.waiting.prepared(exchange)
    exchange.state = 'queued'
    if (exchange.isAsync) exchange.dueTick = Number.POSITIVE_INFINITY
    else if (exchange.record.deadline === undefined) this.limitTime(exchange)
    this.waiting.reserveId(exchange)
    this.waiting.add(exchange)
    this.inbox.push(exchange)
  }

  /** It is not lost any more: who asked for no more than that is answered. */
  accept(exchange: Exchange): void {
    exchange.isAccepted = true
    this.service.answerAccepted(exchange)
    for (const waiter of exchange.joined ?? []) {
      if (!waiter.isAsync) continue
      this.service.answerAccepted(waiter)
      this.waiting.part(waiter)
      this.end(waiter)
    }
  }

  /** Says no to a request whose body comes, or has come. */
  turnAway(exchange: Exchange, refusal: Refusal): void {
    this.forgetReceiving(exchange, refusal)
    this.replies.refuseWaiter(exchange, refusal)
  }

  /** Answers a request that is no message yet, and all who wait for the same answer, with what is known. */
  answerKnown(exchange: Exchange, answers: SourceAck['answers']): void {
    this.each(exchange, (waiter) => this.replies.answerWaiter(waiter, answers))
    this.forgetReceiving(exchange)
  }

  /** Gives the message in flight with this id. */
  byId(id: string): Exchange | undefined {
    return this.waiting.byId(id)
  }

  /** It is over before it was a message; those that wait for its answer are told why, or to ask again. */
  forgetReceiving(exchange: Exchange | undefined, refusal: Refusal = REFUSALS.notTaken): boolean {
    if (exchange === undefined || exchange.state === 'over') return false
    if (exchange.state === 'receiving') this.receiving--
    this.inbox.forget(exchange)
    this.waiting.prepared(exchange)
    this.waiting.releaseId(exchange)
    this.end(exchange)
    this.eachJoined(exchange, (waiter) => this.replies.refuseWaiter(waiter, refusal))
    return true
  }

  /** Another with this id is in flight, and its answer is for both. */
  private join(exchange: Exchange, first: Exchange): void {
    const isRepeat = exchange.isAsync && first.isAsync
    // What was cancelled cannot be taken back; and who waits for an answer does not know whether it is accepted.
    if (first.state === 'orphaned' || exchange.isAsync !== isRepeat) this.turnAway(exchange, REFUSALS.sameId)
    else if (isRepeat && first.isAccepted) {
      this.service.answerAccepted(exchange)
      this.forgetReceiving(exchange)
    } else if (this.isFull) this.turnAway(exchange, REFUSALS.tooMany)
    else {
      this.inbox.forget(exchange)
      exchange.dueTick = this.dueTickOf(exchange)
      this.waiting.join(exchange, first)
    }
  }

  /** The service goes on with it; its time runs as that of any other. */
  private prepare(exchange: Exchange): void {
    if (exchange.state !== 'arrived') return
    this.limitTime(exchange)
    this.waiting.prepare(exchange)
  }

  /** The time of the client begins to run. */
  private limitTime(exchange: Exchange): void {
    exchange.dueTick = this.dueTickOf(exchange)
    // What was accepted has none: nobody waits.
    if (!exchange.isAsync) exchange.record.deadline = wallClockMs() + exchange.timeoutMs
  }

  private dueTickOf({ timeoutMs }: Exchange): number {
    return this.tick + Math.ceil(timeoutMs / this.settings.tickMs)
  }

  /** Calls back for all who wait for the outcome of a message. */
  private each(exchange: Exchange, tell: (waiter: Exchange) => void): void {
    tell(exchange)
    this.eachJoined(exchange, tell)
  }

  private eachJoined({ joined }: Exchange, tell: (waiter: Exchange) => void): void {
    if (joined === undefined) return
    for (const waiter of joined) {
      this.waiting.part(waiter)
      tell(waiter)
      this.end(waiter)
    }
  }

  /** A message is settled: gives it, if it is known. */
  private settle(offset: bigint, outcome: Outcome): Exchange | undefined {
    const exchange = this.waiting.settle(Number(offset))
    if (exchange === undefined || exchange.state === 'orphaned') this.tally.late++
    if (exchange === undefined) return undefined
    this.service.settled(exchange, outcome)
    if (exchange.isLate) this.end(exchange, 'timedOut')
    else this.end(exchange, 'reason' in outcome || exchange.state === 'orphaned' ? 'ignored' : 'answered')
    return exchange
  }

  /** It is no message any more, or never was one. */
  private end(exchange: Exchange, ending: Ending = 'ignored'): void {
    if (exchange.state === 'over') return
    exchange.state = 'over'
    this.service.released(exchange, ending)
    // It leaves room for others behind the line.
    if (exchange.place?.leftMs !== undefined) this.inbox.advance()
  }

  /** Nobody waits on this exchange any more. */
  private leave(exchange: Exchange): void {
    exchange.response = undefined
    if (exchange.state === 'joined') {
      this.waiting.part(exchange)
      this.end(exchange)
      if (exchange.first !== undefined) this.leaveIfUnwanted(exchange.first)
    } else this.leaveIfUnwanted(exchange)
  }

  private leaveIfUnwanted(exchange: Exchange): void {
    if (exchange.isWanted) {
      // Those that joined it have their own time.
      if (exchange.response === undefined) exchange.dueTick = Number.POSITIVE_INFINITY
      return
    }
    if (exchange.state === 'queued') {
      this.waiting.settle(Number(exchange.record.offset))
      this.end(exchange)
      this.inbox.withdraw(exchange)
    } else if (exchange.state === 'given') {
      this.waiting.orphan(exchange)
      this.context.cancel?.(0, exchange.record.offset as number)
    } else this.forgetReceiving(exchange)
  }

  /** Ends a wait without its message's outcome. */
  private endWait(exchange: Exchange, refusal: Refusal): void {
    const { response } = exchange
    this.leave(exchange)
    if (response !== undefined) this.replies.say(response, refusal)
  }

  /** A turn of the clock: whose time is over? */
  turn(): void {
    this.tick++
    for (const exchange of this.waiting.overdue(this.tick)) {
      exchange.isLate = true
      // What was not read was not taken: it can be sent again without a doubt.
      const isTaken = !exchange.isAsync && exchange.state !== 'queued' && exchange.state !== 'arrived'
      if (exchange.state === 'arrived' && exchange.isAsync) this.turnAway(exchange, REFUSALS.notTaken)
      else this.endWait(exchange, isTaken ? REFUSALS.late : REFUSALS.notTaken)
    }
    this.tally.tell()
  }

  /** A connection has ended: whoever waited on it is gone. */
  gone(socket: NonNullable<Exchange['socket']>): void {
    const receiving = receivingOn(socket)
    if (receiving !== undefined) {
      this.tally.gone()
      if (receiving.state === 'receiving') this.forgetReceiving(receiving)
      else this.leave(receiving)
    }
    for (const exchange of this.waiting.of(socket)) {
      if (exchange.response === undefined) continue
      this.leave(exchange)
      this.tally.gone()
    }
  }
}
