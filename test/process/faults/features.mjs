// What the built package can do: a row for what is not there is not run.

import { ROOT } from './child.mjs'

/** Tells whether `lines` keeps its position over a crash of the process. */
export async function hasCheckpoint() {
  const { lines } = await import(`${ROOT}dist/index.js`)
  try {
    lines({ path: 'a', checkpoint: 'b' })
    return true
  } catch {
    return false
  }
}

export async function hasRestarts() {
  const { runVerb } = await import(`${ROOT}dist/cli/run.js`)
  return 'restarts' in runVerb.options
}
