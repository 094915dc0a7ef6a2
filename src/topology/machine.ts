// What this process may use of its machine: the defaults depend on it, and `validate` looks whether a plan suits it.

import { availableParallelism, totalmem } from 'node:os'

export type Machine = { cores: number; memoryBytes: number }

/** Gives what this process may use, or its container. */
export function thisMachine(): Machine {
  // Of a control group without a limit it is 0, or more than there is.
  const limitBytes = process.constrainedMemory?.() || Number.POSITIVE_INFINITY
  return { cores: availableParallelism(), memoryBytes: Math.min(totalmem(), limitBytes) }
}
