// The one open expansion in parts of a mapper (C5): outputs that don't fit into one commit, and streams.
// The cell remembers, for the one that has committed parts: where its record lies, how many children are committed, and the
// parent's share XOR theirs. A redo skips the committed ones; an end marker carries the rest, and settles the record.

import type { Cell } from '../kernel/cell.js'
import type { Inbound } from '../kernel/inbound.js'
import type { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'
import { isPromise } from '../kernel/promise.js'
import { type Emitter, FULL, TOO_LARGE } from './emitter.js'
import type { MapCalls } from './map-calls.js'
import type { MapOutput } from './map-handler.js'
import { assertOutput, type MapTask, type OutputIterator } from './map-task.js'
import { type Share, shareOf } from './records.js'

/** Outputs placed in one step, at most. */
const STEP_MAX = 512

export type ExpansionResult = 'placed' | 'blocked' | 'waiting' | 'done' | 'failed'

export class Expansion {
  private task: MapTask | undefined
  /** The parent's share XOR those of the committed children. */
  readonly rest: Share = { lo: 0, hi: 0 }
  /** Children that are committed, or will be with the next commit. */
  private count = 0
  private skip = 0
  private error: unknown
  private execution = -1
  private stream: OutputIterator | undefined
  private buffer: MapOutput[] = []
  private ended = false
  private pulling = false
  private out: Outbound | undefined
  /** True where the degrade handler made the committed ones. */
  isOfStandIn = false
  /** What a predecessor left open: where, and the count and share above. */
  private left: { inbound: Inbound; place: number } | undefined
  private readonly cell: Cell
  private readonly inbounds: readonly Inbound[]
  private readonly emitter: Emitter
  private readonly calls: MapCalls

  constructor(cell: Cell, inbounds: readonly Inbound[], emitter: Emitter, calls: MapCalls) {
    this.cell = cell
    this.inbounds = inbounds
    this.emitter = emitter
    this.calls = calls
    const [number, place, count, lo, hi] = cell.registers
    if (number === 0) return
    this.left = { inbound: inbounds[number - 1], place: place | 0 }
    this.count = Math.abs(count)
    this.isOfStandIn = count < 0
    this.rest.lo = lo | 0
    this.rest.hi = hi | 0
  }

  /** The inbound of what a predecessor left open, until it is taken again. */
  get awaited(): Inbound | undefined {
    return this.left?.inbound
  }

  /** Tells whether a message is the one that a predecessor left open. */
  wasOpen(message: Message): boolean {
    return (
      this.left !== undefined && this.left.inbound === message.inbound && this.left.place === message.place
    )
  }

  /** Takes over what a predecessor left open, for the task that its message has become. */
  adopt(task: MapTask): void {
    this.task = task
    this.left = undefined
    this.execution = -1
  }

  /** Tells whether parts of the task are committed, or about to be: then its share is `rest`. */
  holds(task: MapTask): boolean {
    return this.task === task
  }

  /** Tells whether a task may begin, or go on: one at a time. */
  admits(task: MapTask): boolean {
    return this.task === task || (this.task === undefined && this.left === undefined)
  }

  /** Tells whether it has begun with this execution of the task's handler. */
  isAt(task: MapTask): boolean {
    return this.task === task && this.execution === task.execution
  }

  /** Begins with a task's stream or outputs; after a retry, skips the children that are committed. */
  begin(task: MapTask): void {
    if (this.task !== task) {
      this.count = 0
      this.isOfStandIn = task.isStandIn
      Object.assign(this.rest, shareOf(task.message))
    }
    this.task = task
    this.execution = task.execution
    this.skip = this.count
    this.buffer = []
    this.ended = false
    this.pulling = false
    this.out = this.emitter.outFor(task.message)
    this.stream = task.stream ?? task.outputs[Symbol.iterator]()
  }

  /** Fails the attempt, if the task's stream is being waited for: says whether it is. */
  failPull(task: MapTask, error: unknown): boolean {
    if (this.task !== task || !this.pulling) return false
    this.pulling = false
    this.error = error
    return true
  }

  /** Places what there is, as far as it fits. */
  advance(): ExpansionResult {
    const task = this.task as MapTask
    for (let placed = 0; placed < STEP_MAX; placed++) {
      if (this.error === undefined && this.buffer.length === 0 && !this.ended) this.pull(task)
      if (this.error !== undefined) return 'failed'
      if (this.buffer.length === 0) {
        const result = this.ended ? this.end(task) : 'waiting'
        return placed > 0 && result !== 'done' ? 'placed' : result
      }
      if (this.skip > 0) this.skip--
      else {
        const written = this.tryToWrite(task)
        if (this.error !== undefined) return 'failed'
        if (written === FULL) {
          this.out?.want()
          return placed > 0 ? 'placed' : 'blocked'
        }
        this.count++
      }
      this.buffer.shift()
    }
    return 'placed'
  }

  /** True where it has no children. */
  get isEmpty(): boolean {
    return this.count === 0
  }

  /** Forgets the task: its record is settled with this commit. */
  close(): void {
    this.task = undefined
    this.count = 0
  }

  /** Ends a failed attempt and gives its error; the task is held on to only if parts of it are committed. */
  interrupt(): unknown {
    const { error, stream } = this
    this.error = undefined
    this.execution = -1
    void Promise.resolve(stream?.return?.()).catch(() => {})
    if (this.count === 0) this.task = undefined
    return error
  }

  /** Writes the registers for the next commit. */
  save(): void {
    const { registers } = this.cell
    if (this.left !== undefined) return
    const open = this.task !== undefined && this.count > 0
    const message = this.task?.message as Message
    registers[0] = open ? this.inbounds.indexOf(message.inbound) + 1 : 0
    registers[1] = open ? message.place : 0
    registers[2] = this.isOfStandIn ? -this.count : this.count
    registers[3] = this.rest.lo
    registers[4] = this.rest.hi
  }

  private tryToWrite(task: MapTask): number {
    try {
      const written = this.emitter.part(
        task.message,
        this.buffer[0],
        this.count,
        this.rest,
        this.out as Outbound,
      )
      if (written === TOO_LARGE) this.error = new RangeError('an output is larger than limits.messageBytes')
      return written
    } catch (error) {
      this.error = error
      return TOO_LARGE
    }
  }

  private end(task: MapTask): ExpansionResult {
    const written = this.emitter.marker(task.message, this.rest, 'ok')
    return written === FULL ? 'blocked' : 'done'
  }

  private pull(task: MapTask): void {
    if (this.pulling || !this.calls.admits(task)) return
    let next: IteratorResult<MapOutput> | PromiseLike<IteratorResult<MapOutput>>
    this.calls.enter(task.message)
    try {
      next = (this.stream as OutputIterator).next()
    } catch (error) {
      this.calls.leave()
      this.calls.over(task)
      this.fail(error)
      return
    }
    this.calls.leave()
    if (isPromise(next)) this.await(task, next)
    else {
      this.calls.over(task)
      this.receiveSafely(next)
    }
  }

  private await(task: MapTask, next: PromiseLike<IteratorResult<MapOutput>>): void {
    this.pulling = true
    const settled = (receive: () => void) => {
      this.pulling = false
      receive()
    }
    this.calls.follow(
      task,
      next,
      (result) => settled(() => this.receiveSafely(result)),
      (error) => settled(() => this.fail(error)),
    )
  }

  private receiveSafely(result: IteratorResult<MapOutput>): void {
    try {
      this.receive(result)
    } catch (error) {
      this.fail(error)
    }
  }

  private receive(result: IteratorResult<MapOutput>): void {
    if (result.done) this.ended = true
    else {
      assertOutput(result.value)
      this.buffer.push(result.value)
    }
  }

  private fail(error: unknown): void {
    this.error = error ?? new Error('a stream threw or rejected with nothing')
  }
}
