// Looks whether the admin port of a topology could be had: opens it, and closes it at once.

import { openAdminFor } from './open-admin-for.js'
import type { Topology } from './types.js'

/** Rejects as a run would. */
export async function checkAdmin(topology: Topology): Promise<void> {
  const opened = await openAdminFor(topology, undefined, () => {})
  await opened?.close()
}
