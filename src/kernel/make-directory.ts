// Makes a directory, and those above it that are missing. Node's own recursive way never ends where the system takes no
// directory at all, as in /proc.

import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Gives the directories that it has made, the outermost first. Where it throws, none of them is left. */
export function makeDirectory(path: string): string[] {
  const made: string[] = []
  try {
    for (const missing of missingOf(resolve(path))) if (make(missing)) made.push(missing)
    return made
  } catch (error) {
    removeDirectories(made)
    throw error
  }
}

/** Removes those that are empty, the last one first. */
export function removeDirectories(paths: readonly string[]): void {
  for (const path of paths.toReversed()) {
    try {
      rmdirSync(path)
    } catch {
      // Somebody else has put something there.
      return
    }
  }
}

function missingOf(path: string): string[] {
  const missing: string[] = []
  for (let at = path; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at)
  return missing
}

/** Tells whether it was made here: somebody else may do the same at the same time. */
function make(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false
    throw error
  }
}
