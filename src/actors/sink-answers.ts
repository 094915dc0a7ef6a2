// What the batches of a sink are answered with: what the sink says, where it keeps the contract (P4); else all of the batch fails.
// It is disposed of later, message by message.

import type { Host } from '../kernel/actor.js'
import type { Counters } from '../kernel/counters.js'
import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'
import { deliveriesOf } from '../kernel/suspicion.js'
import { Response } from '../sinks/response.js'
import { type Death, poisonOf } from './death.js'
import { type CheckOptions, checkResponses } from './responses.js'
import type { SinkBatch } from './sink-batch.js'
import { SinkHealth } from './sink-health.js'
import type { SinkMemory, SinkOptions } from './sink-options.js'

const NOTHING_FORBIDDEN: readonly Response['outcome'][] = []
const FALLBACK_ROLE_FORBIDS: readonly Response['outcome'][] = ['fallback', 'onSuccess']

export class SinkAnswers {
  private readonly options: SinkOptions
  private readonly host: Host
  private readonly counters: Counters
  private readonly death: Death | undefined
  private readonly health: SinkHealth
  private readonly check: CheckOptions
  private breaches = 0

  /** `laneOf`: where the sink keeps the order of a lane even over a failure (O2). */
  constructor(options: SinkOptions, memory: SinkMemory, host: Host, laneOf: CheckOptions['laneOf']) {
    this.options = options
    this.host = host
    this.counters = memory.counters
    this.death = memory.death
    this.health = new SinkHealth(options.name, host, memory.counters)
    const forbidden = options.role === 'sink' ? NOTHING_FORBIDDEN : FALLBACK_ROLE_FORBIDS
    this.check = { forbidden, laneOf }
  }

  /** The sink has answered. */
  answered(batch: SinkBatch, answer: unknown): void {
    const breach = this.breachOf(batch, answer)
    if (breach !== undefined) {
      this.breached(batch, breach)
      return
    }
    const { responses } = batch
    if (this.options.sink.atomic === true) {
      const failure = responses.find(({ outcome }) => outcome === 'failure')
      if (failure !== undefined) {
        this.failWhole(batch, failure.detail)
        return
      }
    }
    batch.answered = true
    batch.deadlineMs = Number.POSITIVE_INFINITY
    this.look(batch)
  }

  /** The sink has failed, or its answer did not come in time. */
  failWhole(batch: SinkBatch, error: unknown): void {
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

  isPoison({ inbound, at }: Message): boolean {
    return deliveriesOf(inbound.ring.words, at) >= this.options.poisonAfter
  }

  /** A record that killed its thread again and again, alone, is not given any more (H1): never a silent drop. */
  condemn(batch: SinkBatch, message: Message): void {
    const { name, poisonTo } = this.options
    const failure = poisonOf(message, name, this.death)
    const { reason } = failure
    const what = `${name}: message ${message.id}: ${reason}`
    this.counters.add('poisoned')
    if (poisonTo === 'stop') {
      const remedy = 'and there is no fallback sink that could take it'
      this.host.fail(new MillraceError('ERR_POISON', `${what}, ${remedy}`, { cause: failure.error }))
      return
    }
    this.host.log.error(what, { outcome: poisonTo })
    batch.error = failure.error
    batch.attempts = failure.attempts
    batch.responses[0] =
      poisonTo === 'nack' ? Response.nack(message, { reason }) : Response.fallback(message, reason)
    batch.answered = true
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
    const error = new MillraceError('ERR_SINK_CONTRACT', `${this.options.name}: ${breach}`)
    this.counters.add('breaches')
    this.breaches++
    if (this.breaches >= this.options.contractBreaches) this.host.fail(error)
    else {
      this.host.log.error(error.message)
      this.failWhole(batch, error)
    }
  }
}
