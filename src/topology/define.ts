// Makes a topology of what a user writes: checks it, fills in the defaults, and marks it as checked.

import { MillraceError } from '../kernel/failure.js'
import { contradictionsOf } from './checks.js'
import { withDefaults } from './defaults.js'
import { NAME_PATTERN } from './names.js'
import { problemsOf } from './problems.js'
import { topologySchema } from './schema.js'
import type { Topology, TopologyOptions } from './types.js'

const BRAND = Symbol.for('millrace.topology')
const TRUSTED = Symbol.for('millrace.trusted')

/**
 * Makes a topology: the default export of a topology module.
 * Throws ERR_CONFIG with a line for each problem. Reads the source and the sinks, and calls nothing of them.
 */
export function defineTopology(options: TopologyOptions): Topology {
  const problems = TRUSTED in globalThis ? [] : check(options)
  if (problems.length > 0) {
    const where = labelOf(options)
    throw new MillraceError('ERR_CONFIG', problems.map((line) => `${where}: ${line}`).join('\n'))
  }
  const topology = withDefaults(options)
  Object.defineProperty(topology, BRAND, { value: true })
  return freeze(topology)
}

/** Tells whether a value was made by defineTopology, of this copy of the package or of another. */
export function isTopology(value: unknown): value is Topology {
  return typeof value === 'object' && value !== null && BRAND in value
}

/**
 * Lets defineTopology check nothing more on this thread, in any copy of the package: for threads that import again what
 * the main thread has checked, and compare the result. It spares each of them the loading of the schema.
 */
export function trustDefinitions(): void {
  Object.defineProperty(globalThis, TRUSTED, { value: true })
}

// Jitless: the schema looks once, and to generate code for it would take longer.
function check(options: TopologyOptions): string[] {
  const { error } = topologySchema().safeParse(options, { jitless: true })
  const problems = error === undefined ? [] : problemsOf(error.issues, options)
  // What is merely unknown does not keep the rest from being read.
  const readable = problems.every((line) => line.startsWith('unknown option '))
  return readable ? [...problems, ...contradictionsOf(options)] : problems
}

function labelOf(options: unknown): string {
  const name = (options as { name?: unknown } | null | undefined)?.name
  return typeof name === 'string' && NAME_PATTERN.test(name) ? `topology "${name}"` : 'topology'
}

// All but the source, the sinks and the handlers: those are the user's.
function freeze(topology: Topology): Topology {
  for (const { retry } of [...topology.stages, ...rolesOf(topology)]) {
    Object.freeze(retry.backoff)
    Object.freeze(retry)
  }
  for (const { when } of topology.stages) Object.freeze(when)
  for (const { when, to } of topology.routes) {
    Object.freeze(when)
    Object.freeze(to)
  }
  for (const each of [...topology.stages, ...rolesOf(topology), ...topology.routes]) Object.freeze(each)
  for (const each of [topology.stages, topology.sinks, topology.routes, topology.limits]) Object.freeze(each)
  return Object.freeze(topology)
}

function rolesOf({ sinks, fallback, onSuccess }: Topology) {
  return [...sinks, ...(fallback ? [fallback] : []), ...(onSuccess ? [onSuccess] : [])]
}
