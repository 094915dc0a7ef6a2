// The map stages of the options, in one form: a list, each with its path for error messages.

import type { MapStage, TopologyOptions } from './types.js'

export type GivenStage = {
  readonly stage: MapStage
  readonly name: string
  readonly path: readonly (string | number)[]
}

/** Gives the stages in order, with their names; an empty list without a map. */
export function stagesOf(map: TopologyOptions['map']): GivenStage[] {
  if (map === undefined) return []
  const given = isList(map) ? map : [map]
  return given.map((each, index) => {
    const stage = typeof each === 'function' ? { handler: each } : each
    const name = stage.name ?? (given.length === 1 ? 'map' : `map-${index + 1}`)
    return { stage, name, path: isList(map) ? ['map', index] : ['map'] }
  })
}

function isList<T>(map: T | readonly T[]): map is readonly T[] {
  return Array.isArray(map)
}
