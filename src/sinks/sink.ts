// The contract of a sink: a batch goes in, one truthful response per message comes out, matched by id.
// Ids are unique within a batch, its order is kept; the order of the responses is free.

import type { Headers } from '../kernel/codec.js'
import type { Log } from '../kernel/log.js'
import type { Message } from '../kernel/message.js'
import type { RetryOptions } from '../kernel/retry.js'
import type { Response } from './response.js'

export type SinkContext = {
  log: Log
  /** What it is in the topology: behind a fallback or onSuccess sink nobody takes what it gives up. One in several is the first of these. */
  role: 'sink' | 'fallback' | 'onSuccess'
}

export interface Sink {
  /** For messages and metrics. */
  readonly name?: string
  /** Which of several clients does its work, where there is a choice: for metrics. */
  readonly driver?: string
  /** True where, after a failure, no later message of the batch with the same key was written (file, log, Kafka). */
  readonly ordered?: boolean
  /** True where a batch with one failure is retried whole. */
  readonly atomic?: boolean
  /** A write without an answer after this long is a failure of its batch. Default 30,000. */
  readonly writeTimeoutMs?: number
  /** The most messages in one `write`. Default 500. */
  readonly batchMax?: number
  /** How many writes may be unanswered at once. Default 1. */
  readonly concurrency?: number
  /**
   * Where it runs. `ingress` is the source's thread: one hop less on the way to the answer, for code that never computes for
   * long, as the source stands still meanwhile. Default `egress`, the thread of all other sinks.
   */
  readonly thread?: 'egress' | 'ingress'
  /** Overrides the topology's `retry`. */
  readonly retry?: RetryOptions
  /**
   * Looks whether it could be opened, and changes nothing: is the directory writable. Rejects with why. Called on the main
   * thread, before any other runs; the thread that opens it has another copy of the object.
   */
  check?(): void | Promise<void>
  /** The files that it writes to: a topology whose sink writes to what its source reads would never end, and is not run. */
  files?(): readonly string[]
  /** Called once before the first `write`. */
  open?(context: SinkContext): void | Promise<void>
  /** Writes what it is given, never waits for more, and answers each message. A throw is a failure of the whole batch. */
  write(batch: readonly Message[]): readonly Response[] | Promise<readonly Response[]>
  /**
   * What it says of itself: numbers by names like `bytes_sent`, for metrics. Asked about once a second, also during a write; names
   * are lower case with `_`.
   */
  stats?(): Record<string, number>
  /** Called once at the end, after the last answer. */
  close?(): void | Promise<void>
}

/** What Response.onSuccess may send instead of the message itself. */
export type OnSuccessMessage = { value: string | Uint8Array; keys?: readonly string[]; headers?: Headers }
