// What the contenders with a server of node:http have in common.

import { once } from 'node:events'
import { createServer } from 'node:http'

/** Listens on a free port of this machine, and gives it. `answer` gets the body of each request, and what sends an answer. */
export async function listen(answer) {
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      answer(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), (body, status = 200) => {
        response.writeHead(status, [
          'Content-Type',
          'application/octet-stream',
          'Content-Length',
          body.length,
        ])
        response.end(body)
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}
