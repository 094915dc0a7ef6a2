// What a user's map function gets and returns.

import type { Headers } from '../kernel/codec.js'
import type { Log } from '../kernel/log.js'
import type { Message } from '../kernel/message.js'

/** A message that a map handler makes. What it does not give is taken from the message that it was made of. */
export type Output = {
  value: string | Uint8Array | null
  keys?: readonly string[]
  tags?: readonly string[]
  headers?: Headers
  eventTime?: number
  /** W3C trace context: `traceparent`, and `tracestate` after a line feed if there is one. */
  trace?: string
}

/** One result: a value, an output, or the message itself. */
export type MapOutput = string | Uint8Array | Output | Message

/** What a handler returns: nothing (the message is filtered), one result, an array of them, or a stream of them. */
export type MapResult =
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement returns void
  void | undefined | null | MapOutput | readonly MapOutput[] | Iterable<MapOutput> | AsyncIterable<MapOutput>

export type MapContext = {
  readonly log: Log
  /** Name of the map stage. */
  readonly stage: string
  /** Number of the stage's thread, from 0. */
  readonly thread: number
}

export type MapHandler = (message: Message, context: MapContext) => MapResult | Promise<MapResult>
