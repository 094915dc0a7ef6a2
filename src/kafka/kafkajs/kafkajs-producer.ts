// Writes through kafkajs. Never with its idempotence (https://github.com/tulios/kafkajs/issues/598): where a request failed it
// takes the numbers back, though the batch may be written; the next batch of those numbers would pass for a repeat, and be lost.

import kafkajs, { type Admin, type Producer as Client, type Message, type TopicMessages } from 'kafkajs'
import type { Log } from '../../kernel/log.js'
import type { Health, OutBatch, OutRecord, Producer, ProducerOptions } from '../driver.js'
import type { KafkaError } from '../kafka-error.js'
import { countPartitions, createClient } from './kafkajs-client.js'
import { TYPES } from './kafkajs-codecs.js'
import { kafkajsError } from './kafkajs-error.js'

const METADATA_MS = 60_000

export class KafkajsProducer implements Producer {
  readonly #options: ProducerOptions
  readonly #client: Client
  readonly #admin: Admin
  readonly #counts = new Map<string, Promise<number>>()
  #lost = 0
  #isOpen = false

  constructor(options: ProducerOptions, log: Log) {
    this.#options = options
    const told = { connectionLost: () => this.#lost++ }
    const kafka = createClient(options.connection, options.requestTimeoutMs, log, told)
    this.#admin = kafka.admin()
    this.#client = kafka.producer({
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MS,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // Whoever calls tries again: by its own rules, and with what is left.
      retry: { retries: 0 },
    })
  }

  async open(): Promise<void> {
    try {
      await this.#admin.connect()
      await this.#client.connect()
      this.#isOpen = true
    } catch (thrown) {
      throw kafkajsError(thrown)
    }
  }

  partitionCount(topic: string): Promise<number> {
    let count = this.#counts.get(topic)
    if (count !== undefined) return count
    count = countPartitions(this.#admin, topic)
    this.#counts.set(topic, count)
    count.catch(() => this.#counts.delete(topic))
    return count
  }

  forget(): void {
    this.#counts.clear()
  }

  async send(batches: readonly OutBatch[]): Promise<(KafkaError | undefined)[]> {
    const error = await this.#sendTogether(batches)
    if (error === undefined) return batches.map(() => undefined)
    const isOpenToAll = error.kind === 'retriable'
    if (batches.length === 1 || isOpenToAll) return batches.map(() => error)
    // It tells one error, and not whose it is (https://github.com/tulios/kafkajs/issues/1303): a try of each by itself does.
    const results: (KafkaError | undefined)[] = []
    for (const batch of batches) results.push(await this.#sendTogether([batch]))
    return results
  }

  health(): Health {
    return { joined: this.#isOpen, reconnects: this.#lost }
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.allSettled([this.#client.disconnect(), this.#admin.disconnect()])
  }

  async #sendTogether(batches: readonly OutBatch[]): Promise<KafkaError | undefined> {
    const { codec, requestTimeoutMs } = this.#options
    try {
      await this.#client.sendBatch({
        acks: -1,
        timeout: requestTimeoutMs,
        compression: TYPES[codec],
        topicMessages: byTopic(batches),
      })
      return undefined
    } catch (thrown) {
      return kafkajsError(thrown)
    }
  }
}

function byTopic(batches: readonly OutBatch[]): TopicMessages[] {
  const topics = new Map<string, Message[]>()
  for (const { topic, partition, records } of batches) {
    const messages = topics.get(topic) ?? []
    topics.set(topic, messages)
    for (const record of records) messages.push(messageOf(record, partition))
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}

function messageOf({ key, value, headers, timestamp }: OutRecord, partition: number): Message {
  const message: Message = { key, value, partition }
  if (timestamp !== undefined) message.timestamp = String(timestamp)
  if (headers.length > 0) message.headers = headersOf(headers)
  return message
}

function headersOf(headers: OutRecord['headers']): NonNullable<Message['headers']> {
  const named: Record<string, Buffer | Buffer[]> = Object.create(null)
  for (const [name, value] of headers) {
    const bytes =
      typeof value === 'string'
        ? Buffer.from(value)
        : Buffer.from(value.buffer, value.byteOffset, value.length)
    const before = named[name]
    if (before === undefined) named[name] = bytes
    else named[name] = Array.isArray(before) ? [...before, bytes] : [before, bytes]
  }
  return named
}
