// Looks whether the admin port of a topology could be had: opens it, and closes it at once.

import type { Topology } from './types.js'

/** Rejects as a run would. */
export async function checkAdmin({ name, admin }: Topology): Promise<void> {
  if (admin === undefined) return
  const { openAdmin } = await import('../admin/open-admin.js')
  const opened = await openAdmin(`topology "${name}"`, admin, undefined, () => {})
  await opened?.close()
}
