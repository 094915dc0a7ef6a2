// An actor is a step function over mailboxes. It owns no thread, no clock and no randomness: the same code runs on a thread,
// inline in one loop, and in a simulation.

/** A role in a topology. */
export interface Actor {
  readonly name: string
  /**
   * Does a bounded amount of work, commits it, and returns how much it was; never waits (W1). 0 means that nothing can be
   * done until a bell rings, `wake` is called, or `dueMs` has come.
   */
  step(): number
  /** When the next thing is due by the clock, or Infinity. */
  dueMs(): number
}
