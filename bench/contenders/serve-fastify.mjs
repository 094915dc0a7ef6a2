// fastify, with its defaults: no log, the body as bytes.

import fastify from 'fastify'
import { handlerOfThread } from '../serve-work.mjs'

export async function serve() {
  const handler = handlerOfThread()
  const server = fastify()
  server.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  server.post('/*', (request, reply) => reply.send(handler({ value: request.body })))
  await server.listen({ port: 0, host: '127.0.0.1' })
  return server.server.address().port
}
