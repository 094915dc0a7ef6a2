import { createServer, type Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { canSharePort } from '../../../src/http/share-port.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Listens, as one of several; gives the port, or the code of the error. */
function listen(port: number): Promise<number | string> {
  const server = createServer()
  servers.push(server)
  const address = { port, host: '127.0.0.1', reusePort: true }
  return new Promise((resolve) => {
    server.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? 'unknown'))
    server.listen(address, () => resolve((server.address() as { port: number }).port))
  })
}

it('says of this Node what is so', async () => {
  const port = await listen(0)
  if (typeof port === 'string') expect(canSharePort()).toBe(false)
  else expect(await listen(port)).toBe(canSharePort() ? port : 'EADDRINUSE')
})

it.each([
  ['20.19.6', 'linux', false],
  ['22.11.0', 'linux', false],
  ['22.12.0', 'linux', true],
  ['23.0.0', 'linux', false],
  ['23.1.0', 'freebsd', true],
  ['26.10.0', 'linux', true],
  ['24.1.0', 'darwin', false],
  ['24.1.0', 'win32', false],
])('Node %s on %s: %s', (version, system, can) => {
  expect(canSharePort(version, system)).toBe(can)
})
