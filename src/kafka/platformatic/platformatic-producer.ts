// Writes through @platformatic/kafka: it keeps the connections and what is known of the cluster; the requests are sent here, so
// that each partition's answer is known.

import type { Health, OutBatch, OutRecord, Producer, ProducerOptions } from '../driver.js'
import { KafkaError } from '../kafka-error.js'
import type {
  BaseClient,
  Metadata,
  Platformatic,
  ProduceMessage,
  ProduceRequest,
  ProduceResponse,
} from './client.js'
import { platformaticError, protocolError } from './platformatic-error.js'
import { clientOptions } from './platformatic-options.js'
import { requestOf } from './requests.js'

const ACKS_ALL = -1
const METADATA_MS = 30_000
const NO_HEADERS = new Map<Buffer, Buffer>()

type Results = (KafkaError | undefined)[]

export class PlatformaticProducer implements Producer {
  readonly #package: Platformatic
  readonly #options: ProducerOptions
  readonly #client: BaseClient
  #request: ProduceRequest | undefined
  #isClosed = false
  #lost = 0

  constructor(package_: Platformatic, options: ProducerOptions) {
    this.#package = package_
    this.#options = options
    this.#client = new package_.Producer(clientOptions(options.connection, options.requestTimeoutMs))
    this.#client.on('client:broker:disconnect', () => {
      if (!this.#isClosed) this.#lost++
    })
    this.#client.on('error', () => undefined)
  }

  async open(): Promise<void> {
    try {
      this.#request = await requestOf<ProduceRequest>(this.#package, this.#client, 'Produce', 7)
    } catch (thrown) {
      throw platformaticError(thrown)
    }
  }

  async partitionCount(topic: string): Promise<number> {
    try {
      const { topics } = await this.#client.metadata({ topics: [topic] })
      return topics.get(topic)?.partitionsCount ?? 0
    } catch (thrown) {
      throw platformaticError(thrown)
    }
  }

  forget(): void {
    this.#client.clearMetadata()
  }

  async send(batches: readonly OutBatch[]): Promise<Results> {
    const results: Results = batches.map(() => undefined)
    try {
      const topics = [...new Set(batches.map(({ topic }) => topic))]
      const metadata = await this.#client.metadata({ topics, metadataMaxAge: METADATA_MS })
      const requests = [...byLeader(batches, metadata)].map(([leader, places]) =>
        this.#sendTo(leader, places, batches, metadata, results),
      )
      await Promise.all(requests)
    } catch (thrown) {
      const error = platformaticError(thrown)
      results.fill(error)
    }
    // Leaders move: what failed looks for them anew.
    if (results.some((error) => error?.kind === 'retriable' || error?.kind === 'unknown-topic'))
      this.#client.clearMetadata()
    return results
  }

  health(): Health {
    return { joined: this.#request !== undefined && !this.#isClosed, reconnects: this.#lost }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#client.close().catch(() => undefined)
  }

  /** Sends the batches at these places to their leader; never rejects. */
  async #sendTo(
    leader: number,
    places: readonly number[],
    batches: readonly OutBatch[],
    { brokers }: Metadata,
    results: Results,
  ): Promise<void> {
    const { codec, requestTimeoutMs } = this.#options
    try {
      const broker = brokers.get(leader)
      if (broker === undefined) throw new KafkaError('retriable', `there is no broker ${leader} now`)
      const connection = await this.#client.connections.get(broker)
      const messages = places.flatMap((place) => messagesOf(batches[place]))
      const { api } = this.#request as ProduceRequest
      const response = await api
        .async(connection, ACKS_ALL, requestTimeoutMs, messages, { compression: codec })
        .catch(responseOf)
      for (const place of places) results[place] = this.#resultOf(response, batches[place])
    } catch (thrown) {
      const error = platformaticError(thrown)
      for (const place of places) results[place] = error
    }
  }

  #resultOf({ responses }: ProduceResponse, { topic, partition }: OutBatch): KafkaError | undefined {
    const found = responses.find(({ name }) => name === topic)
    const answer = found?.partitionResponses.find(({ index }) => index === partition)
    if (answer === undefined)
      return new KafkaError('retriable', `no answer for partition ${partition} of ${topic}`)
    if (answer.errorCode === 0) return undefined
    return protocolError(this.#package.protocolErrorsCodesById, answer.errorCode, answer.errorMessage)
  }
}

/** An error of one partition rejects all: the answer that came is in it. */
function responseOf(thrown: unknown): ProduceResponse {
  const { response } = (thrown ?? {}) as { response?: ProduceResponse }
  if (response?.responses === undefined) throw thrown
  return response
}

function byLeader(batches: readonly OutBatch[], { topics }: Metadata): Map<number, number[]> {
  const leaders = new Map<number, number[]>()
  for (const [place, { topic, partition }] of batches.entries()) {
    const leader = topics.get(topic)?.partitions[partition]?.leader ?? -1
    leaders.set(leader, [...(leaders.get(leader) ?? []), place])
  }
  return leaders
}

function messagesOf({ topic, partition, records }: OutBatch): ProduceMessage[] {
  return records.map((record) => {
    const { key, value, timestamp } = record
    const message: ProduceMessage = {
      topic,
      partition,
      key: key ?? undefined,
      value,
      headers: headersOf(record),
    }
    if (timestamp !== undefined) message.timestamp = BigInt(timestamp)
    return message
  })
}

function headersOf({ headers }: OutRecord): Map<Buffer, Buffer> {
  if (headers.length === 0) return NO_HEADERS
  // By identity: a name may come twice.
  return new Map(headers.map(([name, value]) => [Buffer.from(name), bytesOf(value)]))
}

function bytesOf(value: Uint8Array | string): Buffer {
  return typeof value === 'string'
    ? Buffer.from(value)
    : Buffer.from(value.buffer, value.byteOffset, value.length)
}
