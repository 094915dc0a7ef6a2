// The error of a module that is not the same on each thread (T1).

import { MillraceError } from '../kernel/failure.js'
import type { Topology } from './types.js'

/** Makes it; `thread` is where it was another. */
export function otherDefinition({ name }: Topology, thread: string): MillraceError {
  const what = `topology "${name}": on ${thread} the module gave another definition than on the main thread`
  const wanted = 'it must not depend on time, chance, the thread, or a file that changes'
  return new MillraceError('ERR_CONFIG', `${what}: ${wanted}`)
}
