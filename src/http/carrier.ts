// What carries a request and its answer: a connection, or with HTTP/2 a stream of one. Once it is closed, nobody waits any more.
// It is the same object as long as the request lives, so that a request can be found by it; `request.socket` is not.

import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

export type Carrier = Socket | ServerHttp2Stream

/** Gives it. Requests of one connection share it with HTTP/1, and none do with HTTP/2. */
export function carrierOf(request: IncomingMessage): Carrier {
  if (request.httpVersionMajor !== 2) return request.socket
  return (request as unknown as Http2ServerRequest).stream
}
