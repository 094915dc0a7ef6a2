// A mapper's results on their way into the outbounds: oldest first, each placed whole or not at all (C4, W1). Streams, and what an
// empty mailbox has no room for, are placed in parts, one after the other (C5).
// Under order 'source' a task has its turn from the moment it is begun; else from its result on.

import { MORE } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import { SEQUENCE_DOUBLE } from '../kernel/layout.js'
import type { Message } from '../kernel/message.js'
import { type Emitter, FULL, TOO_LARGE } from './emitter.js'
import type { Expansion } from './expansion.js'
import type { MapTask } from './map-task.js'
import { type Failure, shareOf } from './records.js'
import type { StepBudget } from './step-budget.js'

export type MapResultsOptions = {
  cell: Cell
  emitter: Emitter
  expansion: Expansion
  budget: StepBudget
  inSourceOrder: boolean
  /** Called when all of a task is placed. */
  done: (task: MapTask) => void
  /** Called when a task's outputs are refused, or its stream fails. */
  failed: (task: MapTask, error: unknown) => void
}

const REFUSED = -3
const TOO_LARGE_TEXT =
  'an output is larger than limits.messageBytes, or its keys, tags and headers are larger than 128 KiB'

export class MapResults {
  /** True once an outbound had no room in this step: nothing new is begun. */
  blocked = false
  /** Tasks whose results wait to be placed, in order of arrival; under order 'source' all tasks, in order of reading. */
  private readonly queue: MapTask[] = []
  /** Tasks that commit in parts, one after the other; under order 'source' they do so at the head of the queue. */
  private readonly streams: MapTask[] = []
  private readonly cell: Cell
  private readonly emitter: Emitter
  private readonly expansion: Expansion
  private readonly budget: StepBudget
  private readonly inSourceOrder: boolean
  private readonly done: (task: MapTask) => void
  private readonly failed: (task: MapTask, error: unknown) => void
  /** Why an output was refused. */
  private refusal: unknown

  constructor(options: MapResultsOptions) {
    this.cell = options.cell
    this.emitter = options.emitter
    this.expansion = options.expansion
    this.budget = options.budget
    this.inSourceOrder = options.inSourceOrder
    this.done = options.done
    this.failed = options.failed
  }

  /** How many have a turn, those in parts not counted. */
  get waiting(): number {
    return this.queue.length
  }

  get idle(): boolean {
    return this.queue.length + this.streams.length === 0
  }

  /** The one that commits in parts now, in any order but the source's. */
  get stream(): MapTask | undefined {
    return this.streams[0]
  }

  /** Tells whether the stream of a message is open. */
  hasStream(message: Message): boolean {
    const isStream = (task: MapTask) => task.message === message && task.verdict === 'stream'
    return this.streams.some(isStream) || this.queue.some(isStream)
  }

  /** A task is begun. */
  begun(task: MapTask): void {
    if (this.inSourceOrder) this.queue.push(task)
  }

  /** A task has its verdict. */
  decided(task: MapTask): void {
    if (!this.inSourceOrder) this.queue.push(task)
  }

  /** Places what has its verdict, until one has none yet, or does not fit; gives how much it was. */
  place(): number {
    let work = 0
    // What is placed may let the next of its lane be called.
    const most = Math.max(2, this.budget.messages)
    while (this.queue.length > 0 && !this.blocked) {
      if (work >= most) return work + MORE
      const task = this.queue[0]
      if (task.verdict === undefined) break
      if (this.goesInParts(task)) {
        if (!this.inSourceOrder) this.enterStreams(this.queue.shift() as MapTask)
        else if (this.placePart(task)) work += MORE
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

  /** Goes on with the stream; says whether anything was done. */
  placeStream(): boolean {
    return this.streams.length > 0 && this.placePart(this.streams[0])
  }

  /** O3: everything below the oldest task, and up to `bound`, which is still to come, is in the outbounds. */
  raiseWatermark(bound: number): void {
    const { cell, queue } = this
    let watermark = bound
    if (queue.length > 0) {
      const { inbound, at } = queue[0].message
      const own = ((inbound.ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE] | 0) - 1) | 0
      if (((own - bound) | 0) < 0) watermark = own
    }
    if (((watermark - cell.watermark) | 0) <= 0) return
    cell.watermark = watermark
    cell.isDirty = true
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

  private placePart(task: MapTask): boolean {
    const { expansion } = this
    if (!expansion.admits(task)) return false
    if (!expansion.isAt(task)) expansion.begin(task)
    const result = expansion.advance()
    if (result === 'waiting' || result === 'blocked') return false
    this.cell.isDirty = true
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
    const share = this.expansion.holds(task) ? this.expansion.rest : shareOf(message)
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
}
