// A message as a line of JSON that a message can be made of again: what `file` writes with format 'json', and `replay` reads.
//
//   {"millrace":1,"id":"17","keys":["a"],"headers":{"millrace-reason":"…"},"eventTime":1767225600000,"value":"text"}
//
// What is not there is left out. What is no UTF-8 text is {"base64":"…"}; the value of a tombstone is null.

import { isUtf8 } from 'node:buffer'
import type { Headers, HeaderValue } from './codec.js'
import type { Message } from './message.js'

/** What a line holds. */
export type Envelope = {
  id: string
  keys: readonly string[]
  tags: readonly string[]
  headers: Headers
  eventTime: number | undefined
  trace: string | undefined
  value: string | Uint8Array | null
}

/** How each line begins: a value that happens to be JSON is not taken for an envelope. */
export const ENVELOPE_START = '{"millrace":'

/** What this version of Millrace writes, and reads. */
export const ENVELOPE_VERSION = 1
const KNOWN = ['millrace', 'id', 'keys', 'tags', 'headers', 'eventTime', 'trace', 'value']

/** Writes a message as one line, without its end. */
export function envelopeOf(message: Message): string {
  const { id, keys, tags, headers, eventTime, trace } = message
  return JSON.stringify({
    millrace: ENVELOPE_VERSION,
    id,
    ...(keys.length > 0 && { keys }),
    ...(tags.length > 0 && { tags }),
    ...(Object.keys(headers).length > 0 && { headers: textsOf(headers) }),
    ...(eventTime !== undefined && { eventTime }),
    ...(trace !== undefined && { trace }),
    value: message.tombstone ? null : textOf(message.value),
  })
}

/** Reads a line; undefined where it is no whole envelope: a torn one, or of another version. */
export function readEnvelope(line: string): Envelope | undefined {
  const given = parse(line)
  if (given?.millrace !== ENVELOPE_VERSION || !Object.keys(given).every((name) => KNOWN.includes(name)))
    return undefined
  const { id, keys = [], tags = [], headers = {}, eventTime, trace } = given
  const value = given.value === null ? null : bytesOf(given.value)
  const read = headersOf(headers)
  const isWhole =
    typeof id === 'string' &&
    isTexts(keys) &&
    isTexts(tags) &&
    read !== undefined &&
    value !== undefined &&
    isAbsentOr('number', eventTime) &&
    isAbsentOr('string', trace)
  return isWhole ? ({ id, keys, tags, headers: read, eventTime, trace, value } as Envelope) : undefined
}

function textOf(value: Buffer): string | { base64: string } {
  return isUtf8(value) ? value.toString('utf8') : { base64: value.toString('base64') }
}

function textsOf(headers: Headers): Record<string, string | { base64: string }> {
  const texts: Record<string, string | { base64: string }> = Object.create(null)
  // A header of bytes stays one, whatever the bytes are.
  for (const [name, value] of Object.entries(headers))
    texts[name] = typeof value === 'string' ? value : { base64: Buffer.from(value).toString('base64') }
  return texts
}

function bytesOf(given: unknown): string | Uint8Array | undefined {
  if (typeof given === 'string') return given
  const { base64 } = (given ?? {}) as { base64?: unknown }
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined
}

function headersOf(given: unknown): Headers | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined
  const headers: Record<string, HeaderValue> = Object.create(null)
  for (const [name, value] of Object.entries(given)) {
    const bytes = bytesOf(value)
    if (bytes === undefined) return undefined
    headers[name] = bytes
  }
  return headers
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith(ENVELOPE_START)) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isTexts(given: unknown): boolean {
  return Array.isArray(given) && given.every((each) => typeof each === 'string')
}

function isAbsentOr(type: 'number' | 'string', given: unknown): boolean {
  return given === undefined || typeof given === type
}
