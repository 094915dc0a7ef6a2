// The admin port is not the source's: who asks for the same one is told so.

import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { http } from '../../../src/sources/http.js'
import type { Source } from '../../../src/sources/source.js'
import { withDefaults } from '../../../src/topology/defaults.js'
import { openAdminFor } from '../../../src/topology/open-admin-for.js'

const taken: Server[] = []
afterEach(() => {
  for (const server of taken.splice(0)) server.close()
})

function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server))
  })
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = await listening(0)
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

const topologyOf = (source: Source, admin?: { port: number }) =>
  withDefaults({ name: 'a', source, sink: { write: () => [] }, ...(admin && { admin }) })

test.each(['of the topology', 'that is given'])(
  'the source’s port as the one %s is refused, and nobody listens on it',
  async (where) => {
    const port = await freePort()
    const isGiven = where === 'that is given'
    const topology = topologyOf(http({ port }), isGiven ? undefined : { port })
    await expect(openAdminFor(topology, isGiven ? { port } : undefined, () => {})).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: `topology "a": admin.port: got ${port}, which the source listens on, wanted another port for one of the two`,
    })
    taken.push(await listening(port))
  },
)

test('another port is not, nor one that is any, nor what the source has against something else', async () => {
  const inUse = Object.assign(new Error('in use'), { code: 'EADDRINUSE', port: 1 })
  const fails = (error: Error): Source => ({ read: () => null, check: () => Promise.reject(error) })
  const port = await freePort()
  for (const source of [http({ port: await freePort() }), fails(inUse), fails(new Error('no database'))]) {
    const admin = await openAdminFor(topologyOf(source, { port }), undefined, () => {})
    expect(admin?.port).toBe(port)
    await admin?.close()
  }
  let checks = 0
  const counted: Source = { read: () => null, check: () => void checks++ }
  const admin = await openAdminFor(topologyOf(counted, { port: 0 }), undefined, () => {})
  await admin?.close()
  expect(checks).toBe(0)
})
