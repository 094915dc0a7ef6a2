// Keeps a session with the group: opens it, and another when it fails, after a growing delay. What trying again does not mend
// ends it, with an error that says what to do.

import type { Consumer, ConsumerEvents, ConsumerOptions, Driver } from '../../kafka/driver.js'
import { KafkaError } from '../../kafka/kafka-error.js'
import { remedyFor } from '../../kafka/remedy.js'
import { wait } from '../../kafka/wait.js'
import { systemClock, systemRandom } from '../../kernel/clock.js'
import { within } from '../../kernel/deadline.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import { type Backoff, backoffMs } from '../../kernel/retry.js'

export type SessionParts = {
  driver: Driver
  options: ConsumerOptions
  log: Log
  events: ConsumerEvents
  /** A session is over, or could not be opened. */
  ended(why: KafkaError): void
  /** No session will be opened any more. */
  gaveUp(error: MillraceError): void
}

const BACKOFF: Backoff = { initialMs: 100, factor: 2, maxMs: 5_000, jitter: 0.2 }
/** Opening waits so long for brokers; then the topology starts without them. */
const OPEN_MS = 5_000
/** What seems final may be so only for a moment, while brokers start or a topic is made again. */
const FINAL_TRIES = 3
const FINAL_MS = 30_000

export class Session {
  /** Sessions that were opened after the first. */
  restarts = 0
  readonly #parts: SessionParts
  readonly #stop = new AbortController()
  #consumer: Consumer | undefined
  #end: ((error: KafkaError) => void) | undefined
  #running: Promise<void> | undefined
  #hasOpened = false
  #tries = 0
  #finalTries = 0
  #finalSinceMs = 0
  #openedMs = Number.POSITIVE_INFINITY
  #reconnects = 0
  #last = 'no answer yet'

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /** The member that has joined, if there is one. */
  get consumer(): Consumer | undefined {
    return this.#consumer
  }

  get reconnects(): number {
    return this.#reconnects + (this.#consumer?.health().reconnects ?? 0)
  }

  /** Resolves when the first session is open, or the brokers are still not there; rejects with what is final. */
  async open(): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      this.#running = this.#run(resolve, reject)
    })
    await within(OPEN_MS, opened, () => {
      const { brokers } = this.#parts.options.connection
      const what = `not connected yet to ${brokers.join(', ')}: ${this.#last}`
      this.#parts.log.warn(`kafka: ${what}: it is tried again and again`)
    })
  }

  /** Ends the session of now: another one is opened. */
  renew(why: string): void {
    this.#end?.(new KafkaError('retriable', why))
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.renew('it is closed')
    await this.#running
  }

  async #run(opened: () => void, failed: (error: Error) => void): Promise<void> {
    const { log, gaveUp } = this.#parts
    while (!this.#stop.signal.aborted) {
      const error = await this.#runOnce(opened)
      this.#last = messageOf(error)
      if (this.#stop.signal.aborted) break
      if (this.#isFinal(error)) {
        const what = new MillraceError(this.#hasOpened ? 'ERR_SOURCE' : 'ERR_OPEN', this.#textOf(error), {
          cause: error,
        })
        failed(what)
        gaveUp(what)
        return
      }
      const delayMs = backoffMs(BACKOFF, ++this.#tries, systemRandom)
      log.warn(`kafka: ${messageOf(error)}: the session is opened again`, { delayMs: Math.round(delayMs) })
      await wait(delayMs, this.#stop.signal)
    }
    opened()
  }

  /** Opens one, and resolves with why it ended. */
  async #runOnce(opened: () => void): Promise<KafkaError> {
    const { driver, options, events } = this.#parts
    const ended = new Promise<KafkaError>((resolve) => {
      this.#end = resolve
    })
    const consumer = driver.consumer(
      options,
      { ...bound(events), failed: (error) => this.#end?.(error) },
      this.#parts.log,
    )
    // The first assignment is told while it opens.
    this.#consumer = consumer
    const why = await this.#untilEnd(consumer, ended, opened)
    this.#consumer = undefined
    this.#parts.ended(why)
    this.#reconnects += consumer.health().reconnects
    await consumer.close()
    return why
  }

  async #untilEnd(consumer: Consumer, ended: Promise<KafkaError>, opened: () => void): Promise<KafkaError> {
    try {
      await Promise.race([consumer.open(), ended.then((error) => Promise.reject(error))])
      this.#opened(opened)
      return await ended
    } catch (error) {
      return error instanceof KafkaError
        ? error
        : new KafkaError('retriable', messageOf(error), { cause: error })
    }
  }

  #opened(opened: () => void): void {
    const { log, driver, options } = this.#parts
    if (this.#hasOpened) {
      this.restarts++
      log.info('kafka: the session is open again')
    } else
      log.info(`kafka: reads ${options.topics.join(', ')} as ${options.groupId}`, { driver: driver.name })
    this.#hasOpened = true
    this.#tries = 0
    this.#openedMs = systemClock.now()
    opened()
  }

  #isFinal({ kind }: KafkaError): boolean {
    // Some of it is seen only when the session is open: then what counts is that it lasted.
    const hasLasted = systemClock.now() - this.#openedMs >= FINAL_MS
    this.#openedMs = Number.POSITIVE_INFINITY
    const isHopeful = remedyFor(kind, 'source') === undefined
    if (isHopeful || hasLasted) this.#finalTries = 0
    if (isHopeful) return false
    if (this.#finalTries++ === 0) this.#finalSinceMs = systemClock.now()
    if (!this.#hasOpened) return this.#finalTries >= FINAL_TRIES
    return systemClock.now() - this.#finalSinceMs >= FINAL_MS
  }

  #textOf(error: KafkaError): string {
    const { brokers } = this.#parts.options.connection
    return `kafka: ${brokers.join(', ')}: ${messageOf(error)}: ${remedyFor(error.kind, 'source')}`
  }
}

function bound(events: ConsumerEvents): ConsumerEvents {
  return {
    batch: (batch) => events.batch(batch),
    rebalancing: () => events.rebalancing(),
    assigned: (generation, partitions) => events.assigned(generation, partitions),
    outOfRange: (partition) => events.outOfRange(partition),
    failed: (error) => events.failed(error),
  }
}
