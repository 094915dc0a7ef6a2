// Looks whether a file could be appended to, without opening it.

import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '../write-all.js'
import { cannotOpen } from './cannot-open.js'

/** Rejects with ERR_OPEN where it could not be opened; creates nothing. */
export async function checkPath(path: string): Promise<void> {
  try {
    const known = await stat(path).catch((error) => {
      if (codeOf(error) !== 'ENOENT') throw error
    })
    if (known?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    // A file that is to be created needs its directory; a FIFO need not be read.
    if (known === undefined) await access(dirname(path), constants.W_OK | constants.X_OK)
    else await access(path, known.isFile() ? constants.R_OK | constants.W_OK : constants.W_OK)
  } catch (error) {
    throw cannotOpen(path, error)
  }
}
