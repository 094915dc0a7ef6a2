// The Authorization header of a request, if it has just one: of two, somebody before us may have looked at the other.

import type { IncomingMessage } from 'node:http'

const NAME = 'authorization'

/** Gives it, or undefined for none or several. */
export function authorizationIn({ rawHeaders, headers }: IncomingMessage): string | undefined {
  let count = 0
  // Names and values in turn.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    // The length first: hardly any other name has it.
    if (name.length === NAME.length && name.toLowerCase() === NAME) count++
  }
  return count === 1 ? headers.authorization : undefined
}
