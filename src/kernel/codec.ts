// How a message lies in a record: written in place by its producer, decoded by its consumer when asked for.
//
//   meta = fixed sections (8 bytes each, in the order of their flags), then variable ones ([bytes: int32][data], padded to 8).
//   Only what a flag of the shape word says is there takes room. A list of strings is [bytes: uint32][UTF-8] each;
//   headers are name, kind (0 text, 1 bytes), value.

import {
  ATTEMPT,
  DUE_DOUBLE,
  EPOCH,
  KIND,
  LANE_BITS,
  LANE_MASK,
  LENGTH,
  MARK_DOUBLE,
  META_BYTES,
  RECORD_HEADER_BYTES,
  SEQUENCE_DOUBLE,
  SHAPE,
  SHARE_HI,
  SHARE_LO,
  STATE,
  VALUE_BYTES,
} from './layout.js'
import { META_BYTES_MAX, type Ring } from './mailbox.js'
import type { Outbound } from './outbound.js'

/** What a record is: a message, a marker (a share that travels on without one), or a settlement on its way back. */
export type RecordKind = typeof MESSAGE | typeof MARKER | typeof SETTLEMENT | typeof OK_RUN
export const MESSAGE = 1
export const MARKER = 2
export const SETTLEMENT = 3
/** Settlements of many roots of one epoch, all ok: its value is a list of sequence (double) and share (two words). */
export const OK_RUN = 4
export const OK_RUN_ENTRY_BYTES = 16

/** What became of a share. */
export const OUTCOMES = ['ok', 'serve', 'filtered', 'dropped', 'nack'] as const
export type Outcome = (typeof OUTCOMES)[number]
export const OUTCOME_OK = 0
export const OUTCOME_SERVE = 1
export const OUTCOME_FILTERED = 2
export const OUTCOME_DROPPED = 3
export const OUTCOME_NACK = 4

/** Where a record goes, if not the ordinary way. */
export const ROUTE_NONE = 0
export const ROUTE_FALLBACK = 1

export type HeaderValue = string | Uint8Array
export type Headers = Readonly<Record<string, HeaderValue>>
/** What a message carries; `null` is a tombstone. */
export type Value = string | Uint8Array | null

/** Everything that a message may have beside its root, share and value. */
export type MessageMeta = {
  /** Number of the source's partition. */
  partition?: number | undefined
  /** Generation of the partition's assignment. */
  generation?: number | undefined
  /** Position in the source, 64 bits. */
  offset?: bigint | number | undefined
  /** When it happened, in ms since 1970. */
  eventTime?: number | undefined
  /** When its answer is worthless, in ms since 1970. */
  deadline?: number | undefined
  /** How often the source has given it before. */
  delivery?: number | undefined
  id?: string | undefined
  keys?: readonly string[] | undefined
  tags?: readonly string[] | undefined
  headers?: Headers | undefined
  /** W3C trace context: `traceparent`, and `tracestate` after a line feed if there is one. */
  trace?: string | undefined
  /** Reverse path: status of an answer. */
  status?: number | undefined
  /** Reverse path: a nack's wish. */
  delayMs?: number | undefined
  maxDeliveries?: number | undefined
  /** Why it was dropped, nacked or sent to the fallback. */
  reason?: string | undefined
}

// Fixed sections, then variable ones, then flags without data; at most 19 in all.
export const HAS_PARTITION = 1
export const HAS_OFFSET = 2
export const HAS_EVENT_TIME = 4
export const HAS_DEADLINE = 8
export const HAS_DELIVERY = 16
export const HAS_ANSWER = 32
export const HAS_ID = 64
export const HAS_KEYS = 128
export const HAS_TAGS = 256
export const HAS_HEADERS = 512
export const HAS_TRACE = 1024
export const HAS_REASON = 2048
export const IS_TOMBSTONE = 4096
const FIXED = HAS_ID - 1
const VARIABLE_FIRST = HAS_ID

/** The mailbox has no room now. */
export const FULL = -1
/** No mailbox of this topology will ever have room. */
export const TOO_LARGE = -2

/** What every record says of its root (R1, S1). */
export type RecordHead = { epoch: number; sequence: number; lane: number; shareLo: number; shareHi: number }

/** Gives the kind word of a record. */
export function kindWord(kind: RecordKind, outcome = OUTCOME_OK, route = ROUTE_NONE): number {
  return kind | (outcome << 8) | (route << 16)
}

/** The kind words of messages: of an ordinary one, and of one on its way to the fallback. */
export const PLAIN_MESSAGE = kindWord(MESSAGE)
export const TO_FALLBACK = kindWord(MESSAGE, OUTCOME_OK, ROUTE_FALLBACK)

/** Writes a record above the outbound's tail: gives its first word, FULL or TOO_LARGE. */
export function encode(
  out: Outbound,
  kind: number,
  head: RecordHead,
  meta: MessageMeta,
  value: Value,
  valueBytesMax: number,
): number {
  const flags = flagsOf(meta, value)
  const metaBytes = (flags & ~IS_TOMBSTONE) === 0 ? 0 : metaBytesOf(flags, meta)
  const valueBytes = bytesOf(value)
  if (valueBytes > valueBytesMax || metaBytes > META_BYTES_MAX) return TOO_LARGE
  const length = alignUp8(RECORD_HEADER_BYTES + metaBytes + valueBytes)
  const at = out.claim(length)
  if (at === FULL) return FULL
  const { ring } = out
  writeHead(ring, at, length, kind, head, (flags << LANE_BITS) | head.lane, metaBytes, valueBytes)
  const start = at * 4 + RECORD_HEADER_BYTES
  if (metaBytes !== 0) writeMeta(ring, start, flags, meta)
  if (typeof value === 'string') ring.bytes.write(value, start + metaBytes, valueBytes, 'utf8')
  else if (value !== null && valueBytes !== 0) ring.bytes.set(value, start + metaBytes)
  return at
}

/** Copies a record of another mailbox, meta and all, with another kind word and share and, if given, another value. */
export function copy(
  out: Outbound,
  kind: number,
  from: Ring,
  fromAt: number,
  shareLo: number,
  shareHi: number,
  value: Value | undefined,
  valueBytesMax: number,
): number {
  const { words } = from
  const metaBytes = words[fromAt + META_BYTES]
  let shape = words[fromAt + SHAPE]
  let valueBytes = words[fromAt + VALUE_BYTES]
  if (value !== undefined) {
    valueBytes = bytesOf(value)
    shape = value === null ? shape | (IS_TOMBSTONE << LANE_BITS) : shape & ~(IS_TOMBSTONE << LANE_BITS)
    if (valueBytes > valueBytesMax) return TOO_LARGE
  }
  const length = alignUp8(RECORD_HEADER_BYTES + metaBytes + valueBytes)
  const at = out.claim(length)
  if (at === FULL) return FULL
  const to = out.ring
  const toWords = to.words
  toWords[at + LENGTH] = length
  toWords[at + KIND] = kind
  clearConsumerWords(to, at)
  toWords[at + EPOCH] = words[fromAt + EPOCH]
  toWords[at + SHAPE] = shape
  to.doubles[(at >>> 1) + SEQUENCE_DOUBLE] = from.doubles[(fromAt >>> 1) + SEQUENCE_DOUBLE]
  toWords[at + SHARE_LO] = shareLo
  toWords[at + SHARE_HI] = shareHi
  toWords[at + META_BYTES] = metaBytes
  toWords[at + VALUE_BYTES] = valueBytes
  const metaWords = metaBytes >>> 2
  const metaAt = at + (RECORD_HEADER_BYTES >>> 2)
  const fromMetaAt = fromAt + (RECORD_HEADER_BYTES >>> 2)
  for (let i = 0; i < metaWords; i++) toWords[metaAt + i] = words[fromMetaAt + i]
  const start = at * 4 + RECORD_HEADER_BYTES + metaBytes
  if (value === undefined) {
    const fromStart = fromAt * 4 + RECORD_HEADER_BYTES + metaBytes
    if (valueBytes !== 0) to.bytes.set(new Uint8Array(from.memory, fromStart, valueBytes), start)
  } else if (typeof value === 'string') to.bytes.write(value, start, valueBytes, 'utf8')
  else if (value !== null && valueBytes !== 0) to.bytes.set(value, start)
  return at
}

/** Reserves an OK_RUN record for `count` roots of an epoch: gives the word index of its first entry, or FULL. */
export function claimOkRun(out: Outbound, epoch: number, count: number): number {
  const valueBytes = count * OK_RUN_ENTRY_BYTES
  const at = out.claim(RECORD_HEADER_BYTES + valueBytes)
  if (at === FULL) return FULL
  okRunHead.epoch = epoch
  writeHead(out.ring, at, RECORD_HEADER_BYTES + valueBytes, OK_RUN, okRunHead, 0, 0, valueBytes)
  return at + (RECORD_HEADER_BYTES >>> 2)
}

const okRunHead: RecordHead = { epoch: 0, sequence: 0, lane: 0, shareLo: 0, shareHi: 0 }

/** Gives the flags of a record. */
export function flagsAt(ring: Ring, at: number): number {
  return ring.words[at + SHAPE] >>> LANE_BITS
}

/** Gives the lane of a record. */
export function laneAt(ring: Ring, at: number): number {
  return ring.words[at + SHAPE] & LANE_MASK
}

/** Gives the byte index of a fixed section, which must be there. */
export function fixedSection(flags: number, at: number, flag: number): number {
  return at * 4 + RECORD_HEADER_BYTES + 8 * countBits(flags & FIXED & (flag - 1))
}

/** Gives the byte index of a variable section's length, which must be there. */
export function variableSection(ring: Ring, flags: number, at: number, flag: number): number {
  let byte = at * 4 + RECORD_HEADER_BYTES + 8 * countBits(flags & FIXED)
  for (let f = VARIABLE_FIRST; f < flag; f <<= 1) {
    if (flags & f) byte += alignUp8(4 + ring.words[byte >>> 2])
  }
  return byte
}

/** Gives the text of a variable section, or undefined where it is absent. */
export function textAt(ring: Ring, at: number, flag: number): string | undefined {
  const flags = flagsAt(ring, at)
  if ((flags & flag) === 0) return undefined
  const byte = variableSection(ring, flags, at, flag)
  return ring.bytes.toString('utf8', byte + 4, byte + 4 + ring.words[byte >>> 2])
}

/** Gives the strings of a list section, or undefined where it is absent. */
export function listAt(ring: Ring, at: number, flag: number): string[] | undefined {
  const flags = flagsAt(ring, at)
  if ((flags & flag) === 0) return undefined
  const list: string[] = []
  let byte = variableSection(ring, flags, at, flag)
  const end = byte + 4 + ring.words[byte >>> 2]
  for (byte += 4; byte < end; ) {
    const bytes = ring.bytes.readUInt32LE(byte)
    list.push(ring.bytes.toString('utf8', byte + 4, byte + 4 + bytes))
    byte += 4 + bytes
  }
  return list
}

/** Gives the headers of a record, or undefined where it has none; values that were bytes are copies. */
export function headersAt(ring: Ring, at: number): Record<string, HeaderValue> | undefined {
  const flags = flagsAt(ring, at)
  if ((flags & HAS_HEADERS) === 0) return undefined
  const { bytes } = ring
  const headers: Record<string, HeaderValue> = Object.create(null)
  let byte = variableSection(ring, flags, at, HAS_HEADERS)
  const end = byte + 4 + ring.words[byte >>> 2]
  for (byte += 4; byte < end; ) {
    const nameBytes = bytes.readUInt32LE(byte)
    const name = bytes.toString('utf8', byte + 4, byte + 4 + nameBytes)
    byte += 4 + nameBytes
    const isText = bytes[byte] === 0
    const valueBytes = bytes.readUInt32LE(byte + 1)
    byte += 5
    headers[name] = isText
      ? bytes.toString('utf8', byte, byte + valueBytes)
      : Buffer.from(bytes.subarray(byte, byte + valueBytes))
    byte += valueBytes
  }
  return headers
}

/** Gives the low and high halves of a 64-bit offset. */
export function offsetHalves(offset: bigint | number): readonly [number, number] {
  if (typeof offset === 'number') return [offset | 0, highHalf(offset)]
  return [Number(BigInt.asIntN(32, offset)), Number(BigInt.asIntN(32, offset >> 32n))]
}

/** Gives the high half of an offset that is a safe integer. */
export function highHalf(offset: number): number {
  return offset >= 0 && offset < 0x1_0000_0000 ? 0 : Math.floor(offset / 0x1_0000_0000) | 0
}

/** Makes a 64-bit offset of its halves. */
export function offsetOf(lo: number, hi: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo >>> 0)
}

/** Decodes all of a record's meta; `encode` of it gives the same bytes. */
export function metaAt(ring: Ring, at: number): MessageMeta {
  const flags = flagsAt(ring, at)
  const { words, doubles } = ring
  const meta: MessageMeta = {}
  if (flags & HAS_PARTITION) {
    const word = fixedSection(flags, at, HAS_PARTITION) >>> 2
    meta.partition = words[word]
    meta.generation = words[word + 1]
  }
  if (flags & HAS_OFFSET) {
    const word = fixedSection(flags, at, HAS_OFFSET) >>> 2
    meta.offset = offsetOf(words[word], words[word + 1])
  }
  if (flags & HAS_EVENT_TIME) meta.eventTime = doubles[fixedSection(flags, at, HAS_EVENT_TIME) >>> 3]
  if (flags & HAS_DEADLINE) meta.deadline = doubles[fixedSection(flags, at, HAS_DEADLINE) >>> 3]
  if (flags & HAS_DELIVERY) {
    const word = fixedSection(flags, at, HAS_DELIVERY) >>> 2
    meta.delivery = words[word]
    meta.maxDeliveries = words[word + 1]
  }
  if (flags & HAS_ANSWER) {
    const word = fixedSection(flags, at, HAS_ANSWER) >>> 2
    meta.status = words[word]
    meta.delayMs = words[word + 1]
  }
  meta.id = textAt(ring, at, HAS_ID)
  meta.keys = listAt(ring, at, HAS_KEYS)
  meta.tags = listAt(ring, at, HAS_TAGS)
  meta.headers = headersAt(ring, at)
  meta.trace = textAt(ring, at, HAS_TRACE)
  meta.reason = textAt(ring, at, HAS_REASON)
  return meta
}

/** Throws TypeError for what is no offset. */
export function checkOffset(offset: unknown): void {
  if (Number.isInteger(offset) && Math.abs(offset as number) < 2 ** 63) return
  if (typeof offset === 'bigint' && BigInt.asIntN(64, offset) === offset) return
  throw new TypeError(`an offset is an integer, or a bigint, of 64 bits, not ${String(offset)}`)
}

function checkNumber(name: string, value: unknown, isFit: boolean, wanted: string): void {
  if (!isFit)
    throw new TypeError(
      `${name} is ${wanted}, not ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
    )
}

function bytesOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof Uint8Array) return value.length
  if (value === null) return 0
  throw new TypeError(
    `a value is text, bytes (Uint8Array) or null, not ${Array.isArray(value) ? 'an array' : typeof value}`,
  )
}

function flagsOf(meta: MessageMeta, value: Value): number {
  let flags = value === null ? IS_TOMBSTONE : 0
  if (meta.offset !== undefined) {
    checkOffset(meta.offset)
    flags |= HAS_OFFSET
  }
  if (meta.partition !== undefined || meta.generation !== undefined) flags |= HAS_PARTITION
  if (meta.eventTime !== undefined) flags |= HAS_EVENT_TIME
  if (meta.deadline !== undefined) flags |= HAS_DEADLINE
  if (meta.delivery !== undefined || meta.maxDeliveries !== undefined) flags |= HAS_DELIVERY
  if (meta.status !== undefined || meta.delayMs !== undefined) flags |= HAS_ANSWER
  if (meta.id !== undefined) flags |= HAS_ID
  if (meta.keys !== undefined && meta.keys.length !== 0) flags |= HAS_KEYS
  if (meta.tags !== undefined && meta.tags.length !== 0) flags |= HAS_TAGS
  if (meta.headers !== undefined) flags |= HAS_HEADERS
  if (meta.trace !== undefined) flags |= HAS_TRACE
  if (meta.reason !== undefined) flags |= HAS_REASON
  return flags
}

function metaBytesOf(flags: number, meta: MessageMeta): number {
  if (flags === HAS_OFFSET) return 8
  const { partition = 0, generation = 0, eventTime = 0, deadline = 0 } = meta
  checkNumber('a partition', partition, (partition | 0) === partition, 'an integer of 32 bits')
  checkNumber('a generation', generation, (generation | 0) === generation, 'an integer of 32 bits')
  checkNumber(
    'an eventTime',
    eventTime,
    typeof eventTime === 'number' && !Number.isNaN(eventTime),
    'a number of ms since 1970',
  )
  checkNumber(
    'a deadline',
    deadline,
    typeof deadline === 'number' && !Number.isNaN(deadline),
    'a number of ms since 1970',
  )
  let bytes = 8 * countBits(flags & FIXED)
  if ((flags & ~FIXED & ~IS_TOMBSTONE) === 0) return bytes
  if (flags & HAS_ID) bytes += alignUp8(4 + utf8Bytes(meta.id as string))
  if (flags & HAS_KEYS) bytes += alignUp8(4 + listBytes(meta.keys as readonly string[]))
  if (flags & HAS_TAGS) bytes += alignUp8(4 + listBytes(meta.tags as readonly string[]))
  if (flags & HAS_HEADERS) bytes += alignUp8(4 + headersBytes(meta.headers as Headers))
  if (flags & HAS_TRACE) bytes += alignUp8(4 + utf8Bytes(meta.trace as string))
  if (flags & HAS_REASON) bytes += alignUp8(4 + utf8Bytes(meta.reason as string))
  return bytes
}

function writeMeta(ring: Ring, start: number, flags: number, meta: MessageMeta): void {
  const { words, doubles } = ring
  let byte = start
  if (flags & HAS_PARTITION) {
    words[byte >>> 2] = meta.partition ?? 0
    words[(byte >>> 2) + 1] = meta.generation ?? 0
    byte += 8
  }
  if (flags & HAS_OFFSET) {
    writeOffset(words, byte >>> 2, meta.offset as bigint | number)
    byte += 8
  }
  if (flags & HAS_EVENT_TIME) {
    doubles[byte >>> 3] = meta.eventTime as number
    byte += 8
  }
  if (flags & HAS_DEADLINE) {
    doubles[byte >>> 3] = meta.deadline as number
    byte += 8
  }
  if (flags & HAS_DELIVERY) {
    words[byte >>> 2] = meta.delivery ?? 0
    words[(byte >>> 2) + 1] = meta.maxDeliveries ?? 0
    byte += 8
  }
  if (flags & HAS_ANSWER) {
    words[byte >>> 2] = meta.status ?? 0
    words[(byte >>> 2) + 1] = meta.delayMs ?? 0
    byte += 8
  }
  if ((flags & ~FIXED & ~IS_TOMBSTONE) === 0) return
  if (flags & HAS_ID) byte = writeList(ring, byte, [meta.id as string], false)
  if (flags & HAS_KEYS) byte = writeList(ring, byte, meta.keys as readonly string[], true)
  if (flags & HAS_TAGS) byte = writeList(ring, byte, meta.tags as readonly string[], true)
  if (flags & HAS_HEADERS) byte = writeHeaders(ring, byte, meta.headers as Headers)
  if (flags & HAS_TRACE) byte = writeList(ring, byte, [meta.trace as string], false)
  if (flags & HAS_REASON) writeList(ring, byte, [meta.reason as string], false)
}

function writeOffset(words: Int32Array, word: number, offset: bigint | number): void {
  if (typeof offset === 'number') {
    words[word] = offset | 0
    words[word + 1] = highHalf(offset)
  } else {
    const halves = offsetHalves(offset)
    words[word] = halves[0]
    words[word + 1] = halves[1]
  }
}

function writeHead(
  ring: Ring,
  at: number,
  length: number,
  kind: number,
  head: RecordHead,
  shape: number,
  metaBytes: number,
  valueBytes: number,
): void {
  const { words } = ring
  words[at + LENGTH] = length
  words[at + KIND] = kind
  clearConsumerWords(ring, at)
  words[at + EPOCH] = head.epoch
  words[at + SHAPE] = shape
  ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE] = head.sequence
  words[at + SHARE_LO] = head.shareLo
  words[at + SHARE_HI] = head.shareHi
  words[at + META_BYTES] = metaBytes
  words[at + VALUE_BYTES] = valueBytes
}

/** M4: what the last lap left there would count. */
function clearConsumerWords(ring: Ring, at: number): void {
  ring.words[at + STATE] = 0
  ring.words[at + ATTEMPT] = 0
  ring.doubles[(at >>> 1) + MARK_DOUBLE] = 0
  ring.doubles[(at >>> 1) + DUE_DOUBLE] = 0
}

/** Writes one variable section of strings, each behind its length where it is a list; gives the byte after it. */
function writeList(ring: Ring, start: number, list: readonly string[], isList: boolean): number {
  let byte = start + 4
  for (const text of list) {
    const bytes = writeText(ring.bytes, isList ? byte + 4 : byte, text)
    if (isList) byte = ring.bytes.writeUInt32LE(bytes, byte)
    byte += bytes
  }
  ring.words[start >>> 2] = byte - start - 4
  return start + alignUp8(byte - start)
}

function writeHeaders(ring: Ring, start: number, headers: Headers): number {
  const { bytes } = ring
  let byte = start + 4
  if (headers === frozen) {
    bytes.set(frozenBytes, byte)
    ring.words[start >>> 2] = frozenBytes.length
    return start + alignUp8(4 + frozenBytes.length)
  }
  for (const name in headers) {
    const value = headers[name]
    const nameBytes = writeText(bytes, byte + 4, name)
    bytes.writeUInt32LE(nameBytes, byte)
    byte += 4 + nameBytes
    bytes[byte] = typeof value === 'string' ? 0 : 1
    let valueBytes: number
    if (typeof value === 'string') valueBytes = writeText(bytes, byte + 5, value)
    else {
      valueBytes = value.length
      bytes.set(value, byte + 5)
    }
    bytes.writeUInt32LE(valueBytes, byte + 1)
    byte += 5 + valueBytes
  }
  rememberFrozen(headers, bytes, start + 4, byte)
  ring.words[start >>> 2] = byte - start - 4
  return start + alignUp8(byte - start)
}

function listBytes(list: readonly string[]): number {
  if (!Array.isArray(list)) throw new TypeError(`keys and tags are arrays of strings, not ${typeof list}`)
  let bytes = 0
  for (const text of list) bytes += 4 + utf8Bytes(text)
  return bytes
}

/** Headers that nobody can change, as they were written: a source gives the same ones with record after record. */
let frozen: Headers | undefined
let frozenBytes = Buffer.alloc(0)

function rememberFrozen(headers: Headers, bytes: Buffer, start: number, end: number): void {
  if (!Object.isFrozen(headers) || Object.getPrototypeOf(headers) !== null) return
  // A getter has no value here: it may give another one each time.
  const parts = Object.values(Object.getOwnPropertyDescriptors(headers))
  if (parts.some(({ value }) => typeof value !== 'string')) return
  frozen = headers
  frozenBytes = Buffer.from(bytes.subarray(start, end))
}

function headersBytes(headers: Headers): number {
  if (headers === frozen) return frozenBytes.length
  const prototype = Object.getPrototypeOf(headers)
  if (prototype !== null && prototype !== Object.prototype && Object.keys(headers).length === 0) {
    throw new TypeError(
      `headers are a plain object, not a ${prototype.constructor?.name}: use Object.fromEntries(headers)`,
    )
  }
  let bytes = 0
  for (const name in headers) {
    const value = headers[name]
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      throw new TypeError(`the header ${JSON.stringify(name)} is a string or bytes, not ${typeof value}`)
    }
    bytes += 9 + utf8Bytes(name) + (typeof value === 'string' ? utf8Bytes(value) : value.length)
  }
  return bytes
}

/** Short ASCII, which most keys are, is faster in a loop than in a call of the platform. */
const SHORT = 24

function utf8Bytes(text: string): number {
  if (typeof text !== 'string')
    throw new TypeError(`ids, keys, tags, header names and header texts are strings, not ${typeof text}`)
  return text.length <= SHORT && isAscii(text) ? text.length : Buffer.byteLength(text)
}

function writeText(bytes: Buffer, byte: number, text: string): number {
  if (text.length > SHORT || !isAscii(text)) return bytes.write(text, byte, 'utf8')
  for (let i = 0; i < text.length; i++) bytes[byte + i] = text.charCodeAt(i)
  return text.length
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

function countBits(value: number): number {
  let bits = 0
  for (let v = value; v !== 0; v &= v - 1) bits++
  return bits
}

function alignUp8(bytes: number): number {
  return (bytes + 7) & ~7
}
