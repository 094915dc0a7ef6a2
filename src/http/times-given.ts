// How often a request has a header: of two, Node keeps one, and whoever stands before us may have looked at the other.

import type { IncomingMessage } from 'node:http'

/** `name`: in lower case. */
export function timesGiven({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0
  // Names and values in turn.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const given = rawHeaders[i]
    // The length first: hardly any other name has it.
    if (given.length === name.length && given.toLowerCase() === name) count++
  }
  return count
}
