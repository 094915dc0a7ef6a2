// Things that are to happen once, however often a thread or a process begins again.

import { closeSync, openSync } from 'node:fs'
import { pathOf } from './parameters.mjs'

/** True for the first caller of all threads and lives. */
export function once(name) {
  try {
    closeSync(openSync(pathOf(`once-${name}`), 'wx'))
    return true
  } catch {
    return false
  }
}
