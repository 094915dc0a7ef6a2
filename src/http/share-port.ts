// Whether several threads may listen on one port, each with a socket of its own, among which the system divides the connections.

/** Systems on which Node lets them. */
const SYSTEMS: readonly string[] = ['linux', 'freebsd']

/** Tells whether this Node can: from 22.12 and 23.1 on. */
export function canSharePort(version = process.versions.node, system: string = process.platform): boolean {
  const [major, minor] = version.split('.').map(Number)
  const knows = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
  return knows && SYSTEMS.includes(system)
}
