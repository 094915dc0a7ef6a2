// The server that all of ours share: how it listens, what it says when it cannot, and that its close ends.

import { once } from 'node:events'
import { Agent, createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttpServer, type HttpServer } from '../../../src/http/http-server.js'
import { addressText } from '../../../src/http/listen-error.js'
import { probePort } from '../../../src/http/probe-port.js'
import { rawProblem, sendProblem } from '../../../src/http/problem.js'
import { send } from '../sources/requests/kit.js'

const servers: HttpServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close({ graceMs: 0 })
})

async function serve(handler: RequestListener) {
  const server = await createHttpServer({ name: 'test', handler })
  servers.push(server)
  return { server, port: await server.listen({ port: 0, host: '127.0.0.1' }) }
}

async function taken(): Promise<{ port: number; free: () => void }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, free: () => server.close() }
}

describe('listening', () => {
  test('gives the port, and a URL', async () => {
    const { server, port } = await serve((_, response) => response.end('x'))
    expect(server.url).toBe(`http://127.0.0.1:${port}`)
    expect((await send({ port })).body).toBe('x')
  })

  test('where the port is in use, is one line that names it; so is the probe', async () => {
    const { port, free } = await taken()
    const said = {
      code: 'ERR_OPEN',
      message: `test: cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`,
    }
    const server = await createHttpServer({ name: 'test', handler: () => {} })
    await expect(server.listen({ port, host: '127.0.0.1' })).rejects.toMatchObject(said)
    await expect(probePort('test', { port, host: '127.0.0.1' })).rejects.toMatchObject(said)
    free()
    // Nothing is left of a server that could not listen.
    await server.close({ graceMs: 0 })
  })

  test('on an address that is not here, says so', async () => {
    const address = { port: 0, host: '192.0.2.1' }
    await expect(probePort('test', address)).rejects.toThrow(
      'test: cannot listen on 192.0.2.1:0: this machine has no such address (EADDRNOTAVAIL)',
    )
  })

  test('a probe leaves the port free', async () => {
    const { port, free } = await taken()
    free()
    await probePort('test', { port, host: '127.0.0.1' })
    await probePort('test', { port, host: '127.0.0.1' })
  })

  test('an address of IPv6 is in brackets', () => {
    expect(addressText({ port: 1, host: '::1' })).toBe('[::1]:1')
  })
})

describe('close', () => {
  test('waits for what is going on, and has it say that it is the last', async () => {
    const responses: ServerResponse[] = []
    const agent = new Agent({ keepAlive: true })
    const { server, port } = await serve((_, response) => responses.push(response))
    const reply = send({ port, agent })
    await until(() => responses.length === 1)
    const closed = server.close({ graceMs: 10_000 })
    expect(server.isClosing).toBe(true)
    responses[0].writeHead(200, ['Connection', 'close']).end('done')
    expect((await reply).body).toBe('done')
    await closed
    agent.destroy()
  })

  test('ends what takes longer than it may', async () => {
    let isTaken = false
    const { server, port } = await serve(() => {
      isTaken = true
    })
    const reply = send({ port })
    const failed = expect(reply).rejects.toThrow(/hang up|ECONNRESET/)
    await until(() => isTaken)
    await server.close({ graceMs: 20 })
    await failed
  })
})

test('a problem is JSON with the names of RFC 9457 and those of Numaflow, and nothing else', async () => {
  const { port } = await serve((_, response) => sendProblem(response, 503, undefined, ['Retry-After', '7']))
  const { status, headers, body } = await send({ port })
  expect([status, headers['content-type'], headers['retry-after']]).toEqual([
    503,
    'application/problem+json',
    '7',
  ])
  const fields = {
    title: 'service unavailable',
    status: 503,
    message: 'service unavailable',
    code: 503,
    timestamp: expect.stringMatching(/Z$/),
  }
  expect(JSON.parse(body)).toEqual(fields)
  const [head, rawBody] = rawProblem(408).split('\r\n\r\n')
  expect(head).toContain(
    `408 Request Timeout\r\nContent-Type: application/problem+json\r\nContent-Length: ${rawBody.length}`,
  )
  expect(JSON.parse(rawBody)).toMatchObject({ message: 'request timeout', code: 408 })
})

async function until(condition: () => boolean): Promise<void> {
  const untilMs = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error('not within 10 s')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
