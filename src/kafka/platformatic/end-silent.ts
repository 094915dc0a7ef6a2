// Version 1 goes on with a connection on which an answer did not come in time, though nothing will ever come on it any more
// (https://github.com/platformatic/kafka/pull/389).

import type { Connection } from './client.js'
import { platformaticError } from './platformatic-error.js'

/** Ends these connections where the error says that an answer did not come in time: who asks again connects again. */
export function endSilent(thrown: unknown, connections: Iterable<Connection>): void {
  if (platformaticError(thrown).message !== 'Request timed out') return
  for (const { socket } of connections) socket?.destroy()
}
