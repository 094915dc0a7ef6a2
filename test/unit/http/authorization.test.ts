// Of several Authorization headers none counts, whichever of them is good.

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { authorizationIn } from '../../../src/http/authorization.js'

let found: (string | undefined)[]
const server = createServer((request: IncomingMessage, response) => {
  found.push(authorizationIn(request))
  response.end()
})
beforeEach(async () => {
  found = []
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => server.close())

test.each([
  [[], undefined],
  [['Bearer good'], 'Bearer good'],
  [['Bearer good', 'Bearer bad'], undefined],
  [['Bearer bad', 'Bearer good'], undefined],
  [['Bearer good', 'Bearer good'], undefined],
])('%j', async (given, wanted) => {
  const headers = given.map((text) => `Authorization: ${text}\r\n`).join('')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.end(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n`)
  socket.resume()
  await once(socket, 'close')
  expect(found).toEqual([wanted])
})
