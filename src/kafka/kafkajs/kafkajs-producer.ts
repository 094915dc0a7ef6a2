// Writes through kafkajs. Never with its idempotence (https://github.com/tulios/kafkajs/issues/598): where a request failed it
// takes the numbers back, though the batch may be written; the next batch of those numbers would pass for a repeat, and be lost.

import kafkajs, { type Admin, type Producer as Client, type Kafka } from 'kafkajs'
import { wallClockMs } from '../../kernel/clock.js'
import { within } from '../../kernel/deadline.js'
import type { Log } from '../../kernel/log.js'
import type { Health, OutBatch, Producer, ProducerOptions } from '../driver.js'
import type { KafkaError } from '../kafka-error.js'
import { encodeBatch } from '../record-batch.js'
import { countPartitions, createClient } from './kafkajs-client.js'
import { compressorOf } from './kafkajs-codecs.js'
import { kafkajsError } from './kafkajs-error.js'
import type { KafkajsSockets } from './kafkajs-sockets.js'
import { letWholeBatchesPass, WholeBatch } from './whole-batches.js'

const METADATA_MS = 60_000
const CLOSE_MS = 4_000

type Encoded = { topic: string; messages: WholeBatch[] }

export class KafkajsProducer implements Producer {
  readonly #options: ProducerOptions
  readonly #kafka: Kafka
  readonly #sockets: KafkajsSockets
  readonly #admin: Admin
  #client: Client
  readonly #counts = new Map<string, Promise<number>>()
  #lost = 0
  #isOpen = false

  constructor(options: ProducerOptions, log: Log) {
    this.#options = options
    letWholeBatchesPass()
    const told = { connectionLost: () => this.#lost++ }
    const { kafka, sockets } = createClient(options.connection, options.requestTimeoutMs, log, told)
    this.#kafka = kafka
    this.#sockets = sockets
    this.#admin = kafka.admin()
    this.#admin.on(this.#admin.events.REQUEST_TIMEOUT, sockets.onTimeout)
    this.#client = this.#makeClient()
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
    const encoded = await Promise.all(batches.map((batch) => this.#encode(batch)))
    const error = await this.#sendTogether(encoded)
    if (error === undefined) return batches.map(() => undefined)
    if (error.kind === 'unknown-topic') await this.#forgetTopics()
    const isOpenToAll = error.kind === 'retriable'
    if (batches.length === 1 || isOpenToAll) return batches.map(() => error)
    // It tells one error, and not whose it is (https://github.com/tulios/kafkajs/issues/1303): a try of each by itself does.
    const results: (KafkaError | undefined)[] = []
    for (const batch of encoded) results.push(await this.#sendTogether([batch]))
    return results
  }

  health(): Health {
    return { joined: this.#isOpen, reconnects: this.#lost }
  }

  async close(): Promise<void> {
    this.#isOpen = false
    const ended = Promise.allSettled([this.#client.disconnect(), this.#admin.disconnect()])
    await within<unknown>(CLOSE_MS, ended, () => undefined)
    this.#sockets.endAll()
  }

  #makeClient(): Client {
    const client = this.#kafka.producer({
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MS,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // Whoever calls tries again: by its own rules, and with what is left.
      retry: { retries: 0 },
    })
    client.on(client.events.REQUEST_TIMEOUT, this.#sockets.onTimeout)
    return client
  }

  /**
   * Who has written to a topic asks for it each time that it asks for any, and while it is gone hears of none
   * (https://github.com/tulios/kafkajs/issues/1622). One that has not written to it does not.
   */
  async #forgetTopics(): Promise<void> {
    const [before, client] = [this.#client, this.#makeClient()]
    try {
      await client.connect()
    } catch {
      // The next time.
      return
    }
    this.#client = client
    // Others may be writing: it ends when they are done.
    void before.disconnect().catch(() => undefined)
  }

  async #encode({ topic, partition, records }: OutBatch): Promise<Encoded> {
    const { codec } = this.#options
    try {
      const bytes = await encodeBatch(records, wallClockMs(), codec, compressorOf(codec))
      return { topic, messages: [new WholeBatch(partition, bytes)] }
    } catch (thrown) {
      throw kafkajsError(thrown)
    }
  }

  async #sendTogether(topicMessages: Encoded[]): Promise<KafkaError | undefined> {
    try {
      await this.#client.sendBatch({ acks: -1, timeout: this.#options.requestTimeoutMs, topicMessages })
      return undefined
    } catch (thrown) {
      return kafkajsError(thrown)
    }
  }
}
