// The sinks of a topology by name.

import type { SinkRole, Topology } from './types.js'

/** Gives the sink of a name, in its role. */
export function roleOf(topology: Topology, name: string): SinkRole {
  const roles = [...topology.sinks, topology.fallback, topology.onSuccess]
  return roles.find((role) => role?.name === name) as SinkRole
}
