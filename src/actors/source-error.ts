// What a source threw, or gave that it must not give, as the topology fails with it.

import { isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'

/** `name`: of the reader. An error of ours stays as it is. */
export function sourceError(name: string, error: unknown): Error {
  if (isMillraceError(error)) return error as Error
  return new MillraceError('ERR_SOURCE', `${name}: ${messageOf(error)}`, { cause: error })
}
