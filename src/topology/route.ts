// Routes: conditions over tags, made into the function that a forwarder calls.

import type { RouteFunction } from '../actors/forwarder.js'
import type { TagCondition, Topology } from './types.js'

/** Makes the route function; `destinations` are the names of the forwarder's outbounds. The first route that matches decides. */
export function routeFunction(routes: Topology['routes'], destinations: readonly string[]): RouteFunction {
  const compiled = routes.map(({ when, to }) => ({
    when,
    to: to.filter((name) => name !== 'drop').map((name) => destinations.indexOf(name)),
  }))
  const ordinary = [destinations.indexOf('sink')]
  return (tags) => {
    for (const { when, to } of compiled) if (matches(when, tags)) return to
    return ordinary
  }
}

/** Makes the function that chooses a branch: the first whose condition fits; one without a condition takes everything. */
export function branchFunction(
  conditions: readonly (TagCondition | undefined)[],
): (tags: readonly string[]) => number {
  const last = conditions.length - 1
  return (tags) => {
    for (let i = 0; i < last; i++) if (matches(conditions[i] as TagCondition, tags)) return i
    return last
  }
}

/** `and`: all of the tags; `or`: one of them; `not`: none of them. */
export function matches(when: TagCondition, tags: readonly string[]): boolean {
  if (when.and !== undefined) return when.and.every((tag) => tags.includes(tag))
  if (when.or !== undefined) return when.or.some((tag) => tags.includes(tag))
  return !when.not.some((tag) => tags.includes(tag))
}
