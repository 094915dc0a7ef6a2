// What the reader tells its source: acks and nacks, in lists, one call at a time. It also keeps what belongs to single roots:
// answers, the reasons of nacks, and how often a nacked record was given.

import type { Host } from '../kernel/actor.js'
import { offsetOf } from '../kernel/codec.js'
import type { Counters } from '../kernel/counters.js'
import { crashPoint } from '../kernel/crash.js'
import { MillraceError, messageOf } from '../kernel/failure.js'
import type { Answer, Source, SourceAck, SourceNack, SourcePosition } from '../sources/source.js'
import type { Completed } from './in-flight.js'
import { isBelow } from './resume.js'

type Reason = { reason: string; delayMs: number; maxDeliveries?: number | undefined }
type Delivered = {
  position: SourcePosition
  count: number
  reason: string
  maxDeliveries: number | undefined
  awaited: boolean
}

/** Acks that the source has not been told, or has not taken yet, and the lowest of those that were looked at. */
class Untold {
  readonly acks: SourceAck[] = []
  private looked = 0
  private lowestLooked: SourcePosition | undefined

  get lowest(): SourcePosition | undefined {
    const { acks } = this
    for (; this.looked < acks.length; this.looked++) {
      const ack = acks[this.looked]
      if (this.lowestLooked === undefined || isBelow(ack, this.lowestLooked)) this.lowestLooked = ack
    }
    return this.lowestLooked
  }
}

const NONE = new Untold()

export class Acks {
  /** Nacked records that the source has not given again yet. */
  awaited = 0
  /** True once the source has taken what it was told: a successor need not read it again. */
  hasTold = false
  /** True after a nack: then a source whose end was reached is asked again. */
  reopens = false
  private readonly source: Source
  private readonly host: Host
  private readonly counters: Counters
  private untold = new Untold()
  /** Those of the call that is going on. */
  private telling = NONE
  private nacks: SourceNack[] = []
  private pending: Promise<void> | undefined
  private readonly answers = new Map<number, Answer[]>()
  private readonly reasons = new Map<number, Reason>()
  /** By partition and offset: records that were nacked and not acked since. */
  private readonly deliveries = new Map<string, Delivered>()
  /** The lowest of their positions, if it is known. */
  private lowestNacked: SourcePosition | undefined

  constructor(source: Source, host: Host, counters: Counters) {
    this.source = source
    this.host = host
    this.counters = counters
  }

  /** True while records were nacked and not acked since. */
  get hasNacked(): boolean {
    return this.deliveries.size > 0
  }

  /** Acks that the source has not been told of, or has not taken yet: somebody's memory, as what is in flight is. */
  get unanswered(): number {
    return this.untold.acks.length + this.telling.acks.length
  }

  /** True while the source has not been told of everything. */
  get busy(): boolean {
    return this.pending !== undefined || this.untold.acks.length + this.nacks.length > 0
  }

  /**
   * The lowest position that a successor is to read again, though its root is complete: what was nacked and not acked since, and
   * what the source has not been told. Undefined for none.
   */
  get lowest(): SourcePosition | undefined {
    let lowest = this.busy ? lowerOf(this.untold.lowest, this.telling.lowest) : undefined
    if (this.deliveries.size > 0) lowest = lowerOf(lowest, this.lowestOfNacked)
    return lowest
  }

  private get lowestOfNacked(): SourcePosition | undefined {
    if (this.lowestNacked === undefined) {
      for (const { position } of this.deliveries.values()) this.lower(position)
    }
    return this.lowestNacked
  }

  /** Keeps an answer until its root is complete. That of the last share comes with `ackRoot`: most answers wait for nothing. */
  answer(sequence: number, answer: Answer): void {
    const answers = this.answers.get(sequence)
    if (answers === undefined) this.answers.set(sequence, [answer])
    else answers.push(answer)
  }

  /** Keeps why a share of a root was nacked; the first reason counts. */
  reason(sequence: number, reason: Reason): void {
    if (!this.reasons.has(sequence)) this.reasons.set(sequence, reason)
  }

  /** `last`: the answer that came with the share that completed it, if one did. */
  ackRoot(sequence: number, root: Completed, last?: Answer): void {
    if (this.deliveries.size > 0) this.forget(root)
    if (last !== undefined && this.answers.size > 0) this.answer(sequence, last)
    let answers = this.answers.size === 0 ? undefined : this.answers.get(sequence)
    if (answers !== undefined) this.answers.delete(sequence)
    else if (last !== undefined) answers = [last]
    if (this.source.ack === undefined) return
    const offset = offsetOf(root.offsetLo, root.offsetHi)
    this.untold.acks.push(
      answers === undefined
        ? { partition: root.partition, offset }
        : { partition: root.partition, offset, answers },
    )
  }

  nackRoot(sequence: number, root: Completed): void {
    const why = this.reasons.get(sequence) ?? { reason: 'nacked', delayMs: 0 }
    this.reasons.delete(sequence)
    this.answers.delete(sequence)
    const offset = offsetOf(root.offsetLo, root.offsetHi)
    if (this.source.nack === undefined) {
      this.counters.add('refused')
      this.host.log.error('a record was nacked, and its source cannot give it again', {
        ...keyParts(root),
        reason: why.reason,
      })
      return
    }
    if (this.source.redelivers === false) {
      this.nack(root.partition, offset, why.reason, why.delayMs)
      return
    }
    const key = keyOf(root.partition, offset)
    const count = (this.deliveries.get(key)?.count ?? 0) + 1
    const { reason, maxDeliveries } = why
    const position = { partition: root.partition, offset }
    this.deliveries.set(key, { position, count, reason, maxDeliveries, awaited: true })
    if (this.lowestNacked !== undefined) this.lower(position)
    this.awaited++
    this.nack(root.partition, offset, why.reason, why.delayMs)
  }

  nack(partition: number, offset: bigint, reason: string, delayMs: number): void {
    if (this.source.redelivers !== false) this.reopens = true
    if (this.source.nack !== undefined) this.nacks.push({ partition, offset, reason, delayMs })
  }

  /** Gives how often a record was given before, if it was nacked since it was last acked. */
  delivered(partition: number, offset: bigint | number | undefined): Delivered | undefined {
    return offset === undefined ? undefined : this.deliveries.get(keyOf(partition, offset))
  }

  /** The source has given a nacked record again. */
  givenAgain(partition: number, offset: bigint | number | undefined): void {
    const delivered = this.delivered(partition, offset)
    if (!delivered?.awaited) return
    delivered.awaited = false
    this.awaited--
  }

  /** The source says that there is no more, though nacked records are awaited: they are nacked for good. */
  giveUp(): void {
    if (this.awaited === 0) return
    this.counters.add('refused', this.awaited)
    this.host.log.error(`the source ended without giving ${this.awaited} nacked records again`)
    for (const delivered of this.deliveries.values()) delivered.awaited = false
    this.awaited = 0
  }

  /** Tells the source what it has not been told yet, if no earlier call is going on. */
  flush(): void {
    if (this.pending !== undefined || this.untold.acks.length + this.nacks.length === 0) return
    const { untold, nacks } = this
    const { acks } = untold
    crashPoint('reader.before-tell')
    this.untold = new Untold()
    this.nacks = []
    const fromMs = this.host.clock.now()
    try {
      const told = [
        acks.length > 0 ? this.source.ack?.(acks) : undefined,
        nacks.length > 0 ? this.source.nack?.(nacks) : undefined,
      ]
      if (told.some((result) => result !== undefined)) {
        this.telling = untold
        this.await(told, fromMs)
      } else this.took(fromMs)
    } catch (error) {
      this.failed(error)
    }
  }

  /** Resolves when the source has been told everything. */
  async idle(): Promise<void> {
    while (this.busy) {
      this.flush()
      await this.pending
    }
  }

  private took(fromMs: number): void {
    this.counters.times.ack.observe(this.host.clock.now() - fromMs)
  }

  private await(told: readonly (void | Promise<void>)[], fromMs: number): void {
    this.counters.set('telling', 1)
    this.pending = Promise.all(told)
      .then(
        () => this.took(fromMs),
        (error) => this.failed(error),
      )
      .then(() => {
        this.pending = undefined
        this.telling = NONE
        this.hasTold = true
        this.counters.set('telling', 0)
        this.host.wake()
      })
  }

  private forget(root: Completed): void {
    // The next one that is asked for is found again.
    if (this.deliveries.delete(keyOf(root.partition, offsetOf(root.offsetLo, root.offsetHi))))
      this.lowestNacked = undefined
  }

  private lower(position: SourcePosition): void {
    if (this.lowestNacked === undefined || isBelow(position, this.lowestNacked)) this.lowestNacked = position
  }

  private failed(error: unknown): void {
    const what = `${this.source.name ?? 'source'}: could not take acks or nacks: ${messageOf(error)}`
    this.host.fail(new MillraceError('ERR_SOURCE', what, { cause: error }))
  }
}

function lowerOf(
  one: SourcePosition | undefined,
  other: SourcePosition | undefined,
): SourcePosition | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return isBelow(one, other) ? one : other
}

function keyParts(root: Completed): Record<string, unknown> {
  return { partition: root.partition, offset: String(offsetOf(root.offsetLo, root.offsetHi)) }
}

function keyOf(partition: number, offset: bigint | number): string {
  return `${partition}:${offset}`
}
