// Writes through @platformatic/kafka: it keeps the connections and what is known of the cluster; the requests are sent here, so
// that each partition's answer is known.

import { wallClockMs } from '../../kernel/clock.js'
import type { Health, OutBatch, Producer, ProducerOptions } from '../driver.js'
import { KafkaError } from '../kafka-error.js'
import { type EncodedBatch, produceRequest } from '../produce-request.js'
import { encodeBatch } from '../record-batch.js'
import type { BaseClient, Connection, Metadata, Platformatic, ProduceResponse } from './client.js'
import { endSilent } from './end-silent.js'
import { platformaticError, protocolError } from './platformatic-error.js'
import { clientOptions } from './platformatic-options.js'

const METADATA_MS = 30_000
/** The request and its version: the last one whose body is not compact; brokers from 2.4 on know it. */
const PRODUCE = 0
const VERSION = 8

type Results = (KafkaError | undefined)[]

export class PlatformaticProducer implements Producer {
  readonly #package: Platformatic
  readonly #options: ProducerOptions
  readonly #client: BaseClient
  #isOpen = false
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
      const known = (await this.#client.listApis()).find(({ name }) => name === 'Produce')
      if (known === undefined || known.minVersion > VERSION || known.maxVersion < VERSION)
        throw new KafkaError('unusable', `the broker does not take version ${VERSION} of Produce`)
      this.#isOpen = true
    } catch (thrown) {
      throw this.#errorOf(thrown)
    }
  }

  async partitionCount(topic: string): Promise<number> {
    try {
      const { topics } = await this.#client.metadata({ topics: [topic] })
      return topics.get(topic)?.partitionsCount ?? 0
    } catch (thrown) {
      throw this.#errorOf(thrown)
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
      results.fill(this.#errorOf(thrown))
    }
    // Leaders move: what failed looks for them anew.
    if (results.some((error) => error?.kind === 'retriable' || error?.kind === 'unknown-topic'))
      this.#client.clearMetadata()
    return results
  }

  health(): Health {
    return { joined: this.#isOpen && !this.#isClosed, reconnects: this.#lost }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#client.close().catch(() => undefined)
  }

  /** What was asked of no broker in particular has not been answered: none of them is waited for any more. */
  #errorOf(thrown: unknown): KafkaError {
    endSilent(
      thrown,
      [...this.#client.connections].map(([, connection]) => connection),
    )
    return platformaticError(thrown)
  }

  /** Sends the batches at these places to their leader; never rejects. */
  async #sendTo(
    leader: number,
    places: readonly number[],
    batches: readonly OutBatch[],
    { brokers }: Metadata,
    results: Results,
  ): Promise<void> {
    try {
      const broker = brokers.get(leader)
      if (broker === undefined) throw new KafkaError('retriable', `there is no broker ${leader} now`)
      const connection = await this.#client.connections.get(broker)
      const encoded = await Promise.all(places.map((place) => this.#encode(batches[place])))
      const response = await this.#request(connection, encoded).catch((thrown) => {
        endSilent(thrown, [connection])
        return responseOf(thrown)
      })
      for (const place of places) results[place] = this.#resultOf(response, batches[place])
    } catch (thrown) {
      const error = platformaticError(thrown)
      for (const place of places) results[place] = error
    }
  }

  async #encode({ topic, partition, records }: OutBatch): Promise<EncodedBatch> {
    const { codec } = this.#options
    const compress = (bytes: Buffer) => this.#package.compressionsAlgorithms[codec].compressSync(bytes)
    return { topic, partition, bytes: await encodeBatch(records, wallClockMs(), codec, compress) }
  }

  /** The client's own encoder is several times as slow: it makes a buffer, and bigints, for each record. */
  #request(connection: Connection, batches: readonly EncodedBatch[]): Promise<ProduceResponse> {
    const { Writer, produceV8 } = this.#package
    const encode = () => Writer.create().append(produceRequest(this.#options.requestTimeoutMs, batches))
    return new Promise((resolve, reject) => {
      connection.send(PRODUCE, VERSION, encode, produceV8.parseResponse, false, false, (error, response) =>
        error ? reject(error) : resolve(response as ProduceResponse),
      )
    })
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
