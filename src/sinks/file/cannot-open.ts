// Why a file cannot be opened for appending, and what to do.

import { dirname } from 'node:path'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import { codeOf } from '../write-all.js'

/** Makes an ERR_OPEN of what the system said. */
export function cannotOpen(path: string, error: unknown): MillraceError {
  return new MillraceError('ERR_OPEN', `file: ${path}: ${explain(error, path)}`, { cause: error })
}

function explain(error: unknown, path: string): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no directory ${dirname(path)}: create it first`
    case 'EISDIR':
      return 'it is a directory: give the path of a file in it'
    case 'EACCES':
    case 'EPERM':
      return 'access is denied: let this user write it, create it, and read it (to find a torn last line)'
    case 'ENXIO':
      return 'nobody reads this FIFO: start its reader first'
    default:
      return messageOf(error)
  }
}
