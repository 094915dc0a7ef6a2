// Which branch of the first map stage takes a record: for a source whose records must not stand behind those of another branch.

import { branchFunction } from './route.js'
import type { Stage } from './types.js'

/** Gives the function that tells it by the tags of the record; the numbers are those of the branches, from 0. */
export function firstBranchFunction(stages: readonly Stage[]): (tags: readonly string[]) => number {
  return branchFunction(stages.filter(({ level }) => level === 0).map(({ when }) => when))
}
