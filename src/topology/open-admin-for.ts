// Opens the admin port of a topology, where anybody asks for one: before anything else is opened, so that it is one that nobody
// else has.

import type { AdminOptions } from '../admin/admin-options.js'
import type { AdminServer } from '../admin/admin-server.js'
import { MillraceError } from '../kernel/failure.js'
import type { LogWriter } from '../kernel/log.js'
import { checkEnds } from './check-ends.js'
import type { Topology } from './types.js'

/** Rejects as openAdmin does; and with ERR_CONFIG where the source wants the same port. */
export async function openAdminFor(
  topology: Topology,
  given: Partial<AdminOptions> | undefined,
  log: LogWriter,
): Promise<AdminServer | undefined> {
  const { name, admin } = topology
  if (admin === undefined && given === undefined) return undefined
  const { openAdmin } = await import('../admin/open-admin.js')
  const where = `topology "${name}"`
  const opened = await openAdmin(where, admin, given, log)
  const isChosen = (given?.port ?? admin?.port) !== 0
  if (opened === undefined || !isChosen || !(await isSourcePort(topology, opened.port))) return opened
  await opened.close()
  const what = `got ${opened.port}, which the source listens on, wanted another port for one of the two`
  throw new MillraceError('ERR_CONFIG', `${where}: admin.port: ${what}`)
}

/** Asks the source, which could be opened before, once more, while the port is taken: no other process can be in its way. */
async function isSourcePort(topology: Topology, port: number): Promise<boolean> {
  const sourceOnly = { ...topology, sinks: [], fallback: undefined, onSuccess: undefined }
  const [problem] = await checkEnds(sourceOnly)
  const { code, port: taken } = (problem?.cause ?? {}) as { code?: unknown; port?: unknown }
  return code === 'EADDRINUSE' && taken === port
}
