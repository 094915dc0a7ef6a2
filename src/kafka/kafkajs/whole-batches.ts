// Lets kafkajs send batches that are encoded already. Its own way makes an object of 512 bytes for each record and numbers of
// 64 bits for each varint, and copies the list of a partition for each message that it adds to it
// (https://github.com/tulios/kafkajs/pull/1576): several times as slow as all else that is done for a record.

import { createRequire } from 'node:module'
import { KafkaError } from '../kafka-error.js'
import { type EncodedBatch, produceRequest } from '../produce-request.js'

type Request = { apiVersion: number; encode: () => Promise<unknown> }
type Lookup = (apiKey: number, definition: unknown) => (args: ProduceArgs) => { request: Request }
type TopicData = { topic: string; partitions: { partition: number; messages: unknown[] }[] }[]
type ProduceArgs = { topicData: TopicData; timeout: number }
type Broker = { lookupRequest: Lookup; produce(args: ProduceArgs): Promise<unknown> }
type Encoder = { writeBuffer(bytes: Buffer): Encoder }

/** The first version with batches of format 2. */
const LEAST_VERSION = 3

/** A batch in the place of a message of kafkajs, the only one of its partition. */
export class WholeBatch {
  readonly key = null
  /** Neither bytes nor text: kafkajs refuses it, should it ever take this for a record. */
  readonly value = {} as unknown as Buffer
  readonly partition: number
  readonly bytes: Buffer

  constructor(partition: number, bytes: Buffer) {
    this.partition = partition
    this.bytes = bytes
  }
}

let isDone = false

/** Done once. What else in the process writes through kafkajs is encoded as ever. */
export function letWholeBatchesPass(): void {
  if (isDone) return
  isDone = true
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/broker/index.js') as { prototype: Broker }
  const EncoderClass = require('kafkajs/src/protocol/encoder.js') as new (bytes: number) => Encoder
  const { produce } = prototype
  prototype.produce = function (this: Broker, args: ProduceArgs) {
    const batches = batchesOf(args.topicData)
    if (batches === undefined) return produce.call(this, args)
    const { lookupRequest } = this
    // It is asked for at once, before anything else of the broker can be.
    this.lookupRequest = (apiKey, definition) => {
      const make = lookupRequest(apiKey, definition)
      return (given) =>
        encodedBy(make(given), () => {
          const bytes = produceRequest(given.timeout, batches)
          return new EncoderClass(bytes.length).writeBuffer(bytes)
        })
    }
    try {
      return produce.call(this, args)
    } finally {
      this.lookupRequest = lookupRequest
    }
  }
}

function encodedBy(made: { request: Request }, encode: () => Encoder): { request: Request } {
  const { request } = made
  if (request.apiVersion < LEAST_VERSION)
    throw new KafkaError(
      'unusable',
      `the broker takes Produce up to version ${request.apiVersion}, wanted ${LEAST_VERSION} or later`,
    )
  request.encode = async () => encode()
  return made
}

function batchesOf(topicData: TopicData): EncodedBatch[] | undefined {
  const batches: EncodedBatch[] = []
  for (const { topic, partitions } of topicData) {
    for (const { partition, messages } of partitions) {
      const [batch] = messages
      if (!(batch instanceof WholeBatch)) return undefined
      batches.push({ topic, partition, bytes: batch.bytes })
    }
  }
  return batches.length > 0 ? batches : undefined
}
