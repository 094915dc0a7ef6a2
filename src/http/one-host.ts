// A request says once for whom it is.

import type { IncomingMessage } from 'node:http'
import { timesGiven } from './times-given.js'

/** False where there are several hosts, or none: without any only what is older than HTTP/1.1 may come. */
export function hasOneHost(request: IncomingMessage): boolean {
  const count = timesGiven(request, 'host')
  return count === 1 || (count === 0 && request.httpVersion < '1.1')
}
