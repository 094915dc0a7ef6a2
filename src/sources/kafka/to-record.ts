// A record of Kafka as a record of the source. Its key is the message's only key, its timestamp the event time, a null value a
// tombstone. Topic, and what does not fit, go into headers of our own.

import { isUtf8 } from 'node:buffer'
import type { RawHeaders, RawRecord } from '../../kafka/driver.js'
import {
  joinKeys,
  KEY_HEADER,
  KEYS_HEADER,
  OWN_HEADERS,
  PARTITION_HEADER,
  TOPIC_HEADER,
} from '../../kafka/own-headers.js'
import type { Headers, HeaderValue } from '../../kernel/codec.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { SourceRecord } from '../source.js'
import type { Lane } from './lane.js'
import type { KafkaRecord, KafkaSourceSettings } from './settings.js'

type Making = Record<string, HeaderValue>

/** Fills a record of the source. One for each source: what is the same for all records of a lane is made once. */
export class RecordMaker {
  readonly #keys: KafkaSourceSettings['keys']
  readonly #hasTopics: boolean
  readonly #headers = new Map<Lane, Headers>()

  constructor({ keys, topics }: KafkaSourceSettings) {
    this.#keys = keys
    this.#hasTopics = topics.length > 1
  }

  fill(to: SourceRecord, from: RawRecord, lane: Lane): void {
    const { topic, partition } = lane.place
    to.partition = lane.number
    to.generation = lane.generation
    // As a number: it is one wherever positions are kept, and bigints are slow to take apart.
    to.offset = Number(from.offset)
    to.eventTime = from.timestamp < 0 ? undefined : from.timestamp
    to.value = from.value
    // The name by partition and offset alone would be that of another topic's record, too.
    to.id = this.#hasTopics ? `${topic}-${partition}-${from.offset}` : undefined
    const isPlain = this.#keys === 'key' && (from.key === null || isUtf8(from.key))
    to.keys = isPlain ? plainKeys(from.key) : this.#keysOf(from, lane)
    to.trace = undefined
    to.headers =
      isPlain && from.headers.length === 0 ? this.#ownHeaders(lane) : this.#headersOf(to, from, lane, isPlain)
  }

  #keysOf(record: RawRecord, { place }: Lane): readonly string[] | undefined {
    if (this.#keys === 'key') return [(record.key as Buffer).toString('utf8')]
    if (this.#keys === 'partition') return [`${place.topic}-${place.partition}`]
    return keysBy(this.#keys, { ...record, ...place })
  }

  #ownHeaders(lane: Lane): Headers {
    let headers = this.#headers.get(lane)
    if (headers === undefined) {
      headers = Object.freeze(addPlace(create(), lane, this.#hasTopics))
      this.#headers.set(lane, headers)
    }
    return headers
  }

  #headersOf(to: SourceRecord, from: RawRecord, lane: Lane, isPlain: boolean): Headers {
    const headers = create()
    for (const [name, value] of from.headers) {
      // Nobody outside says where a record comes from.
      if (!OWN_HEADERS.has(name)) headers[name] = textOrBytes(value)
    }
    to.trace = traceOf(from.headers)
    if (!isPlain && from.key !== null) {
      headers[KEY_HEADER] = from.key
      headers[KEYS_HEADER] = joinKeys(to.keys ?? [])
    }
    return addPlace(headers, lane, this.#hasTopics)
  }
}

function plainKeys(key: Buffer | null): readonly string[] | undefined {
  return key === null ? undefined : [key.toString('utf8')]
}

function create(): Making {
  // A header may be called __proto__.
  return Object.create(null)
}

function addPlace(headers: Making, { place }: Lane, hasTopics: boolean): Making {
  headers[TOPIC_HEADER] = place.topic
  if (hasTopics) headers[PARTITION_HEADER] = String(place.partition)
  return headers
}

/** Of a name that comes twice the last counts; null is empty. */
function textOrBytes(value: Buffer | null): HeaderValue {
  if (value === null) return ''
  return isUtf8(value) ? value.toString('utf8') : value
}

const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/
const TRACESTATE_MAX = 512

function traceOf(headers: RawHeaders): string | undefined {
  const parent = headers.find(([name]) => name === 'traceparent')?.[1]?.toString('latin1')
  if (parent === undefined || !TRACEPARENT.test(parent)) return undefined
  const state = headers.find(([name]) => name === 'tracestate')?.[1]?.toString('latin1') ?? ''
  return state === '' || state.length > TRACESTATE_MAX || state.includes('\n')
    ? parent
    : `${parent}\n${state}`
}

function keysBy(keys: (record: KafkaRecord) => readonly string[], record: KafkaRecord): readonly string[] {
  const { topic, partition, offset } = record
  const where = `kafka: keys: record ${offset} of ${topic}-${partition}`
  let given: readonly string[]
  try {
    given = keys(record)
  } catch (cause) {
    throw new MillraceError('ERR_SOURCE', `${where}: ${messageOf(cause)}`, { cause })
  }
  if (Array.isArray(given) && given.every((key) => typeof key === 'string')) return given
  throw new MillraceError(
    'ERR_SOURCE',
    `${where}: got a value of type ${typeof given}, wanted a list of strings`,
  )
}
