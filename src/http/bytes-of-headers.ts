// How large the headers of a request are.

import type { IncomingMessage } from 'node:http'

/** Gives the bytes of path, names and values. */
export function bytesOfHeaders({ rawHeaders, url = '' }: IncomingMessage): number {
  let bytes = url.length
  // A character is a byte.
  for (const text of rawHeaders) bytes += text.length
  return bytes
}
