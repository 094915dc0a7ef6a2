// Looks whether a directory can hold a store, and makes nothing.

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Throws unless a directory can be written, or made where nothing is. */
export function checkDirectory(directory: string): void {
  const stat = statSync(directory, { throwIfNoEntry: false })
  if (stat === undefined) checkCanBeMade(directory)
  else if (!stat.isDirectory()) throw new Error('it is no directory')
  else accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
}

/** All directories that are missing are made: what counts is the first that is there. */
function checkCanBeMade(directory: string): void {
  let above = dirname(directory)
  while (!existsSync(above) && above !== dirname(above)) above = dirname(above)
  if (!statSync(above).isDirectory()) throw new Error(`${above} is no directory`)
  accessSync(above, constants.W_OK | constants.X_OK)
}
