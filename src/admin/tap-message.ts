// What a tap shows of a record: decoded, cut to what the client asked for, and without what must not leave.

import { isUtf8 } from 'node:buffer'
import { type HeaderValue, laneAt, OK_RUN_ENTRY_BYTES, OUTCOMES } from '../kernel/codec.js'
import type { Inbound } from '../kernel/inbound.js'
import {
  EPOCH,
  KIND,
  META_BYTES,
  RECORD_HEADER_BYTES,
  SEQUENCE_DOUBLE,
  VALUE_BYTES,
} from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import type { TappedRecord } from '../kernel/tap.js'
import type { TapQuery } from './tap-query.js'
import { isSecretHeader, REDACTED, redactJson } from './tap-redact.js'

/** A line of a tap. What is undefined is not there. */
export type TappedMessage = {
  mailbox: string
  kind: 'message' | 'marker' | 'settlement' | 'settlements'
  /** Of its root; settlements are of several. */
  sequence?: number | undefined
  epoch: number
  id?: string | undefined
  keys?: readonly string[] | undefined
  tags?: readonly string[] | undefined
  headers?: Record<string, string | { base64: string }> | undefined
  /** ISO 8601. */
  eventTime?: string | undefined
  lane?: number | undefined
  attempt?: number | undefined
  delivery?: number | undefined
  /** Of a marker or a settlement: what became of it. */
  outcome?: string | undefined
  reason?: string | undefined
  /** Of settlements: of how many roots. */
  count?: number | undefined
  valueBytes: number
  /** Text, or null for a tombstone. */
  value?: string | null | undefined
  /** A value that is no UTF-8. */
  base64?: string | undefined
  /** True where `value` or `base64` is not all of it. */
  isCut?: true | undefined
  /** Why there is no value, though there is one. */
  hidden?: 'no JSON: fields of it cannot be redacted' | undefined
}

const KINDS = [undefined, 'message', 'marker', 'settlement', 'settlements'] as const
const HEADERS_MAX = 64
const STRINGS_MAX = 64

/** Makes it of a copy, which is valid now only. `mailbox`: its name. */
export function tappedMessage(record: TappedRecord, mailbox: string, query: TapQuery): TappedMessage {
  const { ring, at, bytes } = record
  const { words, doubles } = ring
  const metaBytes = words[at + META_BYTES]
  const valueBytes = words[at + VALUE_BYTES]
  const kind = KINDS[words[at + KIND] & 0xff] ?? 'message'
  const epoch = words[at + EPOCH]
  if (kind === 'settlements')
    return { mailbox, kind, epoch, count: valueBytes / OK_RUN_ENTRY_BYTES, valueBytes }
  const sequence = doubles[(at >>> 1) + SEQUENCE_DOUBLE]
  // One object, and what it has set on it in turn: to spread several into one takes ten times as long.
  const shown: TappedMessage = { mailbox, kind, sequence, epoch, valueBytes }
  if (kind !== 'message') shown.outcome = OUTCOMES[(words[at + KIND] >>> 8) & 0xff]
  // So much beside the value that the copy ends in it.
  if (bytes < RECORD_HEADER_BYTES + metaBytes) {
    shown.isCut = true
    return shown
  }
  // A message looks at nothing of its mailbox but the memory.
  const message = new Message({ ring } as Inbound, 0)
  const start = at * 4 + RECORD_HEADER_BYTES + metaBytes
  showBeside(shown, message, query)
  showValue(shown, message.tombstone, ring.bytes.subarray(start, at * 4 + bytes), query)
  return shown
}

/** All but its value. */
function showBeside(shown: TappedMessage, message: Message, query: TapQuery): void {
  const { keys, tags, eventTime, delivery, reason } = message
  const cut = (text: string) => cutText(text, query.bytes)
  const lane = laneAt(message.inbound.ring, message.at)
  shown.id = cut(message.id)
  if (keys.length > 0) shown.keys = keys.slice(0, STRINGS_MAX).map(cut)
  if (tags.length > 0) shown.tags = tags.slice(0, STRINGS_MAX).map(cut)
  shown.headers = shownHeaders(message.headers, query)
  if (eventTime !== undefined) shown.eventTime = timeText(eventTime)
  if (lane !== 0) shown.lane = lane
  shown.attempt = message.attempt
  if (delivery !== 0) shown.delivery = delivery
  if (reason !== undefined) shown.reason = cut(reason)
}

function shownHeaders(
  headers: Readonly<Record<string, HeaderValue>>,
  query: TapQuery,
): TappedMessage['headers'] {
  const entries = Object.entries(headers).slice(0, HEADERS_MAX)
  if (entries.length === 0) return undefined
  const shown = entries.map(([name, value]) => {
    if (isSecretHeader(name, query.redact)) return [name, REDACTED]
    if (typeof value === 'string') return [name, cutText(value, query.bytes)]
    return [name, { base64: Buffer.from(value.subarray(0, query.bytes)).toString('base64') }]
  })
  return Object.fromEntries(shown)
}

/** `given`: what there is of it. */
function showValue(shown: TappedMessage, isTombstone: boolean, given: Buffer, query: TapQuery): void {
  if (isTombstone) shown.value = null
  if (isTombstone || !query.hasValues) return
  const value = given.subarray(0, query.bytes)
  const isCut = value.length < shown.valueBytes
  const text = textOf(value, isCut)
  if (query.redact.size === 0 || shown.valueBytes === 0) {
    if (text === undefined) shown.base64 = value.toString('base64')
    else shown.value = text
  } else {
    const redacted = text === undefined ? undefined : redactJson(text, query.redact, isCut)
    if (redacted === undefined) {
      shown.hidden = 'no JSON: fields of it cannot be redacted'
      return
    }
    shown.value = redacted
  }
  if (isCut) shown.isCut = true
}

/** Gives the text, without the part of a character at its end where it is cut; undefined where it is none. */
function textOf(value: Buffer, isCut: boolean): string | undefined {
  // The longest character has four bytes.
  for (let missing = 0; missing <= (isCut ? 3 : 0) && missing <= value.length; missing++) {
    const whole = value.subarray(0, value.length - missing)
    if (isUtf8(whole)) return whole.toString('utf8')
  }
  return undefined
}

function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}

/** What a source gives as a time may be none. */
function timeText(ms: number): string {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString()
}
