// Calls a mapper's handler for its tasks, as soon as no suspect stands in the way (H1), and follows the calls to their end:
// a result, an error, or the time when they are given up (H2). What becomes of the message then is its verdict.

import { countText } from '../kernel/count-text.js'
import { Message } from '../kernel/message.js'
import { isPromise } from '../kernel/promise.js'
import type { CallTimes } from './call-times.js'
import type { Expansion } from './expansion.js'
import type { MapCalls } from './map-calls.js'
import type { MapContext, MapResult } from './map-handler.js'
import type { MapResults } from './map-results.js'
import type { MapTask } from './map-task.js'
import type { MapVerdicts } from './map-verdicts.js'
import type { MapperOptions } from './mapper-options.js'

export type MapCallerParts = {
  context: MapContext
  calls: MapCalls
  times: CallTimes
  expansion: Expansion
  results: MapResults
  verdicts: MapVerdicts
}

export class MapCaller {
  private readonly options: MapperOptions
  private readonly context: MapContext
  private readonly calls: MapCalls
  private readonly times: CallTimes
  private readonly expansion: Expansion
  private readonly results: MapResults
  private readonly verdicts: MapVerdicts
  /** Tasks that would be called if it were not for a suspect, oldest first. */
  private readonly waiting: MapTask[] = []

  constructor(options: MapperOptions, parts: MapCallerParts) {
    this.options = options
    this.context = parts.context
    this.calls = parts.calls
    this.times = parts.times
    this.expansion = parts.expansion
    this.results = parts.results
    this.verdicts = parts.verdicts
  }

  /** Tells whether no task waits to be called. */
  get idle(): boolean {
    return this.waiting.length === 0
  }

  /** Calls the handler for a task, now or when its turn comes. */
  run(task: MapTask): void {
    if (this.waiting.length > 0 || !this.calls.admits(task)) this.waiting.push(task)
    else this.call(task)
  }

  /** Calls the handler for those that have waited, as far as that may be; gives for how many. */
  runWaiting(): number {
    let work = 0
    while (this.waiting.length > 0 && !this.results.blocked && this.calls.admits(this.waiting[0])) {
      this.call(this.waiting.shift() as MapTask)
      this.results.place()
      work++
    }
    return work
  }

  /** The handler has just thrown for a task. */
  threw(task: MapTask, error: unknown): void {
    this.options.degradation?.called(task)
    this.verdicts.failed(task, error)
  }

  /** The handler has just returned for a task. `isTimed`: the clock goes on, as looking at the result may call user code too. */
  returned(task: MapTask, result: MapResult | Promise<MapResult>, isTimed: boolean): void {
    this.options.degradation?.called(task)
    task.execution++
    task.isFixed = true
    task.shortage = undefined
    if (!isPromise(result)) {
      this.verdicts.finish(task, result)
      if (isTimed) this.times.stop()
      this.times.calls++
    } else {
      this.calls.follow(
        task,
        result,
        (value) => this.verdicts.finish(task, value),
        (error) => this.verdicts.failed(task, error),
      )
    }
  }

  /** Gives up the calls whose promises take too long (H2); gives how many. */
  expire(nowMs: number): number {
    let work = 0
    for (let task = this.calls.expired(nowMs); task !== undefined; task = this.calls.expired(nowMs)) {
      const { message } = task
      const error = new Error(
        `the handler gave no result within ${countText(this.options.handlerTimeoutMs)} ms`,
      )
      this.options.gaveUp?.(message, error)
      this.calls.signals.expire(message, error.message)
      // What was given up goes on with the old one, whose signal stays aborted.
      task.message = new Message(message.inbound, message.place)
      if (!this.expansion.failPull(task, error)) this.verdicts.failed(task, error)
      work++
    }
    return work
  }

  private call(task: MapTask): void {
    const { calls, times, verdicts } = this
    const { message } = task
    if (verdicts.isCancelled(message)) {
      verdicts.cancelled(task)
      return
    }
    if (verdicts.isPoison(message)) {
      verdicts.condemn(task)
      return
    }
    let result: MapResult | Promise<MapResult>
    task.isFixed = true
    calls.note(task)
    this.options.degradation?.choose(task, this.expansion)
    const isTimed = times.isTiming
    calls.enter(message)
    if (isTimed) times.begin()
    try {
      result = this.options.handler(message, this.context)
    } catch (error) {
      if (isTimed) times.stop()
      times.calls++
      calls.leave()
      this.threw(task, error)
      return
    }
    calls.leave()
    this.returned(task, result, isTimed)
  }
}
