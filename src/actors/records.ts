// The records that actors make of a record: markers, settlements, and what goes to the fallback.

import {
  copy,
  encode,
  type HeaderValue,
  kindWord,
  MARKER,
  type MessageMeta,
  metaAt,
  OUTCOMES,
  type Outcome,
  type RecordHead,
  SETTLEMENT,
  TO_FALLBACK,
  TOO_LARGE,
  type Value,
} from '../kernel/codec.js'
import { toErrorRecord } from '../kernel/failure.js'
import { EPOCH, KIND, LANE_MASK, SEQUENCE_DOUBLE, SHAPE, SHARE_HI, SHARE_LO } from '../kernel/layout.js'
import type { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'

/** 64 bits, in two halves (S1). */
export type Share = { lo: number; hi: number }

const NO_META: MessageMeta = {}
const STACK_CHARS_MAX = 4096
const REASON_CHARS_MAX = 2048
const head: RecordHead = { epoch: 0, sequence: 0, lane: 0, shareLo: 0, shareHi: 0 }

/** Gives the share that a message came with. */
export function shareOf({ inbound, at }: Message): Share {
  const { words } = inbound.ring
  return { lo: words[at + SHARE_LO], hi: words[at + SHARE_HI] }
}

/** Gives the epoch of the root that a message belongs to. */
export function epochOf({ inbound, at }: Message): number {
  return inbound.ring.words[at + EPOCH]
}

/** Gives the root and lane of a message, with another share. The object is used again by the next call. */
export function headOf(message: Message, share: Share): RecordHead {
  const { ring } = message.inbound
  head.epoch = ring.words[message.at + EPOCH]
  head.lane = ring.words[message.at + SHAPE] & LANE_MASK
  head.sequence = ring.doubles[(message.at >>> 1) + SEQUENCE_DOUBLE]
  head.shareLo = share.lo
  head.shareHi = share.hi
  return head
}

/** Writes a marker: the share travels on without a message (S1). */
export function writeMarker(
  out: Outbound,
  message: Message,
  share: Share,
  outcome: Outcome,
  reason?: string,
): number {
  const meta = reason === undefined ? NO_META : { reason: cut(reason, REASON_CHARS_MAX) }
  return encode(out, kindWord(MARKER, OUTCOMES.indexOf(outcome)), headOf(message, share), meta, '', 0)
}

/** Turns a marker into the settlement of its share, with its outcome and reason. */
export function settleMarker(out: Outbound, marker: Message): number {
  const { ring } = marker.inbound
  const { at } = marker
  const kind = (ring.words[at + KIND] & ~0xff) | SETTLEMENT
  return copy(out, kind, ring, at, ring.words[at + SHARE_LO], ring.words[at + SHARE_HI], undefined, 0)
}

/** Why a message goes to the fallback. */
export type Failure = { reason: string; error?: unknown; attempts: number; stage: string }

/** Writes a message on its way to the fallback: the original, with reason, error, stack and attempts in its headers. */
export function writeFallback(
  out: Outbound,
  message: Message,
  share: Share,
  failure: Failure,
  valueBytesMax: number,
): number {
  const meta = metaAt(message.inbound.ring, message.at)
  const value: Value = message.tombstone ? null : message.value
  for (const headers of [failureHeaders(failure, true), failureHeaders(failure, false)]) {
    const whole = {
      ...meta,
      headers: { ...meta.headers, ...headers },
      reason: headers['millrace-reason'] as string,
    }
    const at = encode(out, TO_FALLBACK, headOf(message, share), whole, value, valueBytesMax)
    if (at !== TOO_LARGE) return at
  }
  // Its own headers leave no room for ours.
  return copy(
    out,
    TO_FALLBACK,
    message.inbound.ring,
    message.at,
    share.lo,
    share.hi,
    undefined,
    valueBytesMax,
  )
}

function failureHeaders(failure: Failure, withStack: boolean): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = {
    'millrace-reason': cut(failure.reason, REASON_CHARS_MAX),
    'millrace-stage': failure.stage,
    'millrace-attempts': String(failure.attempts),
  }
  if (failure.error === undefined) return headers
  const error = toErrorRecord(failure.error)
  headers['millrace-error'] = cut(`${error.name}: ${error.message}`, REASON_CHARS_MAX)
  if (withStack && error.stack !== undefined) headers['millrace-stack'] = cut(error.stack, STACK_CHARS_MAX)
  return headers
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`
}
