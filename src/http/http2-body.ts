// The body of a request of HTTP/2, as handlers know it from HTTP/1: it ends only where it is whole, and an answer before its end is
// an answer: nobody needs the rest.

import { constants, type Http2ServerRequest } from 'node:http2'

/** Changes a request whose body comes; before anybody has read of it, and after its response was made. */
export function expectBody(request: Http2ServerRequest): void {
  const { stream } = request
  // Node would say that the body has come to its end.
  stream.once('aborted', () => request.destroy())
  // The answer is out but for its end, which Node sends in the same turn.
  stream.once('wantTrailers', () => setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR)))
}
