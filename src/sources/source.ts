// The contract of a source: it gives records, and is told of each one, once, what became of it.
// A source runs on one thread and is called by one reader; calls never overlap, but for `pending` and `close`. One that says
// `threads` runs on so many: each has an instance of its own.

import type { Headers, MessageMeta, Value } from '../kernel/codec.js'
import type { Log } from '../kernel/log.js'

/** One record of a source. The reader copies it into shared memory before it calls `read` again; it may then be reused. */
export type SourceRecord = Pick<
  MessageMeta,
  | 'partition'
  | 'generation'
  | 'offset'
  | 'eventTime'
  | 'deadline'
  | 'id'
  | 'keys'
  | 'tags'
  | 'headers'
  | 'trace'
> & {
  /** Text is written as UTF-8; `null` is a tombstone. At most `limits.messageBytes`. */
  value: Value
}

/** Where a record lies in its source. */
export type SourcePosition = { partition: number; offset: bigint }

/** What a sink answered with Response.serve. */
export type Answer = { payload: Buffer; status?: number; headers?: Headers }

/** A record is done: everything made of it was accepted by a sink, or dropped by a counted decision. */
export type SourceAck = SourcePosition & { answers?: readonly Answer[] }

/** A record is not done: the source gives it again by its own means, after `delayMs`. */
export type SourceNack = SourcePosition & { reason: string; delayMs: number }

export type SourceContext = {
  log: Log
  /** The largest value that fits. */
  messageBytesMax: number
  /** Aborted when reading ends: a `read` that waits may give up at once. */
  signal: AbortSignal
  /** Where a successor goes on: the lowest position not known to be settled. */
  resume?: SourcePosition
  /** Where the source says `threads`: which of them this is. */
  thread?: SourceThread
  /**
   * Says that nobody waits for a record that was given and is not settled. What of it no handler has begun is nacked; what one has
   * begun sees `message.signal` abort. It may come too late, or to nothing. There where the source `cancels`.
   */
  cancel?(partition: number, offset: bigint | number): void
  /** Gives the number of the branch that takes a record with these tags. There where the first map stage has branches. */
  branchOf?(tags: readonly string[]): number
}

export type SourceThread = {
  /** From 0. */
  readonly number: number
  readonly count: number
  /** Gives the number that the first of the threads to say one has said: the same to all, in each of their lives. Not 0. */
  agree(number: number): number
}

export interface Source {
  /** For messages and metrics. */
  readonly name?: string
  /** Which of several clients does its work, where there is a choice: for metrics. */
  readonly driver?: string
  /** True for one ordered stream: then `order: 'source'` means something. */
  readonly ordered?: boolean
  /** False where `nack` only tells, and what was nacked does not come again (an answer to a caller). Default true. */
  readonly redelivers?: boolean
  /** True where it may call `cancel` of its context. Default false. */
  readonly cancels?: boolean
  /**
   * On how many threads it runs, each with an instance that gives other records: with other ids, or at other positions. 1 to 64,
   * default 1. Order is kept within each.
   */
  readonly threads?: number
  /** How many records there are in all, if that is known: for progress. */
  readonly total?: number
  /** The directory where it keeps its position durably, if it does: what is in user code is noted there, too. */
  readonly checkpoint?: string
  /**
   * Looks whether it could be opened, and changes nothing: is the file readable, the port free. Rejects with why. Called on the
   * main thread, before any other runs; the thread that opens it has another copy of the object.
   */
  check?(): void | Promise<void>
  /** The files that it reads: a topology whose sink writes to what its source reads would never end, and is not run. */
  files?(): readonly string[]
  /** Called once before the first `read`. */
  open?(context: SourceContext): void | Promise<void>
  /**
   * Gives the next records, at most `max` of them (1 or more): an empty list for none now, null for the end.
   * To wait, return a promise; an empty list is asked again a few ms later.
   */
  read(max: number): readonly SourceRecord[] | null | Promise<readonly SourceRecord[] | null>
  /** Tells that these records are done, each once. Without it nobody is told. */
  ack?(acks: readonly SourceAck[]): void | Promise<void>
  /** Tells that these records are not done; `read` gives them again. Without it a nack is for good. */
  nack?(nacks: readonly SourceNack[]): void | Promise<void>
  /** How much is still to be read, in the source's own unit (`unit`), for progress and lag. */
  pending?(): number | Promise<number>
  /** What `pending` counts. Default 'records'. A source that counts bytes has an end: what is pending at first is its total. */
  readonly unit?: 'records' | 'bytes'
  /**
   * What it says of itself: numbers by names like `client_gone`, for metrics. Asked about once a second, between calls of the
   * others; names are lower case with `_`.
   */
  stats?(): Record<string, number>
  /** The partitions that it reads now. */
  partitions?(): readonly number[]
  /** Called once at the end, after the last ack. */
  close?(): void | Promise<void>
}
