// The fingerprint of a topology: every thread imports the module again, and must have got the same definition (T1).

import { readFile } from 'node:fs/promises'
import type { Topology } from './types.js'

/** Gives a text that is equal for equal definitions from equal files. */
export async function fingerprintOf(topology: Topology, module: URL): Promise<string> {
  const { name, stages, sinks, fallback, onSuccess, routes, order, limits, inline } = topology
  const roles = [...sinks, fallback, onSuccess].map((role) => role && { ...role, sink: fieldsOf(role.sink) })
  const definition = { name, source: fieldsOf(topology.source), stages, roles, routes, order, limits, inline }
  const text = JSON.stringify(definition, (_, value) => (typeof value === 'function' ? String(value) : value))
  // No hash: to load one takes longer than to compare the texts, on every thread.
  return `${text}\n${await readFile(module, 'latin1')}`
}

/** The plain fields of a source or sink: what else it holds is its own. */
function fieldsOf(object: object): Record<string, unknown> {
  const plain = Object.entries(object).filter(
    ([, value]) => typeof value !== 'object' && typeof value !== 'symbol',
  )
  return Object.fromEntries(
    plain.map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  )
}
