// The sink behind `kafka`: sends the messages of a write partition by partition, and answers what the brokers said of each.

import { clearTextWarning } from '../../kafka/clear-text.js'
import type { Driver, Producer } from '../../kafka/driver.js'
import { KafkaError } from '../../kafka/kafka-error.js'
import { partitionOfKey } from '../../kafka/murmur2.js'
import { remedyFor } from '../../kafka/remedy.js'
import { wait } from '../../kafka/wait.js'
import { systemClock, wallClockMs } from '../../kernel/clock.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { Message } from '../../kernel/message.js'
import { Response } from '../response.js'
import type { SinkContext } from '../sink.js'
import { giveUp } from './give-up.js'
import { behindFailure, HeldLanes, keepLanes } from './keep-lanes.js'
import { Linger } from './linger.js'
import { outRecord } from './out-record.js'
import { Queues, type Sending, type SendResult } from './queues.js'
import type { KafkaSinkSettings } from './settings.js'

/** Opening waits so long for brokers; then the topology starts without them, and writes fail until they are there. */
const OPEN_MS = 5_000
const RETRY_MS = 200
/** How often it is looked whether a topic has grown. */
const COUNT_MS = 60_000
const FINAL_TRIES = 3
/** Between two lines about what no try will write. */
const STUCK_MS = 30_000

export class KafkaSink {
  readonly #settings: KafkaSinkSettings
  readonly #context: SinkContext
  readonly #driver: Driver
  readonly #producer: Producer
  readonly #closing = new AbortController()
  readonly #linger: Linger
  readonly #batches: Record<SendResult, number> = {
    written: 0,
    failed: 0,
    divided: 0,
    refused: 0,
    stuck: 0,
  }
  #records = 0
  #buffered = 0
  #isOpen = false
  #writes = 0
  #countedMs = 0
  #stuckMs = Number.NEGATIVE_INFINITY

  constructor(settings: KafkaSinkSettings, driver: Driver, context: SinkContext) {
    this.#settings = settings
    this.#driver = driver
    this.#context = context
    const { connection, codec, requestTimeoutMs, lingerMs, batchMax } = settings
    this.#linger = new Linger(lingerMs, batchMax)
    this.#producer = driver.producer({ connection, codec, requestTimeoutMs }, context.log)
  }

  async open(): Promise<void> {
    const warning = clearTextWarning(this.#settings.connection)
    if (warning !== undefined) this.#context.log.warn(warning)
    const endMs = systemClock.now() + OPEN_MS
    for (let tries = 1; ; tries++) {
      const error = await this.#connect()
      if (error === undefined) break
      const remedy = remedyFor(error.kind, 'sink')
      if (remedy !== undefined && tries >= FINAL_TRIES) {
        await this.#producer.close()
        throw new MillraceError('ERR_OPEN', `kafka: ${this.#brokers}: ${messageOf(error)}: ${remedy}`, {
          cause: error,
        })
      }
      if (systemClock.now() >= endMs) {
        this.#context.log.warn(
          `kafka: not connected yet to ${this.#brokers}: ${messageOf(error)}: each write tries again`,
        )
        return
      }
      await wait(RETRY_MS, this.#closing.signal)
    }
    const { topics } = this.#settings
    this.#context.log.info(`kafka: writes ${topics.length === 0 ? 'topics by message' : topics.join(', ')}`, {
      driver: this.#driver.name,
    })
  }

  async write(batch: readonly Message[]): Promise<readonly Response[]> {
    if (!this.#isOpen) {
      const error = await this.#connect()
      if (error !== undefined) throw error
    }
    const lateMs = wallClockMs() - (batch[0].eventTime ?? Number.POSITIVE_INFINITY)
    const lingerMs = this.#linger.msBefore(batch.length, lateMs, systemClock.now())
    if (lingerMs > 0) await wait(lingerMs, this.#closing.signal)
    const queues = await this.#queue(batch)
    this.#buffered += queues.bytes
    const fromMs = systemClock.now()
    try {
      for (let sendings = queues.next(); sendings.length > 0; sendings = queues.next())
        await this.#send(queues, sendings)
    } finally {
      this.#buffered -= queues.bytes
      this.#linger.wrote(fromMs, systemClock.now())
    }
    keepLanes(batch, queues.responses)
    return queues.responses
  }

  stats(): Record<string, number> {
    const { written, failed, divided, refused, stuck } = this.#batches
    return {
      records: this.#records,
      batches: written,
      batches_failed: failed + stuck,
      batches_divided: divided,
      refused,
      buffered_bytes: this.#buffered,
      reconnects: this.#producer.health().reconnects,
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#producer.close()
  }

  get #brokers(): string {
    return this.#settings.connection.brokers.join(', ')
  }

  /** Gives why it could not. */
  async #connect(): Promise<KafkaError | undefined> {
    try {
      await this.#producer.open()
      for (const topic of this.#settings.topics) await this.#countOf(topic)
      this.#countedMs = systemClock.now()
      this.#isOpen = true
      return undefined
    } catch (error) {
      return asError(error)
    }
  }

  async #queue(batch: readonly Message[]): Promise<Queues> {
    const queues = new Queues(batch.length, this.#settings.batchBytes, this.#context.role)
    this.#writes++
    const counts = new Map<string, number | KafkaError>()
    const held = new HeldLanes()
    this.#forgetInTime()
    for (const [place, message] of batch.entries()) {
      let topic: string
      let record: ReturnType<typeof outRecord>
      try {
        topic = this.#settings.topicOf(message)
        record = outRecord(message, this.#settings.key)
      } catch (error) {
        // The user's own function: the same message would fail again.
        queues.responses[place] = giveUp(message, this.#context.role, error)
        if (queues.responses[place].outcome === 'failure') this.#sayStuck(message, error)
        held.add(queues.responses[place], message)
        continue
      }
      let count = counts.get(topic)
      if (count === undefined) {
        count = await this.#countOf(topic).catch(asError)
        counts.set(topic, count)
      }
      if (typeof count !== 'number') {
        queues.responses[place] = Response.failure(message, `kafka: ${topic}: ${messageOf(count)}`)
        held.add(queues.responses[place], message)
      } else if (held.has(message)) queues.responses[place] = behindFailure(message)
      // Without a key all of a write go to one partition, and the next write's to another: fewer, larger batches.
      else
        queues.add(
          place,
          message,
          record,
          topic,
          record.key === null ? this.#writes % count : partitionOfKey(record.key, count),
        )
    }
    return queues
  }

  /** A topic may have grown: its keys have other partitions then. */
  #forgetInTime(): void {
    const nowMs = systemClock.now()
    if (nowMs - this.#countedMs < COUNT_MS) return
    this.#countedMs = nowMs
    this.#producer.forget()
  }

  /** What fails so is tried for ever, and tells nobody: other messages are written. */
  #sayStuck({ id }: Message, error: unknown, to = ''): void {
    const nowMs = systemClock.now()
    if (nowMs - this.#stuckMs < STUCK_MS) return
    this.#stuckMs = nowMs
    const isLarge = error instanceof KafkaError && error.kind === 'too-large'
    const remedy = isLarge ? ': raise max.message.bytes of the topic' : ''
    this.#context.log.error(
      `kafka: message ${id} cannot be written${to}, and no fallback is behind this sink: it is tried again, and what is behind it waits: ${messageOf(error)}${remedy}`,
    )
  }

  async #countOf(topic: string): Promise<number> {
    const count = await this.#producer.partitionCount(topic).catch((error) => {
      if (asError(error).kind !== 'unknown-topic') throw error
      return 0
    })
    if (count > 0) return count
    throw new KafkaError('unknown-topic', `there is no topic ${topic}`)
  }

  async #send(queues: Queues, sendings: readonly Sending[]): Promise<void> {
    const together = sendings.filter(({ isAlone }) => !isAlone)
    const groups = [
      ...(together.length > 0 ? [together] : []),
      ...sendings.filter(({ isAlone }) => isAlone).map((one) => [one]),
    ]
    for (const group of groups) {
      const results = await this.#producer.send(group.map(({ batch }) => batch))
      for (const [i, sending] of group.entries()) {
        const error = results[i]
        if (error?.kind === 'unknown-topic') this.#producer.forget()
        const result = queues.settle(sending, error)
        this.#batches[result]++
        if (result === 'written') this.#records += sending.count
        if (result === 'stuck')
          this.#sayStuck(sending.first, error, ` to ${sending.batch.topic}-${sending.batch.partition}`)
      }
    }
  }
}

function asError(error: unknown): KafkaError {
  return error instanceof KafkaError ? error : new KafkaError('retriable', messageOf(error), { cause: error })
}
