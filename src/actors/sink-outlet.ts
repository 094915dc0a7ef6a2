// What a sink actor writes: settlements to the reader that gave the root, messages to the fallback and onSuccess sinks.
// Each record's share is disposed of once: settled, or passed on with the record that is written (S4).
// Every method gives FULL where the mailbox has no room: then nothing was written.

import {
  claimOkRun,
  copy,
  encode,
  FULL,
  kindWord,
  metaAt,
  OK_RUN_ENTRY_BYTES,
  OUTCOME_DROPPED,
  OUTCOME_NACK,
  OUTCOME_SERVE,
  PLAIN_MESSAGE,
  SETTLEMENT,
  TOO_LARGE,
} from '../kernel/codec.js'
import { readerOf } from '../kernel/epoch.js'
import { KIND, RECORD_HEADER_BYTES, SEQUENCE_DOUBLE, SHARE_HI, SHARE_LO } from '../kernel/layout.js'
import type { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'
import type { NackOptions, ServeOptions } from '../sinks/response.js'
import type { OnSuccessMessage } from '../sinks/sink.js'
import { epochOf, type Failure, headOf, settleMarker, shareOf, writeFallback } from './records.js'

const INT32_MAX = 2 ** 31 - 1

export type SinkOutbounds = {
  /** One for each reader. */
  settlements: readonly Outbound[]
  fallback: Outbound | undefined
  onSuccess: Outbound | undefined
}

export class SinkOutlet {
  readonly hasFallback: boolean
  readonly hasOnSuccess: boolean
  private readonly out: SinkOutbounds
  private readonly valueBytesMax: number

  constructor(out: SinkOutbounds, valueBytesMax: number) {
    this.out = out
    this.valueBytesMax = valueBytesMax
    this.hasFallback = out.fallback !== undefined
    this.hasOnSuccess = out.onSuccess !== undefined
    const { capacity } = out.settlements[0].ring
    this.okMax = Math.floor((capacity / 2 - RECORD_HEADER_BYTES) / OK_RUN_ENTRY_BYTES)
  }

  /** The most messages that `ok` settles at once. */
  readonly okMax: number

  /** Settles `count` messages of a batch as ok, from number `from` on, which have one epoch: all in one record. */
  ok(messages: readonly Message[], from: number, count: number): number {
    const settlements = this.settlementsOf(messages[from])
    const { words, doubles } = settlements.ring
    let at = claimOkRun(settlements, epochOf(messages[from]), count)
    if (at === FULL) return wanted(settlements, FULL)
    for (let i = from; i < from + count; i++) {
      const message = messages[i]
      const { ring } = message.inbound
      doubles[at >>> 1] = ring.doubles[(message.at >>> 1) + SEQUENCE_DOUBLE]
      words[at + 2] = ring.words[message.at + SHARE_LO]
      words[at + 3] = ring.words[message.at + SHARE_HI]
      at += OK_RUN_ENTRY_BYTES >>> 2
    }
    return at
  }

  /** Settles a message as ok, with an answer; one that is too large settles as an error (S6). */
  serve(message: Message, payload: string | Uint8Array, options: ServeOptions = {}): number {
    const settlements = this.settlementsOf(message)
    const meta = { status: options.status, headers: options.headers }
    const head = headOf(message, shareOf(message))
    const written = encode(
      settlements,
      kindWord(SETTLEMENT, OUTCOME_SERVE),
      head,
      meta,
      payload,
      this.valueBytesMax,
    )
    if (written !== TOO_LARGE) return wanted(settlements, written)
    return this.nack(message, { reason: 'the answer is larger than limits.messageBytes' })
  }

  /** Settles a message as not done. */
  nack(message: Message, options: NackOptions): number {
    const meta = {
      reason: String(options.reason ?? 'nacked by the sink').slice(0, 2048),
      delayMs: Math.min(INT32_MAX, Math.max(0, Math.round(options.delayMs ?? 0))),
      maxDeliveries: options.maxDeliveries,
    }
    return this.settlement(message, OUTCOME_NACK, meta)
  }

  /** Settles a message as dropped by a decision. */
  drop(message: Message, reason: string): number {
    return this.settlement(message, OUTCOME_DROPPED, { reason: reason.slice(0, 2048) })
  }

  /** Settles a marker with the outcome that it carries. */
  marker(marker: Message): number {
    const settlements = this.settlementsOf(marker)
    return wanted(settlements, settleMarker(settlements, marker))
  }

  /** Passes a message on that is on its way to the fallback. */
  pass(message: Message): number {
    const { ring } = message.inbound
    const { at } = message
    const fallback = this.out.fallback as Outbound
    const share = shareOf(message)
    return wanted(
      fallback,
      copy(fallback, ring.words[at + KIND], ring, at, share.lo, share.hi, undefined, this.valueBytesMax),
    )
  }

  /** Sends a message to the fallback, with the reason in its headers. */
  fallback(message: Message, failure: Failure): number {
    const fallback = this.out.fallback as Outbound
    return wanted(fallback, writeFallback(fallback, message, shareOf(message), failure, this.valueBytesMax))
  }

  /** Sends a message, or another in its place, to the onSuccess sink; TOO_LARGE where that is too large. */
  onSuccess(message: Message, other: OnSuccessMessage | undefined): number {
    const out = this.out.onSuccess as Outbound
    const meta = metaAt(message.inbound.ring, message.at)
    if (other?.keys !== undefined) meta.keys = other.keys
    if (other?.headers !== undefined) meta.headers = other.headers
    const value = other?.value ?? (message.tombstone ? null : message.value)
    return wanted(
      out,
      encode(out, PLAIN_MESSAGE, headOf(message, shareOf(message)), meta, value, this.valueBytesMax),
    )
  }

  private settlementsOf(message: Message): Outbound {
    const { settlements } = this.out
    return settlements[readerOf(epochOf(message), settlements.length)]
  }

  private settlement(message: Message, outcome: number, meta: { reason: string }): number {
    const settlements = this.settlementsOf(message)
    return wanted(
      settlements,
      encode(settlements, kindWord(SETTLEMENT, outcome), headOf(message, shareOf(message)), meta, '', 0),
    )
  }
}

function wanted(out: Outbound, written: number): number {
  if (written === FULL) out.want()
  return written
}
