// The Authorization header of a request, if it has just one: of two, somebody before us may have looked at the other.

import type { IncomingMessage } from 'node:http'

/** Gives it, or undefined for none or several. */
export function authorizationIn({ headersDistinct, headers }: IncomingMessage): string | undefined {
  return headersDistinct.authorization?.length === 1 ? headers.authorization : undefined
}
