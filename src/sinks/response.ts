// What a sink answers for one message: outcomes as data, not exceptions.

import type { Headers } from '../kernel/codec.js'
import { messageOf } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'
import type { OnSuccessMessage } from './sink.js'

/** A message, or its id. Giving the message spares making the id's text: `batch.map(Response.ok)`. */
export type MessageRef = Message | string

export type ServeOptions = { status?: number; headers?: Headers }
export type HoldOptions = { delayMs: number }
export type NackOptions = { reason: string; delayMs?: number; maxDeliveries?: number }

export type ResponseOutcome = 'ok' | 'failure' | 'fallback' | 'onSuccess' | 'serve' | 'hold' | 'nack'

const BRAND = Symbol.for('millrace.response')

export class Response {
  readonly ref: MessageRef
  readonly outcome: ResponseOutcome
  /** What the outcome carries: an error's text, a payload, a message, options. */
  readonly detail: unknown
  readonly options: unknown

  private constructor(ref: MessageRef, outcome: ResponseOutcome, detail?: unknown, options?: unknown) {
    this.ref = ref
    this.outcome = outcome
    this.detail = detail
    this.options = options
  }

  /** Written and durable. */
  static ok(message: MessageRef): Response {
    return new Response(message, 'ok')
  }

  /** Not written: try this message again, by the retry strategy. */
  static failure(message: MessageRef, error?: unknown): Response {
    return new Response(message, 'failure', error === undefined ? 'failed' : messageOf(error))
  }

  /** This sink gives up on the message: it goes to the fallback sink. */
  static fallback(message: MessageRef, reason?: unknown): Response {
    return new Response(
      message,
      'fallback',
      reason === undefined ? 'sent to the fallback by the sink' : messageOf(reason),
    )
  }

  /** Written; the message, or another made of it, goes to the onSuccess sink too. */
  static onSuccess(message: MessageRef, other?: OnSuccessMessage): Response {
    return new Response(message, 'onSuccess', other)
  }

  /** Written, and this is the answer to whoever waits for it. */
  static serve(message: MessageRef, payload: string | Uint8Array, options?: ServeOptions): Response {
    return new Response(message, 'serve', payload, options)
  }

  /** Keep it and offer it again after the delay; costs no attempt. */
  static hold(message: MessageRef, options: HoldOptions): Response {
    return new Response(message, 'hold', undefined, options)
  }

  /** Not done: give it back to the source. */
  static nack(message: MessageRef, options: NackOptions): Response {
    return new Response(message, 'nack', undefined, options)
  }

  /** Tells whether a value is a Response, of this copy of the package or of another. */
  static isResponse(value: unknown): value is Response {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}
// On the prototype: an instance costs four fields.
Object.defineProperty(Response.prototype, BRAND, { value: true })
