// The Authorization header of a request, if it has just one.

import type { IncomingMessage } from 'node:http'
import { timesGiven } from './times-given.js'

/** Gives it, or undefined for none or several. */
export function authorizationIn(request: IncomingMessage): string | undefined {
  return timesGiven(request, 'authorization') === 1 ? request.headers.authorization : undefined
}
