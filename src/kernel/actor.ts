// An actor is a step function over mailboxes. It owns no thread, no clock and no randomness: the same code runs on a thread,
// inline in one loop, and in a simulation.

import type { Clock, Random } from './clock.js'
import type { Log } from './log.js'

/** Added to a step's work: the next step will find more. */
export const MORE = 2 ** 20

/** A role in a topology. */
export interface Actor {
  readonly name: string
  /**
   * Does a bounded amount of work, commits it, and returns how much it was; never waits (W1). It adds MORE where it could go on
   * at once; else nothing can be done until a bell rings, `wake` is called, or `dueMs` has come.
   */
  step(): number
  /** Wakes whoever may go on with what was committed since the last call. Owed before the thread parks or yields (W2). */
  ring(): void
  /** When the next thing is due by the clock, or Infinity. */
  dueMs(): number
}

/** What an actor is given by whatever runs it. */
export type Host = {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Makes the runner step again soon: called when a promise that the actor waits for has settled. */
  wake(): void
  /**
   * Asks for a new thread in place of this one, which goes on from the same memory: for what only the end of a thread ends.
   * Where there is no other thread, the topology ends with ERR_THREAD.
   */
  renew(reason: string): void
  /** Ends the whole topology with this error: for what no policy can answer. */
  fail(error: Error): void
}
