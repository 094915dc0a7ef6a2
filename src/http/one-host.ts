// A request says once for whom it is: of two Host headers, whoever stands before us may have looked at the one that Node drops.

import type { IncomingMessage } from 'node:http'

/** False where there are several, or none: without any only what is older than HTTP/1.1 may come. */
export function hasOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let count = 0
  // Names and values in turn.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    // The length first: hardly any other name has it.
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count === 1 || (count === 0 && httpVersion < '1.1')
}
