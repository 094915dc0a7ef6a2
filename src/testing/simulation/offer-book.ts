// The sinks' side of the ledger: what each write was given, what it answered, and whether it may be given again (I3, O2).

import type { Message } from '../../kernel/message.js'
import type { Response, ResponseOutcome } from '../../sinks/response.js'
import type { SinkRole } from '../../topology/types.js'
import type { Ledger } from './ledger.js'
import type { BatchEntry, Giving, OfferEntry } from './ledger-types.js'
import { rootOf } from './root-of.js'

const FINAL: readonly (string | undefined)[] = ['ok', 'serve', 'onSuccess', 'fallback', 'nack']
const GIVEN_UP: readonly (string | undefined)[] = ['failure', 'error', 'fallback', 'nack']
const WRITTEN: readonly ResponseOutcome[] = ['ok', 'serve', 'onSuccess']

export class OfferBook {
  /** How often a sink wrote something again. */
  duplicates = 0
  written = 0
  /** Called for each message that a sink has written. */
  onWritten: (sink: string, message: Message) => void = () => {}
  private readonly ledger: Ledger
  private readonly open = new Set<BatchEntry>()

  constructor(ledger: Ledger) {
    this.ledger = ledger
  }

  /** A sink is about to be given a batch. */
  offered(role: SinkRole, thread: string, messages: readonly Message[]): BatchEntry {
    const { ledger } = this
    const { now, tell } = ledger.options
    const keys = messages.map((message) => {
      const giving = ledger.givingOf(message)
      return role.role === 'sink' && giving !== undefined
        ? ledger.order.keyOf(giving, message, Number.POSITIVE_INFINITY)
        : undefined
    })
    const batch: BatchEntry = {
      sink: role.name,
      thread,
      startedMs: now(),
      toldMs: undefined,
      timeoutMs: role.writeTimeoutMs,
      isOver: false,
      entries: [],
      orderKeys: keys,
    }
    this.checkLanes(role, batch)
    for (const message of messages) batch.entries.push(this.offer(role, batch, message))
    tell(role.name, `is given ${batch.entries.map(({ name }) => name).join(' ')}`)
    this.open.add(batch)
    return batch
  }

  /** What the sink did: it may have written before it failed. */
  answered(
    batch: BatchEntry,
    messages: readonly Message[],
    answer: readonly Response[] | { error: unknown },
  ): void {
    const { order, options } = this.ledger
    const outcomes = outcomesOf(messages, answer)
    batch.entries.forEach((entry, i) => {
      entry.outcome = outcomes[i]
      if (!WRITTEN.includes(outcomes[i] as ResponseOutcome) && !entry.isWritten) return
      const before = this.writtenBefore(entry, messages[i])
      if (before) this.duplicates++
      else if (!this.gaveUpItsPlace(entry, messages[i]))
        order.checkWrite(batch.sink, messages[i], entry.name, batch.orderKeys[i])
      this.written++
      entry.isWritten = true
      this.onWritten(batch.sink, messages[i])
    })
    options.tell(
      batch.sink,
      `answers ${batch.entries.map(({ name, outcome }) => `${name} ${outcome}`).join(', ')}`,
    )
  }

  /** The actor knows the answer. */
  told(batch: BatchEntry): void {
    batch.toldMs = this.ledger.options.now()
  }

  /** The sink's actor has done a step; `isBlocked`: some answers could not be disposed of. */
  stepped(sink: string, isBlocked: boolean): void {
    if (isBlocked) return
    for (const batch of this.open) {
      if (batch.sink !== sink || batch.toldMs === undefined) continue
      this.open.delete(batch)
      batch.isOver = true
      if (batch.toldMs - batch.startedMs >= batch.timeoutMs) continue
      for (const entry of batch.entries) entry.isSure = FINAL.includes(entry.outcome)
    }
  }

  /** What was in the hands of a dead thread's sinks may be offered again (S5). */
  died(thread: string): void {
    for (const batch of [...this.open].filter((each) => each.thread === thread)) {
      batch.isOver = true
      const isAlone = batch.entries.length === 1 && !this.hasCompany(batch)
      for (const entry of batch.entries) {
        entry.hasDied = true
        entry.hasDiedAlone = isAlone
      }
    }
    for (const batch of this.open) if (batch.thread === thread) this.open.delete(batch)
  }

  private hasCompany(batch: BatchEntry): boolean {
    const nowMs = this.ledger.options.now()
    return [...this.open].some(
      (other) =>
        other !== batch &&
        other.sink === batch.sink &&
        other.toldMs === undefined &&
        nowMs - other.startedMs < other.timeoutMs,
    )
  }

  /** How often a message's writes failed at a sink, as its actor may have counted. */
  failures(giving: Giving, sink: string, name: string): number {
    return giving.offersOf(sink, name).filter(({ outcome, batch }) => {
      const tookMs = (batch.toldMs ?? this.ledger.options.now()) - batch.startedMs
      return outcome === 'failure' || outcome === 'error' || tookMs >= batch.timeoutMs
    }).length
  }

  private offer(role: SinkRole, batch: BatchEntry, message: Message): OfferEntry {
    const { ledger } = this
    const isFallback = role.role === 'fallback'
    const entry: OfferEntry = {
      sink: role.name,
      name: ledger.nameOf(message),
      share: rootOf(message).share,
      from: isFallback ? textOf(message, 'millrace-stage') : undefined,
      reason: isFallback ? message.reason : undefined,
      batch,
      outcome: undefined,
      isWritten: false,
      isSure: false,
      hasDied: false,
      hasDiedAlone: false,
      hasKilled: false,
    }
    const giving = ledger.givingOf(message)
    if (giving === undefined) return entry
    const before = giving.offersOf(role.name, entry.name)
    this.checkRepeat(role, giving, entry, before)
    giving.offers.set(`${role.name}|${entry.name}`, [...before, entry])
    return entry
  }

  /** I3: it may be offered again only where nobody can know whether it was done. */
  private checkRepeat(
    role: SinkRole,
    giving: Giving,
    entry: OfferEntry,
    before: readonly OfferEntry[],
  ): void {
    const { broken, now } = this.ledger.options
    const what = `${entry.name} of ${giving.title} at ${role.name}`
    const same = before.filter(({ share }) => share === entry.share)
    if (role.role === 'sink' && same.length < before.length) broken('I3', `${what} was made twice`)
    const last = same.at(-1)
    if (last === undefined || last.hasDied) return
    if (last.isSure) broken('I3', `${what} was answered ${last.outcome}, and is offered again`)
    const { toldMs, startedMs, timeoutMs } = last.batch
    const isLate = (toldMs ?? now()) - startedMs >= timeoutMs
    if (toldMs === undefined && !isLate) broken('I3', `${what} is offered again before it is answered`)
    if (toldMs !== undefined && !isLate && FINAL.includes(last.outcome))
      broken('I3', `${what} was answered ${last.outcome} in time, and is offered again`)
  }

  /** O2: a lane is in one unanswered batch at a time; only an ordered sink gets several of a lane in one batch. */
  private checkLanes(role: SinkRole, batch: BatchEntry): void {
    const { broken, now } = this.ledger.options
    const keys = batch.orderKeys.filter((key) => key !== undefined)
    if (role.sink.ordered !== true && new Set(keys).size < keys.length)
      broken('O2', `several messages of a lane in one batch of ${role.name}, which is not ordered`)
    for (const other of this.open) {
      const isLate = now() - other.startedMs >= other.timeoutMs
      if (other.sink !== batch.sink || other.toldMs !== undefined || isLate) continue
      if (keys.some((key) => other.orderKeys.includes(key)))
        broken('O2', `a lane is in two unanswered batches of ${role.name}`)
    }
  }

  /** It was given up before, and its thread died before that was committed: those behind it have passed it. */
  private gaveUpItsPlace(entry: OfferEntry, message: Message): boolean {
    const before = this.ledger.givingOf(message)?.offersOf(entry.sink, entry.name) ?? []
    return before.some(({ hasDied, outcome }) => hasDied && GIVEN_UP.includes(outcome))
  }

  private writtenBefore(entry: OfferEntry, message: Message): boolean {
    const giving = this.ledger.givingOf(message)
    const before = giving?.offersOf(entry.sink, entry.name) ?? []
    return before.some((each) => each !== entry && each.share === entry.share && each.isWritten)
  }
}

function outcomesOf(
  messages: readonly Message[],
  answer: readonly Response[] | { error: unknown },
): readonly string[] {
  if (!Array.isArray(answer)) return messages.map(() => 'error')
  const byId = new Map(answer.map(({ ref, outcome }) => [typeof ref === 'string' ? ref : ref.id, outcome]))
  return messages.map((message) => byId.get(message.id) ?? 'missing')
}

function textOf(message: Message, header: string): string | undefined {
  const value = message.headers[header]
  return value === undefined ? undefined : String(value)
}
