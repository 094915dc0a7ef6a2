// The sink actor: gives batches to a user's sink, checks the answers, and disposes of each message as answered: settles it,
// tries it again, holds it, or passes it on to the fallback or onSuccess sink.
// It never waits to fill a batch while it could write (W4). Its write precedes its commit, so a crash repeats the write and
// never the settlement (S5).

import { type Actor, type Host, MORE } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import { FULL, kindWord, MARKER, MESSAGE, ROUTE_FALLBACK, TOO_LARGE } from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import type { Counters } from '../kernel/counters.js'
import { crashPoint } from '../kernel/crash.js'
import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import { NO_LANE } from '../kernel/lane.js'
import { ATTEMPT, KIND } from '../kernel/layout.js'
import type { Message } from '../kernel/message.js'
import { isPromise, settlingOnce } from '../kernel/promise.js'
import { backoffMs, type RetryStrategy } from '../kernel/retry.js'
import { begin, deliveriesOf, end, hasCompany, isSuspect } from '../kernel/suspicion.js'
import { type HoldOptions, type NackOptions, Response, type ServeOptions } from '../sinks/response.js'
import type { OnSuccessMessage, Sink } from '../sinks/sink.js'
import type { TracedSink } from './actor-tracing.js'
import { BegunNotes, type Journal } from './begun-notes.js'
import { type Death, type PoisonEnd, poisonOf } from './death.js'
import { GiveUpLog } from './give-up-log.js'
import type { Intake } from './intake.js'
import type { Order } from './order.js'
import type { Parking } from './parking.js'
import { epochOf } from './records.js'
import { checkResponses } from './responses.js'
import { RetryLog } from './retry-log.js'
import { SinkBatch } from './sink-batch.js'
import { SinkHealth } from './sink-health.js'
import type { SinkOutlet } from './sink-outlet.js'
import { SinkQueue, type Waiter } from './sink-queue.js'

export type SinkOptions = {
  name: string
  role: 'sink' | 'fallback' | 'onSuccess'
  sink: Sink
  order: Order
  retry: RetryStrategy
  writeTimeoutMs: number
  batchMax: number
  concurrency: number
  /** True where copies of a message may meet here, or messages of several readers. */
  idsMayRepeat: boolean
  /** After how many contract breaches the topology stops. */
  contractBreaches: number
  /** Deaths of the thread while a record is alone with the sink that make it poison. */
  poisonAfter: number
  poisonTo: PoisonEnd
  /** Told of each write that takes too long, where writes are traced. */
  gaveUp?: TracedSink['gaveUp'] | undefined
}

export type SinkMemory = {
  cell: Cell
  intake: Intake
  parking: Parking<Waiter>
  outlet: SinkOutlet
  counters: Counters
  /** How the predecessor died, if there was one. */
  death?: Death | undefined
  /** Where it is noted what the sink is given, if that is to outlive the process. */
  journal?: Journal | undefined
}

/** Batches written in one step, at most. */
const STEP_BATCHES = 4
const NOTHING_FORBIDDEN: readonly Response['outcome'][] = []
const FALLBACK_ROLE_FORBIDS: readonly Response['outcome'][] = ['fallback', 'onSuccess']
const TO_FALLBACK = kindWord(MESSAGE, 0, ROUTE_FALLBACK)

export class SinkActor implements Actor {
  readonly name: string
  private readonly options: SinkOptions
  private readonly cell: Cell
  private readonly outlet: SinkOutlet
  private readonly counters: Counters
  private readonly host: Host
  private readonly queue: SinkQueue
  private readonly parking: Parking<Waiter>
  private readonly check: { forbidden: readonly Response['outcome'][]; laneOf?: (message: Message) => number }
  /** Batches that are not wholly disposed of, oldest first. */
  private readonly batches: SinkBatch[] = []
  private readonly intake: Intake
  private readonly death: Death | undefined
  private readonly notes: BegunNotes | undefined
  private readonly health: SinkHealth
  private readonly retryLog: RetryLog
  private readonly giveUpLog: GiveUpLog
  /** Writes that the sink has not answered. */
  private calls = 0
  /** Writes that were given up and still have no answer. */
  private late = 0
  private hasRetired = false
  private breaches = 0
  private written = 0
  /** True while a mailbox has no room for what must be written next. */
  private blocked = false
  private dirty = false
  /** True while answers are disposed of, and not yet committed. */
  private hasAnswers = false

  constructor(options: SinkOptions, memory: SinkMemory, host: Host) {
    const { role, sink, order, batchMax, concurrency } = options
    const ordered = sink.ordered === true
    this.name = options.name
    this.options = options
    this.cell = memory.cell
    this.intake = memory.intake
    this.death = memory.death
    this.notes = memory.journal && new BegunNotes(memory.journal)
    this.outlet = memory.outlet
    this.counters = memory.counters
    this.host = host
    this.health = new SinkHealth(this.name, host, this.counters)
    this.retryLog = new RetryLog(this.name, host)
    this.giveUpLog = new GiveUpLog(host)
    const isSpecial = (kind: number) => (kind & 0xff) === MARKER || (role === 'sink' && kind === TO_FALLBACK)
    const passOn = (message: Message) => this.passOn(message)
    const { idsMayRepeat } = options
    this.parking = memory.parking
    this.queue = new SinkQueue(
      { order, ordered, batchMax, concurrency, idsMayRepeat, passOn, isSpecial, notes: this.notes },
      memory,
      host.clock,
    )
    const forbidden = role === 'sink' ? NOTHING_FORBIDDEN : FALLBACK_ROLE_FORBIDS
    this.check = ordered ? { forbidden, laneOf: (message) => this.queue.laneOf(message) } : { forbidden }
  }

  step(): number {
    this.blocked = false
    let work = this.expire() + this.disposeAnswered()
    for (let i = 0; i < STEP_BATCHES && this.mayWrite; i++) {
      const taken = this.writeNext()
      if (taken === 0) break
      work += i + 1 < STEP_BATCHES ? taken : taken + MORE
    }
    if (this.queue.tidy()) this.dirty = true
    this.counters.set('inFlight', this.inHand)
    if (this.late > 0) this.retire()
    if (!this.dirty) return work
    this.commit()
    // W2: nobody rings for what this commit has given free.
    return this.parking.wantsRoom && work > 0 ? work + MORE : work
  }

  ring(): void {
    this.cell.ring()
  }

  dueMs(): number {
    let dueMs = this.mayWrite ? this.queue.dueMs : Number.POSITIVE_INFINITY
    for (const batch of this.batches) dueMs = Math.min(dueMs, batch.deadlineMs)
    return dueMs
  }

  /** Messages that the sink has not answered, and those that wait for another try. */
  private get inHand(): number {
    let count = this.queue.waiting
    for (const batch of this.batches) count += batch.messages.length - batch.done
    return count
  }

  private get mayWrite(): boolean {
    if (this.blocked || this.isRetiring || this.batches.length >= this.options.concurrency) return false
    return this.batches.length === 0 || !this.batches[0].isSuspect
  }

  private commit(): void {
    this.cell.commit()
    this.counters.add('written', this.written)
    this.written = 0
    this.dirty = this.hasAnswers = false
  }

  private writeNext(): number {
    const batch = new SinkBatch()
    const taken = this.queue.fill(batch, this.batches.length === 0)
    if (taken > 0) this.dirty = true
    if (batch.messages.length > 0) {
      this.batches.push(batch)
      this.counters.add('batches')
      this.counters.add('retried', this.queue.retried)
      this.queue.retried = 0
      this.write(batch)
      this.disposeAnswered()
    }
    return taken
  }

  private write(batch: SinkBatch): void {
    const [first] = batch.messages
    const { words } = first.inbound.ring
    if (deliveriesOf(words, first.at) >= this.options.poisonAfter) {
      this.condemn(batch, first)
      return
    }
    let answer: unknown
    // P2: should the thread die in this write, the ones before are not repeated.
    if (this.hasAnswers) this.commit()
    this.suspectIfItDies(batch)
    batch.startedMs = this.host.clock.now()
    try {
      answer = this.options.sink.write(batch.messages)
    } catch (error) {
      this.returned()
      this.took(batch)
      endAll(batch)
      this.failWhole(batch, error)
      return
    }
    this.returned()
    if (isPromise(answer)) this.await(batch, answer)
    else {
      this.took(batch)
      endAll(batch)
      if (batch.isSuspect) this.notes?.clear()
      this.answered(batch, answer)
    }
  }

  private took({ startedMs }: SinkBatch): void {
    this.counters.times.write.observe(this.host.clock.now() - startedMs)
  }

  /** H1: what is given now, and what has waited before, is remembered, should the thread die in it. */
  private suspectIfItDies(batch: SinkBatch): void {
    const { messages } = batch
    const [first] = messages
    const isAlone = messages.length === 1 && this.calls === 0
    batch.isSuspect = isAlone && isSuspect(first.inbound.ring.words, first.at)
    batch.isMarked = isAlone || this.calls > 0 || batch.isAgain
    if (isAlone) begin(first.inbound.ring.words, first.at, true)
    else if (batch.isMarked) this.beginAll(messages)
    this.notes?.these(messages, batch.isSuspect)
    this.intake.gave(this.cell)
    this.cell.handlingBatch()
  }

  /** The sink has returned, with an answer, a promise or an error. */
  private returned(): void {
    crashPoint('sink.write-returned')
    this.cell.handled()
  }

  private beginAll(messages: readonly Message[]): void {
    for (const batch of this.batches) {
      const [first] = batch.messages
      if (batch.isOut && batch.messages.length === 1) hasCompany(first.inbound.ring.words, first.at)
    }
    for (const { inbound, at } of messages) begin(inbound.ring.words, at, false)
  }

  /** A record that killed its thread again and again, alone, is not given any more (H1): never a silent drop. */
  private condemn(batch: SinkBatch, message: Message): void {
    const failure = poisonOf(message, this.name, this.death)
    const what = `${this.name}: message ${message.id}: ${failure.reason}`
    this.counters.add('poisoned')
    const { poisonTo } = this.options
    if (poisonTo === 'stop') {
      const remedy = 'and there is no fallback sink that could take it'
      this.host.fail(new MillraceError('ERR_POISON', `${what}, ${remedy}`, { cause: failure.error }))
      return
    }
    this.host.log.error(what, { outcome: poisonTo })
    batch.error = failure.error
    batch.attempts = failure.attempts
    const { reason } = failure
    batch.responses[0] =
      poisonTo === 'nack' ? Response.nack(message, { reason }) : Response.fallback(message, reason)
    batch.answered = true
  }

  private await(batch: SinkBatch, promise: PromiseLike<unknown>): void {
    batch.deadlineMs = this.host.clock.now() + this.options.writeTimeoutMs
    batch.isOut = true
    batch.chunk = this.notes?.hold()
    this.cell.awaited(++this.calls)
    // Where the messages lie now: parking moves them, and the late write still reads these bytes (M5).
    const places = batch.messages.map((message) => ({ inbound: message.inbound, place: message.place }))
    const settled = (report: () => void) => {
      if (!batch.expired) {
        this.answeredBy(batch)
        report()
      } else {
        this.late--
        for (const { inbound, place } of places) inbound.unpin(place)
        this.counters.add('late', places.length)
        this.dirty = true
      }
      this.host.wake()
    }
    settlingOnce(promise).then(
      (answer) => settled(() => this.answered(batch, answer)),
      (error) => settled(() => this.failWhole(batch, error)),
    )
  }

  private answeredBy(batch: SinkBatch): void {
    this.took(batch)
    batch.isOut = false
    endAll(batch)
    if (batch.chunk !== undefined) this.notes?.release(batch.chunk)
    if (batch.isSuspect) this.notes?.clear()
    this.cell.awaited(--this.calls)
  }

  /** True once late writes hold half of a mailbox: only the end of the thread ends them (M5). */
  private get isRetiring(): boolean {
    return this.late > 0 && this.intake.pinsTooMuch
  }

  /** A new thread goes on, when the other batches are done here. */
  private retire(): void {
    if (this.hasRetired || this.batches.length > 0 || !this.isRetiring) return
    this.hasRetired = true
    const { writeTimeoutMs } = this.options
    this.host.renew(
      `${this.name}: writes without an answer within ${countText(writeTimeoutMs)} ms hold half of a mailbox`,
    )
  }

  /** Gives up on batches without an answer in time; their bytes stay until the late answer comes. */
  private expire(): number {
    if (this.batches.length === 0) return 0
    const nowMs = this.host.clock.now()
    let work = 0
    for (const batch of this.batches) {
      if (batch.answered || batch.deadlineMs > nowMs) continue
      batch.expired = true
      this.answeredBy(batch)
      this.late++
      for (const message of batch.messages) message.inbound.pin(message.place)
      const error = new Error(`no answer within ${countText(this.options.writeTimeoutMs)} ms`)
      this.options.gaveUp?.(batch.messages, error)
      this.failWhole(batch, error)
      work++
    }
    return work
  }

  private answered(batch: SinkBatch, answer: unknown): void {
    const breach = this.breachOf(batch, answer)
    if (breach !== undefined) {
      this.breached(batch, breach)
      return
    }
    if (
      this.options.sink.atomic === true &&
      batch.responses.some((response) => response.outcome === 'failure')
    ) {
      const first = batch.responses.find((response) => response.outcome === 'failure')
      this.failWhole(batch, first?.detail)
      return
    }
    batch.answered = true
    batch.deadlineMs = Number.POSITIVE_INFINITY
    this.look(batch)
  }

  /** Looks whether the sink has accepted anything: only where it has not is it in trouble. */
  private look({ responses }: SinkBatch): void {
    const [first] = responses
    if (first.outcome !== 'failure' && !this.health.isFailing) return
    if (responses.every(({ outcome }) => outcome === 'failure')) this.health.failed(first.detail)
    else if (this.health.isFailing) this.health.worked()
  }

  private breachOf(batch: SinkBatch, answer: unknown): string | undefined {
    try {
      return checkResponses(batch.messages, answer, batch.responses, this.check)
    } catch (error) {
      return `answered with what cannot be read: ${messageOf(error)}`
    }
  }

  /** P4: nothing of the batch is acked; the topology stops after so many of them. */
  private breached(batch: SinkBatch, breach: string): void {
    const error = new MillraceError('ERR_SINK_CONTRACT', `${this.name}: ${breach}`)
    this.counters.add('breaches')
    this.breaches++
    if (this.breaches >= this.options.contractBreaches) this.host.fail(error)
    else {
      this.host.log.error(error.message)
      this.failWhole(batch, error)
    }
  }

  private failWhole(batch: SinkBatch, error: unknown): void {
    // A sink that throws ERR_SINK says that there is no use in trying again.
    if (isMillraceError(error) && error.code === 'ERR_SINK') {
      this.host.fail(error as Error)
      return
    }
    batch.error = error
    this.health.failed(error)
    batch.messages.forEach((message, i) => {
      batch.responses[i] = Response.failure(message, error)
    })
    batch.answered = true
    batch.deadlineMs = Number.POSITIVE_INFINITY
  }

  private disposeAnswered(): number {
    let work = 0
    for (let i = 0; i < this.batches.length; ) {
      const batch = this.batches[i]
      if (batch.answered) {
        work += this.disposeOf(batch)
        if (batch.done === batch.messages.length) {
          this.batches.splice(i, 1)
          continue
        }
      }
      i++
    }
    return work
  }

  /** Each answer is disposed of by itself: what has no room now goes on in the next step. */
  private disposeOf(batch: SinkBatch): number {
    const { messages, responses } = batch
    const before = batch.done
    while (batch.done < messages.length && !this.blocked) {
      if (responses[batch.done].outcome === 'ok') this.settleOk(batch)
      else if (this.dispose(messages[batch.done], responses[batch.done], batch)) batch.done++
      else this.blocked = true
    }
    if (batch.done > before) this.dirty = this.hasAnswers = true
    return batch.done - before
  }

  /** The usual case: a run of messages of one epoch that are all ok is settled by one record. */
  private settleOk(batch: SinkBatch): void {
    const { messages, responses } = batch
    const from = batch.done
    const most = Math.min(messages.length, from + this.outlet.okMax)
    const epoch = epochOf(messages[from])
    let to = from + 1
    while (to < most && responses[to].outcome === 'ok' && epochOf(messages[to]) === epoch) to++
    if (this.outlet.ok(messages, from, to - from) === FULL) {
      this.blocked = true
      return
    }
    for (let i = from; i < to; i++) this.queue.settle(messages[i])
    this.written += to - from
    batch.done = to
  }

  private dispose(message: Message, response: Response, batch: SinkBatch): boolean {
    switch (response.outcome) {
      case 'failure':
        return this.failed(message, response.detail, batch)
      case 'hold':
        this.counters.add('held')
        this.queue.wait(
          message,
          this.host.clock.now() + Math.max(0, (response.options as HoldOptions)?.delayMs ?? 0),
        )
        return true
      case 'nack':
        return this.settled(message, this.outlet.nack(message, response.options as NackOptions))
      case 'serve': {
        const written = this.outlet.serve(
          message,
          response.detail as Uint8Array,
          response.options as ServeOptions,
        )
        return this.settled(message, written, 'written')
      }
      case 'fallback':
        return this.toFallback(message, String(response.detail), batch.error, batch.attempts)
      default:
        return this.toOnSuccess(message, response.detail as OnSuccessMessage | undefined)
    }
  }

  private failed(message: Message, reason: unknown, batch: SinkBatch): boolean {
    const { retry } = this.options
    const { words } = message.inbound.ring
    if (this.wasNotTried(message, batch)) {
      this.queue.wait(message, this.host.clock.now())
      return true
    }
    const attempts = words[message.at + ATTEMPT] + 1
    const isExhausted = attempts >= retry.attempts
    if (isExhausted && !this.exhausted(message, String(reason), batch.error, attempts)) return false
    batch.failedLanes.add(this.queue.laneOf(message))
    this.counters.add('failed')
    if (isExhausted) return true
    words[message.at + ATTEMPT] = attempts
    this.retryLog.failed(message, reason, attempts)
    batch.chance ??= this.host.random()
    const chance = batch.chance
    this.queue.wait(message, this.host.clock.now() + backoffMs(retry.backoff, attempts, () => chance))
    return true
  }

  /** An ordered sink writes nothing of a lane after a failure: for those behind it, that was no attempt. */
  private wasNotTried(message: Message, batch: SinkBatch): boolean {
    const lane = this.queue.laneOf(message)
    if (this.check.laneOf === undefined || lane === NO_LANE || batch.error !== undefined) return false
    return batch.failedLanes.has(lane)
  }

  private exhausted(message: Message, reason: string, error: unknown, attempts: number): boolean {
    const { onExhausted } = this.options.retry
    const what = `${this.name}: message ${message.id}: ${reason} (attempt ${attempts} of ${attempts})`
    switch (onExhausted) {
      case 'stop':
        this.host.fail(new MillraceError('ERR_SINK', what, { cause: error }))
        return false
      case 'drop':
        if (!this.settled(message, this.outlet.drop(message, reason), 'dropped')) return false
        break
      case 'nack':
        if (!this.settled(message, this.outlet.nack(message, { reason }))) return false
        break
      default:
        if (!this.toFallback(message, reason, error)) return false
    }
    this.giveUpLog.say(what, onExhausted)
    return true
  }

  private toFallback(
    message: Message,
    reason: string,
    error: unknown,
    attempts = message.attempt + deliveriesOf(message.inbound.ring.words, message.at),
  ): boolean {
    if (!this.outlet.hasFallback) {
      const what = `${this.name}: message ${message.id} goes to the fallback (${reason}), but the topology has none: give it a fallback sink`
      return this.misconfigured(what)
    }
    const failure = { reason, error, attempts, stage: this.name }
    return this.settled(message, this.outlet.fallback(message, failure), 'fallback')
  }

  private toOnSuccess(message: Message, other: OnSuccessMessage | undefined): boolean {
    if (!this.outlet.hasOnSuccess) {
      return this.misconfigured(
        `${this.name}: answered onSuccess for message ${message.id}, but the topology has no onSuccess sink`,
      )
    }
    const written = this.outlet.onSuccess(message, other)
    if (written !== TOO_LARGE) return this.settled(message, written, 'onSuccess')
    return this.settled(
      message,
      this.outlet.nack(message, { reason: 'the onSuccess message is larger than limits.messageBytes' }),
    )
  }

  private misconfigured(what: string): false {
    this.host.fail(new MillraceError('ERR_CONFIG', what))
    return false
  }

  /** Markers are settled, and messages on their way to the fallback passed on, without asking the sink. */
  private passOn(message: Message): boolean {
    const isMarker = (message.inbound.ring.words[message.at + KIND] & 0xff) === MARKER
    if (!isMarker && !this.outlet.hasFallback) {
      return this.misconfigured(
        `${this.name}: message ${message.id} goes to the fallback, but the topology has none`,
      )
    }
    const written = isMarker ? this.outlet.marker(message) : this.outlet.pass(message)
    // What has no room holds up what is behind it in its mailbox, and no retry.
    if (written !== FULL && !isMarker) this.counters.add('fallback')
    this.dirty = true
    return written !== FULL
  }

  /** The share of a message is disposed of, if there was room: then its record is settled in the same commit (S4). */
  private settled(
    message: Message,
    written: number,
    counter?: 'written' | 'dropped' | 'fallback' | 'onSuccess',
  ): boolean {
    if (written === FULL) return false
    if (counter !== undefined) this.counters.add(counter)
    this.queue.settle(message)
    return true
  }
}

/** H1: the write is over, and the thread has survived it: the death of a later one, before this is committed, is not its doing. */
function endAll(batch: SinkBatch): void {
  if (!batch.isMarked) return
  batch.isMarked = false
  const { messages } = batch
  for (const { inbound, at } of messages) end(inbound.ring.words, at)
}
