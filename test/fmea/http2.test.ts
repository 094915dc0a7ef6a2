// Many requests on one connection: each may be taken back, all of them end where the connection does, and a drain is told.

import type { ClientHttp2Stream } from 'node:http2'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client, FILES, hasOpenssl, pemOf, removeFiles, replyOf } from '../unit/http/secure-kit.js'
import { ServingProcess } from './support/serving-process.js'

const CANCEL = 8
const HELD = 6
const FLOOD = 3_000

let served: ServingProcess
let client: Client
beforeEach(async () => {
  if (!hasOpenssl) return
  const { cert: ca } = pemOf(FILES.server)
  served = await ServingProcess.begin({ options: { tls: FILES.server }, ca })
  client = new Client(served.port)
})
afterEach(async () => {
  client?.session.destroy()
  await served?.end()
})
afterAll(removeFiles)

const POST = { ':method': 'POST', ':path': '/v1/process/sync' }
const ask = (body: string, headers: object = {}) => client.send({ ...POST, ...headers }, body)
const begin = (body: string, headers: object = {}): ClientHttp2Stream => {
  const stream = client.request({ ...POST, ...headers })
  stream.end(body)
  return stream
}
const counted = (name: string, count: number) =>
  served.until(
    async () => (await served.stats())[name] === count,
    () => `${name}: ${count}`,
  )

/** So many in their handlers, on one connection. */
async function held(count: number): Promise<ClientHttp2Stream[]> {
  served.set('closed')
  const streams = Array.from({ length: count }, (_, n) => begin(`holds ${n}`, { 'x-numaflow-id': `id-${n}` }))
  await served.until(() => served.steps('begun').length === count, 'all in their handlers')
  return streams
}

describe.skipIf(!hasOpenssl)('a client takes a request back', () => {
  test('in the middle of its body: nothing came, and the others on the connection go on', async () => {
    const stream = client.request({ ...POST, 'x-numaflow-id': 'mine', 'content-length': 10 })
    stream.write('abc')
    await counted('held_bytes', 3)
    stream.close(CANCEL)
    await counted('client_gone', 1)
    expect((await ask('again', { 'x-numaflow-id': 'mine' })).body).toBe('done again')
    await served.untilStill()
    expect(served.steps('begun')).toEqual(['mine'])
  })

  test('while it waits: its message is cancelled, and each other one is answered', async () => {
    const streams = await held(HELD)
    const replies = streams.slice(1).map(replyOf)
    streams[0].close(CANCEL)
    await counted('client_gone', 1)
    expect((await served.stats()).orphans).toBe(1)
    served.unset('closed')
    for (const [n, { status, body }] of (await Promise.all(replies)).entries())
      expect([status, body]).toEqual([200, `done holds ${n + 1}`])
    expect(await served.untilStill()).toMatchObject({ late: 1 })
    // It was begun, so it came to its end: that is the answer for whoever asks again.
    expect((await ask('holds 0', { 'x-numaflow-id': 'id-0' })).body).toBe('done holds 0')
  })

  test('as fast as it makes them: others are answered, and nothing of it is left', async () => {
    for (let n = 0; n < FLOOD; n++) begin(`${n}`).close(CANCEL)
    for (let n = 0; n < 20; n++) expect((await served.post('sync', `${n}`)).body).toBe(`done ${n}`)
    await served.untilStill()
  })
})

describe.skipIf(!hasOpenssl)('a connection', () => {
  test('is lost with all its requests: each is cancelled, and may be asked again', async () => {
    await held(HELD)
    client.session.destroy()
    await counted('client_gone', HELD)
    served.unset('closed')
    expect(await served.untilStill()).toMatchObject({ late: HELD })
    client = new Client(served.port)
    for (let n = 0; n < HELD; n++)
      expect((await ask(`holds ${n}`, { 'x-numaflow-id': `id-${n}` })).body).toBe(`done holds ${n}`)
  })

  test('is told of a drain: who was taken is answered on it, and it ends; exit code 0', async () => {
    const replies = (await held(HELD)).map(replyOf)
    served.child.kill('SIGTERM')
    await served.until(() => client.goawayCode !== undefined, 'GOAWAY')
    expect(client.goawayCode).toBe(0)
    const late = new Client(served.port)
    const { status } = await late.send(POST, 'too late')
    // Refused in words, or its connection was told before it asked.
    expect([503, 0]).toContain(status)
    served.unset('closed')
    for (const [n, { status, body }] of (await Promise.all(replies)).entries())
      expect([status, body]).toEqual([200, `done holds ${n}`])
    expect(await served.ended).toEqual({ code: 0, signal: null })
    expect(client.session.destroyed).toBe(true)
    expect(served.steps('begun')).toHaveLength(HELD)
    late.session.destroy()
  })
})
