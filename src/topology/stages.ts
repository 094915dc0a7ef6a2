// The map stages of the options, in one form: a list, each with its path for error messages.

import type { MapBranch, MapBranches, MapStage, TagCondition, TopologyOptions } from './types.js'

type Path = readonly (string | number)[]

/** A stage as it is written: with a handler, or with branches. */
export type GivenLevel = {
  readonly given: MapStage | MapBranches
  readonly name: string
  readonly path: Path
}

/** A handler as it is written: a stage's, or a branch's. */
export type GivenStage = {
  readonly stage: MapStage | MapBranch
  /** Of a branch: that of its stage, and its own. */
  readonly name: string
  readonly path: Path
  readonly level: number
  readonly branchOf: string | undefined
  readonly when: TagCondition | undefined
}

/** Gives the stages in order, with their names; an empty list without a map. */
export function levelsOf(map: TopologyOptions['map']): GivenLevel[] {
  if (map === undefined) return []
  const all = isList(map) ? map : [map]
  return all.map((each, index) => {
    const given = typeof each === 'function' ? { handler: each } : each
    const name = given.name ?? (all.length === 1 ? 'map' : `map-${index + 1}`)
    return { given, name, path: isList(map) ? ['map', index] : ['map'] }
  })
}

/** Gives the handlers in order: of a stage with branches each branch. */
export function stagesOf(map: TopologyOptions['map']): GivenStage[] {
  return levelsOf(map).flatMap(({ given, name, path }, level): GivenStage[] => {
    if (!hasBranches(given))
      return [{ stage: given, name, path, level, branchOf: undefined, when: undefined }]
    return given.branches.map((branch, index) => ({
      stage: branch,
      name: `${name}.${branch.name}`,
      path: [...path, 'branches', index],
      level,
      branchOf: name,
      when: branch.when,
    }))
  })
}

/** Tells the two kinds of stages apart. */
export function hasBranches(given: MapStage | MapBranches): given is MapBranches {
  return 'branches' in given
}

function isList<T>(map: T | readonly T[]): map is readonly T[] {
  return Array.isArray(map)
}
