// The mapper: calls a user's handler for each message, and passes on what it returns.
// Common case: a synchronous handler, one result, in order: written straight into the outbound, settled, committed once a step.
// Everything else (promises, arrays, streams, retries, a full outbound) is a MapTask, and waits without holding up what it need not.

import { type Actor, type Host, MORE } from '../kernel/actor.js'
import { CANCELLED, type Cancellation } from '../kernel/cancellation.js'
import type { Cell } from '../kernel/cell.js'
import { kindWord, laneAt, MESSAGE } from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import type { Counters } from '../kernel/counters.js'
import { MillraceError, messageOf } from '../kernel/failure.js'
import type { Inbound } from '../kernel/inbound.js'
import { ATTEMPT, KIND, SEQUENCE_DOUBLE } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'
import { isPromise } from '../kernel/promise.js'
import { backoffMs, type RetryStrategy } from '../kernel/retry.js'
import type { Shares } from '../kernel/shares.js'
import { deliveriesOf, isSuspect } from '../kernel/suspicion.js'
import type { TracedHandler } from './actor-tracing.js'
import { BegunNotes, type Journal } from './begun-notes.js'
import type { Branches } from './branches.js'
import { CallTimes } from './call-times.js'
import { type CallEnd, NO_TICKET } from './circuit.js'
import { type Death, type PoisonEnd, poisonOf } from './death.js'
import type { Degradation } from './degradation.js'
import { Emitter, FULL, TOO_LARGE } from './emitter.js'
import { Expansion } from './expansion.js'
import { GiveUpLog } from './give-up-log.js'
import type { Intake } from './intake.js'
import { Lanes } from './lanes.js'
import { MapCalls } from './map-calls.js'
import type { MapContext, MapHandler, MapResult } from './map-handler.js'
import { MapRetries } from './map-retries.js'
import { MapSignals } from './map-signals.js'
import { acceptResult, MapTask } from './map-task.js'
import type { Order } from './order.js'
import type { Parking } from './parking.js'
import type { Failure } from './records.js'
import { RetryLog } from './retry-log.js'
import { StepBudget } from './step-budget.js'

export type MapperOptions = {
  name: string
  /** Name of its stage. */
  stage: string
  handler: MapHandler
  order: Order
  /** Async calls in flight. */
  concurrency: number
  handlerTimeoutMs: number
  retry: RetryStrategy
  /** Deaths of the thread in a record's handler that make it poison. */
  poisonAfter: number
  poisonTo: PoisonEnd
  rekey: boolean
  valueBytesMax: number
  /** Told of each call that takes too long, where calls are traced. */
  gaveUp?: TracedHandler['gaveUp'] | undefined
  /** Where another handler stands in for this one: it is part of `handler`, and told how calls ended. */
  degradation?: Degradation | undefined
}

/** What a mapper works on: all of it outlives the mapper. */
export type MapperMemory = {
  cell: Cell
  /** All inbounds of the cell, the parking's included. */
  inbounds: readonly Inbound[]
  intake: Intake
  outbounds: readonly Outbound[]
  /** Where the outbounds lead to branches. */
  branches?: Branches | undefined
  parking: Parking<MapTask>
  shares: Shares
  counters: Counters
  /** Number of the thread within the stage. */
  thread: number
  /** Where the source cancels. */
  cancellation?: Cancellation | undefined
  /** Number of the actor, from 0. */
  number: number
  /** How the predecessor died, if there was one. */
  death?: Death | undefined
  /** Where it is noted what user code is called for, if that is to outlive the process. */
  journal?: Journal | undefined
}

/** Messages begun in one step, at most. */
const STEP_MAX = 256
/** Messages that may wait behind others of their lane. */
const WAITING_MAX = 1024
const REFUSED = -3
const PLAIN_MESSAGE = kindWord(MESSAGE)

export class Mapper implements Actor {
  readonly name: string
  private readonly options: MapperOptions
  private readonly handler: MapHandler
  private readonly host: Host
  private readonly cell: Cell
  private readonly intake: Intake
  private readonly parking: Parking<MapTask>
  private readonly counters: Counters
  private readonly emitter: Emitter
  private readonly calls: MapCalls
  private readonly times: CallTimes
  private readonly retryLog: RetryLog
  private readonly giveUpLog: GiveUpLog
  private readonly expansion: Expansion
  private readonly retries: MapRetries
  private readonly context: MapContext
  private readonly inSourceOrder: boolean
  private readonly death: Death | undefined
  private readonly notes: BegunNotes | undefined
  private readonly cancellation: Cancellation | undefined
  private readonly number: number
  /** From the first time on that a handler asks for one. */
  private signals: MapSignals | undefined
  private readonly budget = new StepBudget(STEP_MAX)
  /** Tasks whose results wait to be placed, in order of arrival; under order 'source' all tasks, in order of reading. */
  private readonly queue: MapTask[] = []
  /** Tasks that commit in parts, one after the other; under order 'source' they do so at the head of the queue. */
  private readonly streams: MapTask[] = []
  private readonly lanes = new Lanes<MapTask>()
  /** Tasks that would be called if it were not for a suspect (H1), oldest first. */
  private readonly waiting: MapTask[] = []
  /** Tasks begun, and neither settled nor waiting for a retry. */
  private active = 0
  private blocked = false
  /** True once a new thread is needed: nothing new is begun here, and when all else is done it is asked for (M5). */
  private retiring = false
  private hasRetired = false
  /** Why an output was refused. */
  private refusal: unknown
  private dirty = false

  constructor(options: MapperOptions, memory: MapperMemory, host: Host) {
    this.name = options.name
    this.options = options
    this.handler = options.handler
    this.host = host
    this.cell = memory.cell
    this.intake = memory.intake
    this.parking = memory.parking
    this.counters = memory.counters
    this.inSourceOrder = options.order === 'source'
    this.context = { log: host.log, stage: options.stage, thread: memory.thread }
    const { outbounds, branches, shares } = memory
    this.emitter = new Emitter({
      outbounds,
      branches,
      shares,
      valueBytesMax: options.valueBytesMax,
      rekey: options.rekey,
    })
    this.cancellation = memory.cancellation
    this.number = memory.number
    // The signals of a predecessor are gone with it.
    memory.cancellation?.awaits(memory.number, 0)
    for (const inbound of memory.inbounds) inbound.signalOf = (message) => this.signalOf(message)
    this.death = memory.death
    this.notes = memory.journal && new BegunNotes(memory.journal)
    const onLate = () => {
      this.dirty = true
      this.counters.add('late')
    }
    this.retryLog = new RetryLog(this.name, host)
    this.giveUpLog = new GiveUpLog(host)
    this.times = new CallTimes(host.clock, this.counters)
    this.calls = new MapCalls(this.cell, host, options.handlerTimeoutMs, onLate, this.times, this.notes)
    this.expansion = new Expansion(this.cell, memory.inbounds, this.emitter, this.calls)
    this.retries = new MapRetries(this.parking, this.lanes, this.cell, !this.inSourceOrder)
    this.retries.recover((message) => this.taskOf(message))
  }

  step(): number {
    const startedMs = this.host.clock.now()
    this.blocked = false
    this.retiring = this.hasRetired || this.calls.pinsTooMuch
    let work = this.expire(startedMs)
    if (this.signals !== undefined) work += this.signals.look()
    // First what is done: where it finds no room, nothing is called.
    work += this.place()
    work += this.callWaiting()
    if (this.streams.length > 0 && this.advance(this.streams[0])) work += MORE
    const first = this.streams[0]
    work += this.retryDue(startedMs)
    work += this.takeNew()
    if (this.streams[0] !== first) work += MORE
    if (this.inSourceOrder) this.raiseWatermark()
    if (this.retries.tidy()) this.dirty = true
    this.counters.set('inFlight', this.active + this.retries.size + this.lanes.waiting)
    if (this.dirty) {
      this.expansion.save()
      this.cell.commit()
      this.dirty = false
      // W2: nobody rings for what this commit has given free.
      if (this.parking.wantsRoom && work > 0) work += MORE
    }
    if (this.retiring && !this.hasRetired) this.retire()
    const tookMs = this.host.clock.now() - startedMs
    this.budget.took(tookMs)
    this.times.stepped(tookMs)
    return work
  }

  ring(): void {
    this.cell.ring()
  }

  dueMs(): number {
    return this.blocked || this.retiring ? this.calls.dueMs : Math.min(this.retries.nextMs, this.calls.dueMs)
  }

  /** The topology ends without a drain: handlers that listen on signals are told. */
  abandon(reason: string): void {
    this.allSignals.abandon(reason)
  }

  private takeNew(): number {
    const most = this.budget.messages
    let work = 0
    while (work < most && !this.halted()) {
      const inbound = this.intake.peek()
      if (inbound === undefined) break
      if (this.notes !== undefined) this.notes.ahead(inbound)
      const message = new Message(inbound, inbound.take())
      const { words } = inbound.ring
      work++
      if (words[message.at + KIND] !== PLAIN_MESSAGE) this.passOn(message)
      else if (
        this.queue.length === 0 &&
        !this.lanes.has(laneAt(inbound.ring, message.at)) &&
        !isSuspect(words, message.at) &&
        !this.calls.closed &&
        !(this.options.degradation !== undefined && this.expansion.wasOpen(message))
      )
        this.direct(message)
      else this.admit(this.taskOf(message))
    }
    return work < most ? work : work + MORE
  }

  /** Says whether nothing new may be taken: no space for results (W1), enough in hand, or the parking is full (P1). */
  private halted(): boolean {
    if (this.blocked || this.retiring) return true
    // Nobody else may commit in parts before the one that a predecessor left open is taken again (C5).
    if (this.expansion.awaitsTask) return false
    if (this.parking.full || this.active >= this.options.concurrency || this.calls.closed) return true
    return this.lanes.waiting >= WAITING_MAX || this.queue.length >= WAITING_MAX
  }

  /** Nobody is before it: the handler is called at once, and a plain result needs no task. */
  private direct(message: Message): void {
    if (this.isCancelled(message)) {
      this.nobodyWaits(this.enter(this.taskOf(message)))
      this.place()
      return
    }
    let result: MapResult | Promise<MapResult>
    let plain: boolean
    const { times } = this
    const isTimed = times.isTiming
    this.calls.enter(message)
    if (isTimed) times.begin()
    try {
      result = this.handler(message, this.context)
      // Here, as a proxy may throw when it is looked at.
      plain = typeof result === 'string' || result instanceof Uint8Array
    } catch (error) {
      if (isTimed) times.stop()
      times.calls++
      this.calls.leave()
      this.failed(this.called(this.enter(this.taskOf(message))), error)
      this.place()
      return
    }
    if (isTimed && plain) times.stop()
    this.calls.leave()
    if (
      plain &&
      !this.expansion.wasOpen(message) &&
      this.emitter.single(message, result as string | Uint8Array) >= 0
    ) {
      message.inbound.settle(message.place, this.cell.pending)
      times.calls++
      this.dirty = true
      const { degradation } = this.options
      if (degradation !== undefined) degradation.ended(degradation.ticket, 'worked')
      if (this.signals !== undefined) this.signals.over(message)
      return
    }
    this.follow(this.called(this.enter(this.taskOf(message))), result, isTimed && !plain)
    this.place()
  }

  /** Others are before it: it may have to wait for its lane, in the parking if they wait there (P2). */
  private admit(task: MapTask): void {
    if (this.lanes.has(task.lane)) {
      if (this.expansion.holds(task)) {
        // C5: some of it is committed, so it was before those that have its lane now; they may come from another inbound.
        this.active++
        this.run(task)
        this.place()
        return
      }
      if (this.retries.joinParked(task)) this.dirty = true
      this.lanes.join(task.lane, task)
      return
    }
    this.run(this.enter(task))
    this.place()
  }

  /** A marker, or a message that goes to the fallback: no handler sees it. */
  private passOn(message: Message): void {
    const task = this.taskOf(message)
    task.verdict = 'forward'
    this.queue.push(task)
    this.active++
    this.place()
  }

  private taskOf(message: Message): MapTask {
    const task = new MapTask(message)
    if (this.expansion.wasOpen(message)) this.expansion.adopt(task)
    return task
  }

  /** A task takes its lane; under order 'source', its turn. */
  private enter(task: MapTask): MapTask {
    if (this.inSourceOrder) this.queue.push(task)
    else this.lanes.join(task.lane, task)
    this.active++
    return task
  }

  /** Calls the handler for a task, as soon as no suspect stands in the way (H1). */
  private run(task: MapTask): void {
    if (this.waiting.length > 0 || !this.calls.admits(task)) this.waiting.push(task)
    else this.call(task)
  }

  private callWaiting(): number {
    let work = 0
    while (this.waiting.length > 0 && !this.blocked && this.calls.admits(this.waiting[0])) {
      this.call(this.waiting.shift() as MapTask)
      this.place()
      work++
    }
    return work
  }

  private call(task: MapTask): void {
    const { message } = task
    if (this.isCancelled(message)) {
      this.nobodyWaits(task)
      return
    }
    if (deliveriesOf(message.inbound.ring.words, message.at) >= this.options.poisonAfter) {
      this.condemn(task)
      return
    }
    let result: MapResult | Promise<MapResult>
    task.isFixed = true
    this.calls.note(task)
    const { degradation } = this.options
    if (degradation !== undefined) degradation.choice = this.choiceFor(task)
    const { times } = this
    const isTimed = times.isTiming
    this.calls.enter(message)
    if (isTimed) times.begin()
    try {
      result = this.handler(message, this.context)
    } catch (error) {
      if (isTimed) times.stop()
      times.calls++
      this.calls.leave()
      this.failed(this.called(task), error)
      return
    }
    this.calls.leave()
    this.follow(this.called(task), result, isTimed)
  }

  /** The handler, or the one that stands in for it, was called for a task just now. */
  private called(task: MapTask): MapTask {
    const { degradation } = this.options
    if (degradation !== undefined) {
      task.ticket = degradation.ticket
      task.isStandIn = degradation.isStandIn
    }
    return task
  }

  /** C5: one of which parts are committed goes on with the handler that made them. */
  private choiceFor(task: MapTask): Degradation['choice'] {
    const { expansion } = this
    if (expansion.holds(task) && !expansion.isEmpty) return expansion.isOfStandIn ? 'stand-in' : 'handler'
    return task.needsStandIn ? 'stand-in' : 'circuit'
  }

  /** Tells the circuit how a call ended; of a stream that is only known at its end. */
  private ended(task: MapTask, end: CallEnd, error?: unknown): boolean {
    const { ticket } = task
    if (ticket === NO_TICKET) return false
    task.ticket = NO_TICKET
    this.options.degradation?.ended(ticket, end, error)
    return true
  }

  /** `isTimed`: the clock goes on, as looking at the result may call user code too. */
  private follow(task: MapTask, result: MapResult | Promise<MapResult>, isTimed: boolean): void {
    task.execution++
    task.isFixed = true
    task.shortage = undefined
    if (!isPromise(result)) {
      this.finish(task, result)
      if (isTimed) this.times.stop()
      this.times.calls++
    } else {
      this.calls.follow(
        task,
        result,
        (value) => this.finish(task, value),
        (error) => this.failed(task, error),
      )
    }
  }

  /** Gives up the calls whose promises take too long (H2). */
  private expire(nowMs: number): number {
    let work = 0
    for (let task = this.calls.expired(nowMs); task !== undefined; task = this.calls.expired(nowMs)) {
      const { message } = task
      const error = new Error(
        `the handler gave no result within ${countText(this.options.handlerTimeoutMs)} ms`,
      )
      this.options.gaveUp?.(message, error)
      this.signals?.expire(message, error.message)
      // What was given up goes on with the old one, whose signal stays aborted.
      task.message = new Message(message.inbound, message.place)
      if (!this.expansion.failPull(task, error)) this.failed(task, error)
      work++
    }
    return work
  }

  private finish(task: MapTask, result: MapResult): void {
    // A stream is user code, too.
    let problem: { error: unknown } | undefined
    this.calls.enter(task.message)
    try {
      acceptResult(task, result)
    } catch (error) {
      problem = { error }
    }
    this.calls.leave()
    if (problem !== undefined) {
      this.failed(task, problem.error)
      return
    }
    if (task.verdict === 'stream') this.calls.over(task)
    else {
      this.ended(task, 'worked')
      this.acquit(task)
    }
    if (!this.inSourceOrder) this.queue.push(task)
  }

  /** One attempt failed: again after the back-off, or what the retry strategy says once attempts are exhausted. */
  private failed(task: MapTask, error: unknown): void {
    if (this.isCancelled(task.message)) {
      this.nobodyWaits(task)
      return
    }
    const { retry } = this.options
    const { inbound, at } = task.message
    const { words } = inbound.ring
    const attempts = words[at + ATTEMPT] + 1
    words[at + ATTEMPT] = attempts
    this.acquit(task)
    task.verdict = undefined
    this.counters.add('failed')
    const wasHandler = this.ended(task, 'failed', error)
    let delayMs = 0
    if (attempts < retry.attempts) delayMs = backoffMs(retry.backoff, attempts, this.host.random)
    // While the circuit is open there is somebody who stands in, also for those that failed before it was.
    else if (wasHandler && this.options.degradation?.isOpen && !this.expansion.holds(task))
      task.needsStandIn = true
    else {
      this.exhausted(task, error, attempts)
      return
    }
    task.isFixed = false
    this.active--
    this.retryLog.failed(task.message, error, attempts)
    this.retries.wait(task, this.host.clock.now() + delayMs)
    this.dirty = true
  }

  /** A record that killed its thread again and again, alone, is not begun any more (H1): never a silent drop. */
  private condemn(task: MapTask): void {
    const { name, poisonTo } = this.options
    const failure = poisonOf(task.message, name, this.death)
    const what = `${name}: message ${task.message.id}: ${failure.reason}`
    this.acquit(task)
    this.counters.add('poisoned')
    if (poisonTo === 'stop') {
      const remedy = 'and the topology has no fallback sink'
      this.host.fail(new MillraceError('ERR_POISON', `${what}, ${remedy}`, { cause: failure.error }))
      return
    }
    this.host.log.error(what, { outcome: poisonTo })
    task.isFixed = true
    task.failure = failure
    task.verdict = poisonTo
    if (!this.inSourceOrder) this.queue.push(task)
  }

  private isCancelled({ inbound, at }: Message): boolean {
    return this.cancellation?.isCancelled(inbound.ring, at) === true
  }

  /** A handler is not called for a message that was cancelled, nor called again: its record is nacked (R5). */
  private nobodyWaits(task: MapTask): void {
    const { inbound, at } = task.message
    this.ended(task, 'unknown')
    this.acquit(task)
    this.counters.add('cancelled')
    task.isFixed = true
    task.failure = { reason: CANCELLED, attempts: inbound.ring.words[at + ATTEMPT], stage: this.name }
    task.verdict = 'nack'
    if (!this.inSourceOrder) this.queue.push(task)
  }

  /** All calls for a task are over. */
  private acquit(task: MapTask): void {
    this.calls.acquit(task)
    if (this.signals !== undefined) this.signals.over(task.message)
  }

  private get allSignals(): MapSignals {
    const { cell, cancellation, number } = this
    this.signals ??= new MapSignals({ cell, cancellation, number })
    return this.signals
  }

  /** For a handler that asks: most do not. */
  private signalOf(message: Message): AbortSignal {
    const isStream = ({ message: own, verdict }: MapTask) => own === message && verdict === 'stream'
    const isOpen = this.calls.isOpen(message) || this.streams.some(isStream) || this.queue.some(isStream)
    return this.allSignals.of(message, isOpen)
  }

  /** Calls that were given up keep too many bytes: a new thread goes on, when the others are done here (M5). */
  private retire(): void {
    if (!this.calls.idle || this.queue.length + this.streams.length + this.waiting.length > 0) return
    this.hasRetired = true
    const { handlerTimeoutMs } = this.options
    this.host.renew(
      `${this.name}: calls of the handler that gave no result within ${countText(handlerTimeoutMs)} ms hold half of a mailbox`,
    )
  }

  private exhausted(task: MapTask, error: unknown, attempts: number): void {
    const { onExhausted } = this.options.retry
    const what = `${this.name}: message ${task.message.id}: ${messageOf(error)} (attempt ${attempts} of ${attempts})`
    if (onExhausted === 'stop') {
      this.host.fail(new MillraceError('ERR_HANDLER', what, { cause: error }))
      return
    }
    task.failure = { reason: messageOf(error), error, attempts, stage: this.name }
    task.verdict = onExhausted === 'drop' ? 'dropped' : onExhausted
    this.giveUpLog.say(what, task.verdict)
    if (!this.inSourceOrder) this.queue.push(task)
  }

  private retryDue(nowMs: number): number {
    let work = 0
    // Not held up by `concurrency`: under order 'source' all that are done may be waiting for just this one.
    const most = this.budget.messages
    while (work < most && !this.blocked && !this.retiring) {
      const task = this.retries.due(nowMs)
      if (task === undefined) break
      work++
      this.active++
      this.counters.add('retried')
      this.run(task)
      this.place()
    }
    return work < most ? work : work + MORE
  }

  /** Places results, oldest first, until one is not there yet, or does not fit (W1). */
  private place(): number {
    let work = 0
    // What is placed may let the next of its lane be called.
    const most = Math.max(2, this.budget.messages)
    while (this.queue.length > 0 && !this.blocked) {
      if (work >= most) return work + MORE
      const task = this.queue[0]
      if (task.verdict === undefined) break
      if (this.goesInParts(task)) {
        if (!this.inSourceOrder) this.enterStreams(this.queue.shift() as MapTask)
        else if (this.advance(task)) work += MORE
        else break
        continue
      }
      if (task.shortage !== undefined && !this.emitter.hasEased(task.shortage)) {
        this.blocked = true
        break
      }
      const written = this.tryToWrite(task)
      if (written === FULL) {
        this.noRoom(task)
        continue
      }
      work++
      if (!this.inSourceOrder || written !== REFUSED) this.queue.shift()
      if (written === REFUSED) this.failed(task, this.refusal)
      else this.done(task)
    }
    return work
  }

  /** The one that has committed parts goes first: the others wait for its end (C5). */
  private enterStreams(task: MapTask): void {
    if (this.expansion.holds(task)) this.streams.unshift(task)
    else this.streams.push(task)
  }

  private goesInParts(task: MapTask): boolean {
    return task.verdict === 'stream' || (task.verdict === 'outputs' && this.expansion.holds(task))
  }

  /** What an empty mailbox has no room for goes in parts (C5); everything else waits. */
  private noRoom(task: MapTask): void {
    const isSeveral = task.verdict === 'outputs' && task.outputs.length > 1
    if (isSeveral && this.emitter.hopeless) task.verdict = 'stream'
    else {
      this.blocked = true
      if (isSeveral) task.shortage = this.emitter.shortage
    }
  }

  /** Goes on with a task that commits in parts; says whether anything was done. */
  private advance(task: MapTask): boolean {
    const { expansion } = this
    if (!expansion.admits(task)) return false
    if (!expansion.isAt(task)) expansion.begin(task)
    const result = expansion.advance()
    if (result === 'waiting' || result === 'blocked') return false
    this.dirty = true
    if (result === 'placed') return true
    if (!this.inSourceOrder) this.streams.shift()
    if (result === 'failed') this.failed(task, expansion.interrupt())
    else {
      if (this.inSourceOrder) this.queue.shift()
      this.done(task)
    }
    return true
  }

  /** An output that no mailbox takes is a failure of its message: REFUSED, and `refusal` says why (M3). */
  private tryToWrite(task: MapTask): number {
    try {
      const written = this.write(task)
      if (written !== TOO_LARGE) return written
      this.refusal = new RangeError(TOO_LARGE_TEXT)
    } catch (error) {
      this.refusal = error
    }
    return REFUSED
  }

  private write(task: MapTask): number {
    const { message } = task
    const share = this.expansion.holds(task) ? this.expansion.rest : task.share()
    switch (task.verdict) {
      case 'outputs':
        return this.emitter.all(message, task.outputs, share)
      case 'forward':
        return this.emitter.forward(message, share)
      case 'fallback':
        return this.emitter.fallback(message, share, task.failure as Failure)
      default:
        return this.emitter.marker(message, share, task.verdict as 'dropped' | 'nack', task.failure?.reason)
    }
  }

  /** All of a task is placed: its record is settled with this commit, and its lane goes to the next. */
  private done(task: MapTask): void {
    const { expansion } = this
    const isEmpty = expansion.holds(task) ? expansion.isEmpty : task.outputs.length === 0
    if (expansion.holds(task)) expansion.close()
    if (task.verdict === 'dropped') this.counters.add('dropped')
    else if (isEmpty && (task.verdict === 'outputs' || task.verdict === 'stream'))
      this.counters.add('filtered')
    this.ended(task, 'worked')
    this.parking.leave(task)
    this.acquit(task)
    this.settle(task.message)
    this.active--
    if (this.inSourceOrder || task.verdict === 'forward') return
    const next = this.lanes.leave(task.lane, task)
    if (next === undefined) return
    this.active++
    this.run(next)
  }

  private settle(message: Message): void {
    message.inbound.settle(message.place, this.cell.pending)
    this.dirty = true
  }

  /** O3: everything below the oldest task, and below what is still to come, is in the outbounds. */
  private raiseWatermark(): void {
    let bound = this.intake.bound()
    if (this.queue.length > 0) {
      const { inbound, at } = this.queue[0].message
      const own = ((inbound.ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE] | 0) - 1) | 0
      if (((own - bound) | 0) < 0) bound = own
    }
    if (((bound - this.cell.watermark) | 0) <= 0) return
    this.cell.watermark = bound
    this.dirty = true
  }
}

const TOO_LARGE_TEXT =
  'an output is larger than limits.messageBytes, or its keys, tags and headers are larger than 128 KiB'
