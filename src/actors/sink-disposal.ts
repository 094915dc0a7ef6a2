// Disposes of each message as its sink has answered: settles it, makes it wait for another attempt or the end of a hold, or passes it
// on to the fallback or onSuccess sink. Its share is disposed of in the commit that settles its record (S4).
// What has no room goes on in the next step.

import type { Host } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import { FULL, MARKER, TOO_LARGE } from '../kernel/codec.js'
import type { Counters } from '../kernel/counters.js'
import { MillraceError } from '../kernel/failure.js'
import { NO_LANE } from '../kernel/lane.js'
import { ATTEMPT, KIND } from '../kernel/layout.js'
import type { Message } from '../kernel/message.js'
import { backoffMs } from '../kernel/retry.js'
import { deliveriesOf } from '../kernel/suspicion.js'
import type { HoldOptions, NackOptions, Response, ServeOptions } from '../sinks/response.js'
import type { OnSuccessMessage } from '../sinks/sink.js'
import { GiveUpLog } from './give-up-log.js'
import { epochOf } from './records.js'
import { RetryLog } from './retry-log.js'
import type { SinkBatch } from './sink-batch.js'
import type { SinkMemory, SinkOptions } from './sink-options.js'
import type { SinkOutlet } from './sink-outlet.js'
import type { SinkQueue } from './sink-queue.js'

export class SinkDisposal {
  /** True once a mailbox had no room in this step for what must be written next. */
  blocked = false
  /** True while answers are disposed of, and not yet committed. */
  hasAnswers = false
  private readonly options: SinkOptions
  private readonly host: Host
  private readonly cell: Cell
  private readonly counters: Counters
  private readonly outlet: SinkOutlet
  private readonly queue: SinkQueue
  private readonly retryLog: RetryLog
  private readonly giveUpLog: GiveUpLog
  private written = 0

  constructor(options: SinkOptions, memory: SinkMemory, host: Host, queue: SinkQueue) {
    this.options = options
    this.host = host
    this.cell = memory.cell
    this.counters = memory.counters
    this.outlet = memory.outlet
    this.queue = queue
    this.retryLog = new RetryLog(options.name, host)
    this.giveUpLog = new GiveUpLog(host)
  }

  /** Disposes of what is answered of some batches, and takes those out of which nothing is left; gives of how many messages. */
  disposeOf(batches: SinkBatch[]): number {
    let work = 0
    for (let i = 0; i < batches.length; ) {
      const batch = batches[i]
      if (batch.answered) {
        work += this.disposeOfBatch(batch)
        if (batch.done === batch.messages.length) {
          batches.splice(i, 1)
          continue
        }
      }
      i++
    }
    return work
  }

  /** Commits, and counts what is written. */
  commit(): void {
    this.cell.commit()
    this.counters.add('written', this.written)
    this.written = 0
    this.hasAnswers = false
  }

  /** Settles a marker, or passes a message on that is on its way to the fallback, without asking the sink; false for no room. */
  passOn(message: Message): boolean {
    const { outlet } = this
    const isMarker = (message.inbound.ring.words[message.at + KIND] & 0xff) === MARKER
    if (!isMarker && !outlet.hasFallback)
      return this.misconfigured(`message ${message.id} goes to the fallback, but the topology has none`)
    const written = isMarker ? outlet.marker(message) : outlet.pass(message)
    // What has no room holds up what is behind it in its mailbox, and no retry.
    if (written !== FULL && !isMarker) this.counters.add('fallback')
    this.cell.isDirty = true
    return written !== FULL
  }

  private disposeOfBatch(batch: SinkBatch): number {
    const { messages, responses } = batch
    const before = batch.done
    while (batch.done < messages.length && !this.blocked) {
      if (responses[batch.done].outcome === 'ok') this.settleOk(batch)
      else if (this.dispose(messages[batch.done], responses[batch.done], batch)) batch.done++
      else this.blocked = true
    }
    if (batch.done > before) this.cell.isDirty = this.hasAnswers = true
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

  /** False for no room. */
  private dispose(message: Message, { outcome, detail, options }: Response, batch: SinkBatch): boolean {
    const { outlet } = this
    switch (outcome) {
      case 'failure':
        return this.failed(message, detail, batch)
      case 'hold':
        return this.hold(message, options as HoldOptions)
      case 'nack':
        return this.settled(message, outlet.nack(message, options as NackOptions))
      case 'serve':
        return this.settled(
          message,
          outlet.serve(message, detail as Uint8Array, options as ServeOptions),
          'written',
        )
      case 'fallback':
        return this.toFallback(message, String(detail), batch.error, batch.attempts)
      default:
        return this.toOnSuccess(message, detail as OnSuccessMessage | undefined)
    }
  }

  private hold(message: Message, options: HoldOptions | undefined): true {
    this.counters.add('held')
    this.queue.wait(message, this.host.clock.now() + Math.max(0, options?.delayMs ?? 0))
    return true
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
    if (this.options.sink.ordered !== true || lane === NO_LANE || batch.error !== undefined) return false
    return batch.failedLanes.has(lane)
  }

  private exhausted(message: Message, reason: string, error: unknown, attempts: number): boolean {
    const { name, retry } = this.options
    const { onExhausted } = retry
    const what = `${name}: message ${message.id}: ${reason} (attempt ${attempts} of ${attempts})`
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
      return this.misconfigured(
        `message ${message.id} goes to the fallback (${reason}), but the topology has none: give it a fallback sink`,
      )
    }
    const failure = { reason, error, attempts, stage: this.options.name }
    return this.settled(message, this.outlet.fallback(message, failure), 'fallback')
  }

  private toOnSuccess(message: Message, other: OnSuccessMessage | undefined): boolean {
    if (!this.outlet.hasOnSuccess) {
      return this.misconfigured(
        `answered onSuccess for message ${message.id}, but the topology has no onSuccess sink`,
      )
    }
    const written = this.outlet.onSuccess(message, other)
    if (written !== TOO_LARGE) return this.settled(message, written, 'onSuccess')
    const reason = 'the onSuccess message is larger than limits.messageBytes'
    return this.settled(message, this.outlet.nack(message, { reason }))
  }

  private misconfigured(what: string): false {
    this.host.fail(new MillraceError('ERR_CONFIG', `${this.options.name}: ${what}`))
    return false
  }

  /** The share of a message is disposed of, if there was room: then its record is settled in the same commit. */
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
