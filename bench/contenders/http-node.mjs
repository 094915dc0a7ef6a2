// Bare node:http: takes the body of each request, and answers with it.

import { once } from 'node:events'
import { createServer } from 'node:http'

export async function serve() {
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
      response.writeHead(200, ['Content-Type', 'application/octet-stream', 'Content-Length', body.length])
      response.end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}
