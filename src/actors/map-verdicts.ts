// What becomes of a mapper's messages after their calls: outputs, another attempt after the back-off, or what the retry strategy
// says once attempts are exhausted; poison and what was cancelled are not called (again) at all (H1, R5).

import type { Host } from '../kernel/actor.js'
import { CANCELLED, type Cancellation } from '../kernel/cancellation.js'
import type { Counters } from '../kernel/counters.js'
import { MillraceError, messageOf } from '../kernel/failure.js'
import { ATTEMPT } from '../kernel/layout.js'
import type { Message } from '../kernel/message.js'
import { backoffMs } from '../kernel/retry.js'
import { deliveriesOf } from '../kernel/suspicion.js'
import { type Death, poisonOf } from './death.js'
import type { Expansion } from './expansion.js'
import { GiveUpLog } from './give-up-log.js'
import type { MapCalls } from './map-calls.js'
import type { MapResult } from './map-handler.js'
import type { MapResults } from './map-results.js'
import type { MapRetries } from './map-retries.js'
import { acceptResult, type MapTask } from './map-task.js'
import type { MapperMemory, MapperOptions } from './mapper-options.js'
import { RetryLog } from './retry-log.js'

export type MapVerdictsParts = {
  calls: MapCalls
  expansion: Expansion
  results: MapResults
  retries: MapRetries
}

export class MapVerdicts {
  private readonly options: MapperOptions
  private readonly host: Host
  private readonly counters: Counters
  private readonly cancellation: Cancellation | undefined
  private readonly death: Death | undefined
  private readonly calls: MapCalls
  private readonly expansion: Expansion
  private readonly results: MapResults
  private readonly retries: MapRetries
  private readonly retryLog: RetryLog
  private readonly giveUpLog: GiveUpLog

  constructor(options: MapperOptions, memory: MapperMemory, host: Host, parts: MapVerdictsParts) {
    this.options = options
    this.host = host
    this.counters = memory.counters
    this.cancellation = memory.cancellation
    this.death = memory.death
    this.calls = parts.calls
    this.expansion = parts.expansion
    this.results = parts.results
    this.retries = parts.retries
    this.retryLog = new RetryLog(options.name, host)
    this.giveUpLog = new GiveUpLog(host)
  }

  /** A call has given a result. */
  finish(task: MapTask, result: MapResult): void {
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
      this.options.degradation?.taskEnded(task, 'worked')
      this.calls.acquit(task)
    }
    this.results.decided(task)
  }

  /** One attempt failed: again after the back-off, or what the retry strategy says once attempts are exhausted. */
  failed(task: MapTask, error: unknown): void {
    if (this.isCancelled(task.message)) {
      this.cancelled(task)
      return
    }
    const { retry, degradation } = this.options
    const { inbound, at } = task.message
    const { words } = inbound.ring
    const attempts = words[at + ATTEMPT] + 1
    words[at + ATTEMPT] = attempts
    this.calls.acquit(task)
    task.verdict = undefined
    this.counters.add('failed')
    const wasHandler = degradation?.taskEnded(task, 'failed', error)
    let delayMs = 0
    if (attempts < retry.attempts) delayMs = backoffMs(retry.backoff, attempts, this.host.random)
    // While the circuit is open there is somebody who stands in, also for those that failed before it was.
    else if (wasHandler && degradation?.isOpen && !this.expansion.holds(task)) task.needsStandIn = true
    else {
      this.exhausted(task, error, attempts)
      return
    }
    task.isFixed = false
    this.retryLog.failed(task.message, error, attempts)
    this.retries.wait(task, this.host.clock.now() + delayMs)
  }

  isCancelled({ inbound, at }: Message): boolean {
    return this.cancellation?.isCancelled(inbound.ring, at) === true
  }

  /** A handler is not called for a message that was cancelled, nor called again: its record is nacked (R5). */
  cancelled(task: MapTask): void {
    const { inbound, at } = task.message
    this.options.degradation?.taskEnded(task, 'unknown')
    this.calls.acquit(task)
    this.counters.add('cancelled')
    task.isFixed = true
    task.failure = { reason: CANCELLED, attempts: inbound.ring.words[at + ATTEMPT], stage: this.options.name }
    task.verdict = 'nack'
    this.results.decided(task)
  }

  isPoison({ inbound, at }: Message): boolean {
    return deliveriesOf(inbound.ring.words, at) >= this.options.poisonAfter
  }

  /** A record that killed its thread again and again, alone, is not begun any more (H1): never a silent drop. */
  condemn(task: MapTask): void {
    const { name, poisonTo } = this.options
    const failure = poisonOf(task.message, name, this.death)
    const what = `${name}: message ${task.message.id}: ${failure.reason}`
    this.calls.acquit(task)
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
    this.results.decided(task)
  }

  private exhausted(task: MapTask, error: unknown, attempts: number): void {
    const { name, retry } = this.options
    const { onExhausted } = retry
    const reason = messageOf(error)
    const what = `${name}: message ${task.message.id}: ${reason} (attempt ${attempts} of ${attempts})`
    if (onExhausted === 'stop') {
      this.host.fail(new MillraceError('ERR_HANDLER', what, { cause: error }))
      return
    }
    task.failure = { reason, error, attempts, stage: name }
    task.verdict = onExhausted === 'drop' ? 'dropped' : onExhausted
    this.giveUpLog.say(what, task.verdict)
    this.results.decided(task)
  }
}
