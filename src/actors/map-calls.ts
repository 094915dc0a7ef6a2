// A mapper's calls of user code: which are pending and since when, and who is to blame if the thread dies in one (H1, H2).
// A call is one run of a handler, or one pull of the stream that it returned: synchronous, or until its promise settles.
// A suspect is called when nobody else is in user code, and while it is, nobody else is called.

import type { Host } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import type { Counters } from '../kernel/counters.js'
import { crashPoint } from '../kernel/crash.js'
import type { Inbound } from '../kernel/inbound.js'
import type { Message } from '../kernel/message.js'
import { settlingOnce } from '../kernel/promise.js'
import { acquit, begin, end, hasCompany, isSuspect } from '../kernel/suspicion.js'
import { type BegunNotes, type Chunk, TURN_MS } from './begun-notes.js'
import type { CallTimes } from './call-times.js'
import type { MapSignals } from './map-signals.js'
import type { MapTask } from './map-task.js'

export type MapCallsOptions = {
  cell: Cell
  counters: Counters
  timeoutMs: number
  times: CallTimes
  signals: MapSignals
  /** Where it is noted what user code is called for, if that is to outlive the process. */
  notes?: BegunNotes | undefined
}

export class MapCalls {
  readonly signals: MapSignals
  private readonly cell: Cell
  private readonly host: Host
  private readonly timeoutMs: number
  private readonly counters: Counters
  private readonly times: CallTimes
  private readonly notes: BegunNotes | undefined
  /** Tasks whose promise is pending, oldest call first. */
  private readonly pending = new Map<MapTask, Chunk | undefined>()
  /** Inbounds where calls that were given up may still read. */
  private readonly late = new Map<Inbound, number>()
  /** The pending one that has had no company. */
  private alone: MapTask | undefined
  /** True while a suspect of another thread has its turn. */
  private waitsForTurn = false
  /** The suspect that is in user code, or waits for the others to leave it. */
  private isolated: MapTask | undefined

  constructor(options: MapCallsOptions, host: Host) {
    this.cell = options.cell
    this.counters = options.counters
    this.timeoutMs = options.timeoutMs
    this.times = options.times
    this.signals = options.signals
    this.notes = options.notes
    this.host = host
  }

  /** Tells whether a suspect is in user code, or about to be: nobody else is called then. */
  get closed(): boolean {
    return this.isolated !== undefined
  }

  /** Tells whether any promise is pending. */
  get idle(): boolean {
    return this.pending.size === 0
  }

  /** Tells whether user code is called for a message, or its promise is pending. */
  isOpen(message: Message): boolean {
    if (this.cell.isHandling(message.inbound, message.place)) return true
    for (const task of this.pending.keys()) if (task.message === message) return true
    return false
  }

  /** When the oldest pending call is to be given up, or Infinity. */
  get dueMs(): number {
    if (this.waitsForTurn) return this.host.clock.now() + TURN_MS
    const oldest: MapTask | undefined = this.pending.keys().next().value
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest.startedMs + this.timeoutMs
  }

  /** Tells whether a task may be called now. A suspect that may not keeps others from being called before it. */
  admits(task: MapTask): boolean {
    if (this.isolated !== undefined && this.isolated !== task) return false
    const { inbound, at } = task.message
    if (!isSuspect(inbound.ring.words, at)) return true
    this.isolated = task
    if (this.pending.size > 0) return false
    this.waitsForTurn = this.notes?.takeTurn() === false
    return !this.waitsForTurn
  }

  /** A task that has waited, or a suspect, is about to be called: it is noted by itself. */
  note(task: MapTask): void {
    this.notes?.these([task.message], this.isolated === task)
  }

  /** User code is about to be called for a message. */
  enter(message: Message): void {
    if (this.alone !== undefined) this.disturb()
    this.cell.handling(message.inbound, message.place)
  }

  /** User code for the message has returned, or thrown. */
  leave(): void {
    crashPoint('mapper.handler-returned')
    this.cell.handled()
  }

  /** A synchronous call is over, and the next one may begin. */
  over(task: MapTask): void {
    if (this.isolated !== task) return
    this.isolated = undefined
    this.notes?.clear()
  }

  /**
   * A call has returned a promise: one of the two functions is called when it settles, unless the call was given up before
   * (`expired`).
   */
  follow<Value>(
    task: MapTask,
    promise: PromiseLike<Value>,
    fulfilled: (value: Value) => void,
    rejected: (error: unknown) => void,
  ): void {
    const { inbound, place } = task.message
    const call = ++task.call
    this.began(task)
    const settled = (report: () => void) => {
      if (task.call === call) {
        this.ended(task)
        report()
      } else this.cameLate(inbound, place)
      this.host.wake()
    }
    settlingOnce(promise).then(
      (value) => settled(() => fulfilled(value)),
      (error) => settled(() => rejected(error)),
    )
  }

  /** All calls for a task are over: the thread has survived it. */
  acquit(task: MapTask): void {
    this.over(task)
    const { inbound, at } = task.message
    acquit(inbound.ring.words, at)
    this.signals.over(task.message)
  }

  /** Gives the oldest task whose call takes too long, and waits for it no longer; its bytes stay (M5). */
  expired(nowMs: number): MapTask | undefined {
    if (this.pending.size === 0) return undefined
    const task = this.pending.keys().next().value as MapTask
    if (task.startedMs + this.timeoutMs > nowMs) return undefined
    this.ended(task)
    task.call++
    const { inbound, place } = task.message
    inbound.pin(place)
    this.late.set(inbound, (this.late.get(inbound) ?? 0) + 1)
    return task
  }

  /** Tells whether calls that were given up keep half of a mailbox: only the end of the thread ends them (M5). */
  get pinsTooMuch(): boolean {
    for (const inbound of this.late.keys()) {
      if (inbound.pinnedBytes >= inbound.ring.capacity >> 1) return true
    }
    return false
  }

  private began(task: MapTask): void {
    const { inbound, at } = task.message
    const isAlone = this.pending.size === 0
    if (this.alone !== undefined) this.disturb()
    if (isAlone) this.alone = task
    begin(inbound.ring.words, at, isAlone)
    task.startedMs = this.times.promised(task.verdict !== undefined)
    this.pending.set(task, this.notes?.hold())
    this.cell.awaited(this.pending.size)
  }

  private ended(task: MapTask): void {
    this.times.answered(task.startedMs, task.verdict !== undefined)
    const { inbound, at } = task.message
    const chunk = this.pending.get(task)
    if (chunk !== undefined) this.notes?.release(chunk)
    this.pending.delete(task)
    end(inbound.ring.words, at)
    if (this.alone === task) this.alone = undefined
    this.cell.awaited(this.pending.size)
    this.over(task)
  }

  /** The promise of a call that was given up has settled: now nobody can read the bytes any more (M5). */
  private cameLate(inbound: Inbound, place: number): void {
    inbound.unpin(place)
    const left = (this.late.get(inbound) as number) - 1
    if (left > 0) this.late.set(inbound, left)
    else this.late.delete(inbound)
    this.cell.isDirty = true
    this.counters.add('late')
  }

  private disturb(): void {
    const { inbound, at } = (this.alone as MapTask).message
    hasCompany(inbound.ring.words, at)
    this.alone = undefined
  }
}
