// The contract of a result store: what keeps requests that were accepted until they are finished, and results until they are
// fetched. It runs on the source's thread; many calls may be under way at once, and calls for one id count in their order.

import type { Log } from '../kernel/log.js'

/** What is known of an id. `sinceMs`: since when it is so, in ms since 1970. `result` is only to be read. */
export type StoredResult =
  | { state: 'accepted'; sinceMs: number }
  | { state: 'finished'; sinceMs: number; result: Uint8Array }

/** What came of `accept`: 'exists' where the id is accepted or finished; 'full' where there is no room for the request. */
export type Acceptance = 'accepted' | 'exists' | 'full'

export type UnfinishedRequest = { id: string; request: Uint8Array }

/**
 * A call that changes something copies the bytes that it is given before it returns, and resolves when the change is as safe as
 * the store makes it: where it is durable, on the disk. Where it rejects, nothing has changed, and it may be called again.
 */
export interface ResultStore {
  /** For messages. */
  readonly name: string
  /** True where what is safe survives the death of the process. */
  readonly durable: boolean
  /** Looks whether it could be opened, and changes nothing. Rejects with why. */
  check?(): void | Promise<void>
  /** Called once before the first of the calls below. */
  open?(context: { log: Log }): void | Promise<void>
  /** Keeps a request until its id is finished or forgotten: no time and no want of room takes it away. */
  accept(id: string, request: Uint8Array): Promise<Acceptance>
  /** Keeps the result of an id, accepted or not, and forgets its request. Of an id that is finished, the first result stays. */
  finish(id: string, result: Uint8Array): Promise<void>
  /** Forgets an id that is accepted. Changes nothing of any other. */
  forget(id: string): Promise<void>
  /** Gives what is known of an id: undefined where it is unknown, was forgotten, or its result has been given up. */
  get(id: string): StoredResult | undefined | Promise<StoredResult | undefined>
  /** Gives what is accepted now, in the order of acceptance: what is processed again after a restart. */
  unfinished(): AsyncIterable<UnfinishedRequest>
  /** Numbers by name, for metrics; names are lower case with `_`. */
  stats?(): Record<string, number>
  /** Called once at the end. What is under way is done by then. */
  close?(): void | Promise<void>
}
