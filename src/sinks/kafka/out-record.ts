// A message as a record of Kafka: the inverse of what the source makes of one, so that what is passed on arrives as it was.

import type { OutRecord } from '../../kafka/driver.js'
import {
  joinKeys,
  KEY_HEADER,
  KEYS_HEADER,
  ORIGIN_PREFIX,
  OWN_HEADERS,
  PARTITION_HEADER,
  REPLAYS_HEADER,
  TAGS_HEADER,
  TOPIC_HEADER,
} from '../../kafka/own-headers.js'
import type { Headers, HeaderValue } from '../../kernel/codec.js'
import type { Message } from '../../kernel/message.js'
import { unusable } from '../../kernel/options.js'
import { joinedKeys } from './joined-keys.js'
import { LastHeaders } from './last-headers.js'
import type { KafkaSinkSettings } from './settings.js'

type OutHeaders = [name: string, value: HeaderValue][]

const NO_HEADERS: OutHeaders = []
const OWN_PREFIX = 'millrace-'
/** About what a record takes besides its parts. */
const RECORD_BYTES = 24
/** Some 70,000 years. The difference of two times can still be written. */
const TIME_MAX_MS = 2 ** 51

/** What does not depend on the rest of a message. */
type Passed = {
  headers: Headers
  out: OutHeaders
  key: HeaderValue | undefined
  keys: HeaderValue | undefined
}

const lastHeaders = new LastHeaders<Passed>((headers) => ({
  headers,
  out: passedOn(headers, false, false),
  key: headers[KEY_HEADER],
  keys: headers[KEYS_HEADER],
}))

/** Makes the record. Its key and value may still be the message's: they are valid until the answer. */
export function outRecord(message: Message, key: KafkaSinkSettings['key']): OutRecord {
  const passed = lastHeaders.of(message)
  return {
    key: key === undefined ? keyOf(message, passed) : bytesOf(checkKey(key(message))),
    value: message.tombstone ? null : message.value,
    headers: headersOf(message, passed),
    timestamp: timestampOf(message),
  }
}

/** About how many bytes it takes in a batch. */
export function sizeOf({ key, value, headers }: OutRecord): number {
  let bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) bytes += name.length + content.length + 4
  return bytes
}

function timestampOf({ eventTime, reason }: Message): number | undefined {
  if (eventTime === undefined) return undefined
  if (Math.abs(eventTime) <= TIME_MAX_MS) return Math.floor(eventTime)
  // A dead letter is written in any case; a header says the time.
  if (reason !== undefined) return undefined
  throw new RangeError(`kafka: its event time is ${eventTime}, wanted ms since 1970, at most 2^51 either way`)
}

function keyOf(message: Message, { key, keys }: Passed): Buffer | null {
  // Other keys, another key: whoever sets them means it.
  if (key !== undefined && keys === joinKeys(message.keys)) return bytesOf(key)
  return joinedKeys(message)
}

function checkKey(key: unknown): string | Uint8Array | null {
  if (key === null || typeof key === 'string' || key instanceof Uint8Array) return key
  throw unusable('kafka: key', key, 'text, bytes or null')
}

function headersOf(message: Message, { headers, out }: Passed): OutHeaders {
  const isDeadLetter = message.reason !== undefined
  const { trace } = message
  if (!isDeadLetter && trace === undefined) return out
  const others = passedOn(headers, isDeadLetter, trace !== undefined)
  return [...others, ...traceHeaders(trace), ...(isDeadLetter ? letterHeaders(message, headers) : NO_HEADERS)]
}

function passedOn(headers: Headers, isDeadLetter: boolean, hasTrace: boolean): OutHeaders {
  // What was sent again and is written at last says no more why it was given up.
  const isMended = !isDeadLetter && headers[REPLAYS_HEADER] !== undefined
  let out = NO_HEADERS
  for (const name in headers) {
    if (OWN_HEADERS.has(name) || (isMended && name.startsWith(OWN_PREFIX))) continue
    if (isDeadLetter && name === TAGS_HEADER) continue
    // A trace goes on under its own header.
    if (hasTrace && (name === 'traceparent' || name === 'tracestate')) continue
    if (out === NO_HEADERS) out = []
    out.push([name, headers[name]])
  }
  return out
}

function traceHeaders(trace: string | undefined): OutHeaders {
  if (trace === undefined) return NO_HEADERS
  const [parent, state] = trace.split('\n')
  const headers: OutHeaders = [['traceparent', parent]]
  if (state !== undefined) headers.push(['tracestate', state])
  return headers
}

function letterHeaders(message: Message, headers: Headers): OutHeaders {
  const { tags } = message
  const origin = originHeaders(message, headers)
  return tags.length === 0 ? origin : [...origin, [TAGS_HEADER, JSON.stringify(tags)]]
}

/** Where a dead letter came from, if it came from Kafka. One that was a dead letter before keeps its first origin. */
function originHeaders({ id, partition, offset, eventTime }: Message, headers: Headers): OutHeaders {
  const topic = headers[TOPIC_HEADER]
  if (topic === undefined || headers[`${ORIGIN_PREFIX}topic`] !== undefined) return NO_HEADERS
  const origin: OutHeaders = [
    [`${ORIGIN_PREFIX}topic`, topic],
    [`${ORIGIN_PREFIX}id`, id],
  ]
  const number = headers[PARTITION_HEADER] ?? partition?.toString()
  if (number !== undefined) origin.push([`${ORIGIN_PREFIX}partition`, number])
  if (offset !== undefined) origin.push([`${ORIGIN_PREFIX}offset`, String(offset)])
  if (eventTime !== undefined) origin.push([`${ORIGIN_PREFIX}timestamp`, String(eventTime)])
  return origin
}

function bytesOf(value: string | Uint8Array | null): Buffer | null {
  if (value === null) return null
  return typeof value === 'string'
    ? Buffer.from(value)
    : Buffer.from(value.buffer, value.byteOffset, value.length)
}
