// The mapper: calls a user's handler for each message, and passes on what it returns.
// Common case: a synchronous handler, one result, in order: written straight into the outbound, settled, committed once a step.
// Everything else is a MapTask, and waits without holding up what it need not: MapCaller calls the handler for it, MapVerdicts says
// what becomes of it, MapRetries keeps it for another attempt, MapResults places what came of it.

import { type Actor, type Host, MORE } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import { laneAt, PLAIN_MESSAGE } from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import { KIND } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import { isSuspect } from '../kernel/suspicion.js'
import { BegunNotes } from './begun-notes.js'
import { CallTimes } from './call-times.js'
import { Emitter } from './emitter.js'
import { Expansion } from './expansion.js'
import { Lanes } from './lanes.js'
import { MapCaller } from './map-caller.js'
import { MapCalls } from './map-calls.js'
import type { MapContext, MapHandler, MapResult } from './map-handler.js'
import { MapResults } from './map-results.js'
import { MapRetries } from './map-retries.js'
import { MapSignals } from './map-signals.js'
import { MapTask } from './map-task.js'
import { MapVerdicts } from './map-verdicts.js'
import type { MapperMemory, MapperOptions } from './mapper-options.js'
import { StepBudget } from './step-budget.js'

/** Messages begun in one step, at most. */
const STEP_MAX = 256
/** Messages that may wait behind others of their lane. */
const WAITING_MAX = 1024

export class Mapper implements Actor {
  readonly name: string
  private readonly options: MapperOptions
  private readonly memory: MapperMemory
  private readonly host: Host
  private readonly cell: Cell
  private readonly handler: MapHandler
  private readonly context: MapContext
  private readonly emitter: Emitter
  private readonly notes: BegunNotes | undefined
  private readonly times: CallTimes
  private readonly signals: MapSignals
  private readonly calls: MapCalls
  private readonly expansion: Expansion
  private readonly lanes = new Lanes<MapTask>()
  private readonly retries: MapRetries
  private readonly results: MapResults
  private readonly verdicts: MapVerdicts
  private readonly caller: MapCaller
  private readonly budget = new StepBudget(STEP_MAX)
  private readonly inSourceOrder: boolean
  /** Tasks that are not settled. */
  private open = 0
  /** True once a new thread is needed: nothing new is begun here, and when all else is done it is asked for (M5). */
  private retiring = false
  private hasRetired = false

  constructor(options: MapperOptions, memory: MapperMemory, host: Host) {
    this.name = options.name
    this.options = options
    this.memory = memory
    this.host = host
    this.cell = memory.cell
    this.handler = options.handler
    this.context = { log: host.log, stage: options.stage, thread: memory.thread }
    this.inSourceOrder = options.order === 'source'
    const { cell, counters, inbounds, parking, journal } = memory
    const { handlerTimeoutMs: timeoutMs, rekey, valueBytesMax } = options
    this.notes = journal && new BegunNotes(journal)
    this.emitter = new Emitter({ ...memory, rekey, valueBytesMax })
    this.times = new CallTimes(host.clock, counters)
    this.signals = new MapSignals(memory)
    const { context, times, signals, notes, emitter, lanes, budget, inSourceOrder } = this
    this.calls = new MapCalls({ cell, counters, timeoutMs, times, signals, notes }, host)
    this.expansion = new Expansion(cell, inbounds, emitter, this.calls)
    this.retries = new MapRetries(parking, lanes, cell, !inSourceOrder)
    const { calls, expansion, retries } = this
    const done = (task: MapTask) => this.done(task)
    const failed = (task: MapTask, error: unknown) => this.verdicts.failed(task, error)
    this.results = new MapResults({ cell, emitter, expansion, budget, inSourceOrder, done, failed })
    const { results } = this
    this.verdicts = new MapVerdicts(options, memory, host, { calls, expansion, results, retries })
    const { verdicts } = this
    this.caller = new MapCaller(options, { context, calls, times, expansion, results, verdicts })
    const isOpen = (message: Message) => calls.isOpen(message) || results.hasStream(message)
    for (const inbound of inbounds) inbound.signalOf = (message) => signals.of(message, isOpen(message))
    retries.recover((message) => this.taskOf(message))
  }

  step(): number {
    const { host, cell, results } = this
    const startedMs = host.clock.now()
    results.blocked = false
    this.retiring = this.hasRetired || this.calls.pinsTooMuch
    let work = this.caller.expire(startedMs) + this.signals.look()
    // First what is done: where it finds no room, nothing is called.
    work += results.place()
    work += this.caller.runWaiting()
    if (results.placeStream()) work += MORE
    const { stream } = results
    work += this.retryDue(startedMs)
    work += this.takeNew()
    if (results.stream !== stream) work += MORE
    if (this.inSourceOrder) results.raiseWatermark(this.memory.intake.bound())
    this.retries.tidy()
    this.memory.counters.set('inFlight', this.open)
    if (cell.isDirty) {
      this.expansion.save()
      cell.commit()
      // W2: nobody rings for what this commit has given free.
      if (this.memory.parking.wantsRoom && work > 0) work += MORE
    }
    if (this.retiring && !this.hasRetired) this.retire()
    const tookMs = host.clock.now() - startedMs
    this.budget.took(tookMs)
    this.times.stepped(tookMs)
    return work
  }

  ring(): void {
    this.cell.ring()
  }

  dueMs(): number {
    const { calls, results, retries } = this
    return results.blocked || this.retiring ? calls.dueMs : Math.min(retries.nextMs, calls.dueMs)
  }

  /** The topology ends without a drain: handlers that listen on signals are told. */
  abandon(reason: string): void {
    this.signals.abandon(reason)
  }

  private takeNew(): number {
    const most = this.budget.messages
    const { intake } = this.memory
    let work = 0
    while (work < most && !this.halted()) {
      // C5: what was left open is taken before all of other inbounds that may have its lane: they were behind it.
      const { awaited } = this.expansion
      const inbound = awaited === undefined ? intake.peek() : awaited.peek() ? awaited : undefined
      if (inbound === undefined) break
      if (this.notes !== undefined) this.notes.ahead(inbound)
      const message = new Message(inbound, inbound.take())
      work++
      if (inbound.ring.words[message.at + KIND] !== PLAIN_MESSAGE) this.passOn(message)
      else if (this.isNext(message)) this.direct(message)
      else this.admit(message)
    }
    return work < most ? work : work + MORE
  }

  /** Says whether nothing new may be taken: no space for results (W1), enough in hand, or the parking is full (P1). */
  private halted(): boolean {
    const { results, calls, lanes } = this
    if (results.blocked || this.retiring) return true
    // Nobody else may commit in parts before the one that a predecessor left open is taken again (C5).
    if (this.expansion.awaited !== undefined) return false
    // Begun, and neither settled nor waiting for a retry.
    const active = this.open - this.retries.size - lanes.waiting
    if (this.memory.parking.full || active >= this.options.concurrency || calls.closed) return true
    return lanes.waiting >= WAITING_MAX || results.waiting >= WAITING_MAX
  }

  /** Tells whether nobody is before a message, and nothing is special about it. */
  private isNext(message: Message): boolean {
    const { ring } = message.inbound
    return (
      this.results.waiting === 0 &&
      !this.lanes.has(laneAt(ring, message.at)) &&
      !isSuspect(ring.words, message.at) &&
      !this.calls.closed &&
      !this.verdicts.isCancelled(message) &&
      !(this.options.degradation !== undefined && this.expansion.wasOpen(message))
    )
  }

  /** The usual case: the handler is called at once, and a plain result needs no task. */
  private direct(message: Message): void {
    let result: MapResult | Promise<MapResult>
    let plain: boolean
    const { times, calls } = this
    const isTimed = times.isTiming
    calls.enter(message)
    if (isTimed) times.begin()
    try {
      result = this.handler(message, this.context)
      // Here, as a proxy may throw when it is looked at.
      plain = typeof result === 'string' || result instanceof Uint8Array
    } catch (error) {
      if (isTimed) times.stop()
      times.calls++
      calls.leave()
      this.caller.threw(this.begin(this.taskOf(message)), error)
      this.results.place()
      return
    }
    if (isTimed && plain) times.stop()
    calls.leave()
    if (
      plain &&
      !this.expansion.wasOpen(message) &&
      this.emitter.single(message, result as string | Uint8Array) >= 0
    ) {
      this.settle(message)
      times.calls++
      this.options.degradation?.worked()
      this.signals.over(message)
      return
    }
    this.caller.returned(this.begin(this.taskOf(message)), result, isTimed && !plain)
    this.results.place()
  }

  /** Others may be before it: it waits behind the last of its lane. */
  private admit(message: Message): void {
    const task = this.taskOf(message)
    if (this.lanes.has(task.lane)) {
      this.retries.join(task)
      return
    }
    this.begin(task)
    this.caller.run(task)
    this.results.place()
  }

  /** A marker, or a message that goes to the fallback: no handler sees it. */
  private passOn(message: Message): void {
    const task = this.taskOf(message)
    task.verdict = 'forward'
    this.results.begun(task)
    this.results.decided(task)
    this.results.place()
  }

  private taskOf(message: Message): MapTask {
    const task = new MapTask(message)
    if (this.expansion.wasOpen(message)) this.expansion.adopt(task)
    this.open++
    return task
  }

  /** A task takes its lane; under order 'source', its turn. */
  private begin(task: MapTask): MapTask {
    this.results.begun(task)
    this.lanes.join(task.lane, task)
    return task
  }

  private retryDue(nowMs: number): number {
    let work = 0
    // Not held up by `concurrency`: under order 'source' all that are done may be waiting for just this one.
    const most = this.budget.messages
    while (work < most && !this.results.blocked && !this.retiring) {
      const task = this.retries.due(nowMs)
      if (task === undefined) break
      work++
      this.memory.counters.add('retried')
      this.caller.run(task)
      this.results.place()
    }
    return work < most ? work : work + MORE
  }

  /** All of a task is placed: its record is settled with this commit, and its lane goes to the next. */
  private done(task: MapTask): void {
    const { expansion, memory } = this
    const isEmpty = expansion.holds(task) ? expansion.isEmpty : task.outputs.length === 0
    if (expansion.holds(task)) expansion.close()
    if (task.verdict === 'dropped') memory.counters.add('dropped')
    else if (isEmpty && (task.verdict === 'outputs' || task.verdict === 'stream'))
      memory.counters.add('filtered')
    this.options.degradation?.taskEnded(task, 'worked')
    memory.parking.leave(task)
    this.calls.acquit(task)
    this.settle(task.message)
    this.open--
    const next = this.lanes.leave(task.lane, task)
    if (next !== undefined) this.caller.run(next)
  }

  private settle(message: Message): void {
    message.inbound.settle(message.place, this.cell.pending)
    this.cell.isDirty = true
  }

  /** Calls that were given up keep too many bytes: a new thread goes on, when the others are done here (M5). */
  private retire(): void {
    if (!this.calls.idle || !this.results.idle || !this.caller.idle) return
    this.hasRetired = true
    const { handlerTimeoutMs } = this.options
    this.host.renew(
      `${this.name}: calls of the handler that gave no result within ${countText(handlerTimeoutMs)} ms hold half of a mailbox`,
    )
  }
}
