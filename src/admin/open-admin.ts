// Opens the admin port of a topology, where anybody asks for one.

import { isMillraceError, MillraceError } from '../kernel/failure.js'
import { createLog, type LogWriter } from '../kernel/log.js'
import { type AdminOptions, adminOptionsOf } from './admin-options.js'
import { AdminServer } from './admin-server.js'

/**
 * Listens where the topology's options, and over them those that are given, say. Rejects with ERR_CONFIG for what cannot be used, and
 * with ERR_OPEN where the port cannot be had; `where` begins the message.
 */
export async function openAdmin(
  where: string,
  ofTopology: AdminOptions | undefined,
  given: Partial<AdminOptions> | undefined,
  write: LogWriter,
): Promise<AdminServer | undefined> {
  try {
    const options = adminOptionsOf(ofTopology, given)
    if (options === undefined) return undefined
    const admin = new AdminServer(options, createLog(write, 'admin', 'main'))
    await admin.listen()
    return admin
  } catch (error) {
    if (!isMillraceError(error)) throw error
    throw new MillraceError(error.code, `${where}: ${error.message}`, { cause: error.cause })
  }
}
