// Whom to suspect when a thread dies (H1): what a record's state word says of the user code that was called for it.
// The owner sets begun before a call and clears it after; its successor turns begun into suspect (inbound.ts).

import { STATE, STATE_ALONE, STATE_BEGUN, STATE_DELIVERIES_SHIFT, STATE_SUSPECT } from './layout.js'

/** The deaths that a state word can count. */
export const DELIVERIES_MAX = 255

/** User code is called for the record; `alone`: for no other on this thread. */
export function begin(words: Int32Array, at: number, alone: boolean): void {
  words[at + STATE] |= alone ? STATE_BEGUN | STATE_ALONE : STATE_BEGUN
}

/** Another call has begun beside it. */
export function hasCompany(words: Int32Array, at: number): void {
  words[at + STATE] &= ~STATE_ALONE
}

/** The call is over, and the thread has survived it. */
export function end(words: Int32Array, at: number): void {
  words[at + STATE] &= ~(STATE_BEGUN | STATE_ALONE)
}

/** All calls for the record are over: it is innocent. */
export function acquit(words: Int32Array, at: number): void {
  words[at + STATE] &= ~(STATE_BEGUN | STATE_ALONE | STATE_SUSPECT)
}

/** A process died while the record may have been in user code; `deliveries`: how often it was alone in it. */
export function accuse(words: Int32Array, at: number, deliveries: number): void {
  if (words[at + STATE] !== 0) return
  words[at + STATE] = STATE_SUSPECT | (Math.min(deliveries, DELIVERIES_MAX) << STATE_DELIVERIES_SHIFT)
}

/** Tells whether a thread died while the record was in user code: it runs alone until it is acquitted. */
export function isSuspect(words: Int32Array, at: number): boolean {
  return (words[at + STATE] & STATE_SUSPECT) !== 0
}

/** How often a thread died while the record was alone in user code. */
export function deliveriesOf(words: Int32Array, at: number): number {
  return words[at + STATE] >>> STATE_DELIVERIES_SHIFT
}

/** The state that a copy of the record begins with: what is known of it, but not that it is in user code. */
export function stateOfCopy(words: Int32Array, at: number): number {
  return words[at + STATE] & ~(STATE_BEGUN | STATE_ALONE)
}
