// How long the body of a request says it is.

import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'

/** Gives the bytes, or −1 where only its end will tell. */
export function declaredBytesOf(request: IncomingMessage): number {
  const { headers } = request
  if (headers['transfer-encoding'] !== undefined) return -1
  const length = headers['content-length']
  if (length !== undefined) return Number(length)
  // With HTTP/2 a body needs neither of them.
  const hasBody =
    request.httpVersionMajor === 2 && !(request as unknown as Http2ServerRequest).stream.endAfterHeaders
  return hasBody ? -1 : 0
}
