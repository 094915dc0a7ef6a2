// The endpoints: what each answers, and what becomes of a request's message.

import { afterEach, describe, expect, test } from 'vitest'
import { canSharePort } from '../../../../src/http/share-port.js'
import { memoryResults } from '../../../../src/results/memory-results.js'
import { partOfServing } from '../../../../src/sources/serving/part-of-serving.js'
import { servingSettingsOf } from '../../../../src/sources/serving/settings.js'
import { type ServingOptions, serving as serve } from '../../../../src/sources/serving.js'
import { send, until } from '../requests/kit.js'
import { type OpenServing, openServing, payload, textOf } from './kit.js'

let serving: OpenServing
afterEach(() => serving?.end())
const opened = async (...args: Parameters<typeof openServing>) => {
  serving = await openServing(...args)
  return serving
}
const json = (body: string) => JSON.parse(body) as Record<string, unknown>

describe('sync', () => {
  test('is answered with what the sink gave: payload, status and headers', async () => {
    await opened()
    const reply = serving.ask('sync', 'hello', { 'content-type': 'text/plain', 'x-numaflow-id': 'a' })
    const record = await serving.one()
    expect([textOf(record), record.id, record.headers]).toEqual([
      'hello',
      'a',
      { 'content-type': 'text/plain' },
    ])
    serving.ack(record, { ...payload('HELLO'), status: 201, headers: { 'content-type': 'text/plain' } })
    const { status, headers, body } = await reply
    expect([status, body, headers['content-type'], headers['x-numaflow-id']]).toEqual([
      201,
      'HELLO',
      'text/plain',
      'a',
    ])
  })

  test('several payloads come one behind another, with their lengths', async () => {
    await opened()
    const reply = serving.ask('sync')
    serving.ack(await serving.one(), payload('abc'), payload(''), payload('de'))
    const { body, headers } = await reply
    expect([body, headers['numaflow-array-len'], headers['numaflow-array-index-len']]).toEqual([
      'abcde',
      '3',
      '3,0,2',
    ])
  })

  test('is 204 where nobody answered', async () => {
    await opened()
    const reply = serving.ask('sync')
    serving.ack(await serving.one())
    const { status, body, headers } = await reply
    expect([status, body, headers['content-length']]).toEqual([204, '', undefined])
  })

  test('is 500 with a problem where the message was nacked: the reason in one line, never a stack', async () => {
    await opened()
    const reply = serving.ask('sync')
    const record = await serving.one()
    const reason = `map: no such customer\n    at handler (/secret/path.js:1:2)`
    serving.source.nack?.([{ partition: 0, offset: BigInt(record.offset as number), reason, delayMs: 0 }])
    const { status, headers, body } = await reply
    expect([status, headers['content-type']]).toEqual([500, 'application/problem+json'])
    expect(json(body)).toMatchObject({ status: 500, code: 500, detail: 'map: no such customer' })
    expect(body).not.toContain('secret')
  })

  test('is 504 when the time of the client is over, and the message is cancelled', async () => {
    const cancelled: unknown[] = []
    await opened({}, { cancel: (...args) => cancelled.push(args) })
    const before = Date.now()
    const reply = serving.ask('sync', '', { 'x-request-timeout-ms': '60' })
    const { offset, deadline } = await serving.one()
    expect(deadline).toBeGreaterThanOrEqual(before + 60)
    expect(deadline).toBeLessThan(before + 10_000)
    expect((await reply).status).toBe(504)
    expect(cancelled).toEqual([[0, offset]])
    serving.ack({ offset: offset as number, value: '' }, payload('late'))
    expect([serving.stat('late'), serving.stat('orphans'), serving.stat('waiting')]).toEqual([1, 0, 0])
  })

  test('no client waits longer than the source lets it', async () => {
    await opened({ timeoutMs: 50 })
    const reply = serving.ask('sync', '', { 'x-request-timeout-ms': '99999' })
    await serving.one()
    expect((await reply).status).toBe(504)
    for (const bad of ['0', '-1', '1.5', 'x', '1'.repeat(20)])
      expect((await serving.ask('sync', '', { 'x-request-timeout-ms': bad })).status).toBe(400)
  })

  test('a client that goes away is counted, and its message cancelled', async () => {
    const cancelled: unknown[] = []
    await opened({}, { cancel: (...args) => cancelled.push(args) })
    const raw = await serving.raw()
    raw.write('POST /v1/process/sync HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
    const { offset } = await serving.one()
    raw.socket.destroy()
    await until(
      () => serving.stat('client_gone') === 1,
      () => 'client_gone',
    )
    expect(cancelled).toEqual([[0, offset]])
  })

  test('other paths are 404, other methods 405', async () => {
    await opened()
    expect((await serving.ask('other')).status).toBe(404)
    const { status, headers } = await serving.get('sync')
    expect([status, headers.allow]).toEqual([405, 'POST'])
    expect((await serving.ask('fetch?id=a')).headers.allow).toBe('GET, HEAD')
    const { port } = serving
    for (const method of ['HEAD', 'OPTIONS'])
      expect((await send({ port, method, path: '/v1/process/sync' })).status).toBe(405)
    expect((await send({ port, method: 'OPTIONS', path: '/v1/process/fetch?id=a' })).status).toBe(405)
  })
})

describe('async', () => {
  test('is answered at once, and its result can be fetched', async () => {
    await opened()
    const reply = serving.ask('async', 'hello', { 'x-numaflow-id': 'job-1' })
    const record = await serving.one()
    const accepted = await reply
    expect(accepted.status).toBe(200)
    expect(json(accepted.body)).toEqual({
      message: 'accepted',
      id: 'job-1',
      code: 200,
      timestamp: expect.any(String),
    })
    expect(json((await serving.get('fetch?id=job-1')).body)).toEqual({ status: 'in-progress' })
    expect(json((await serving.get('status?id=job-1')).body)).toEqual({ id: 'job-1', status: 'in-progress' })
    serving.ack(record, { ...payload('done'), status: 202, headers: { 'x-own': 'yes' } })
    const fetched = await serving.get('fetch?id=job-1')
    expect([fetched.status, fetched.body, fetched.headers['x-own']]).toEqual([202, 'done', 'yes'])
    expect(json((await serving.get('status?id=job-1')).body)).toMatchObject({
      status: 'completed',
      payloads: 1,
    })
  })

  test('an id is made where none is given, and what failed is told', async () => {
    await opened()
    const reply = serving.ask('async', 'hello')
    const record = await serving.one()
    const { id } = json((await reply).body)
    serving.nack(record)
    const { status, body } = await serving.get(`fetch?id=${id}`)
    expect([status, json(body).detail]).toEqual([500, 'the secret reason'])
    expect(json((await serving.get(`status?id=${id}`)).body)).toMatchObject({ status: 'failed' })
  })

  test('what nobody answered is 204; of others nothing is known; a bad id is 400', async () => {
    await opened()
    const reply = serving.ask('async', '', { 'x-numaflow-id': 'a' })
    serving.ack(await serving.one())
    await reply
    expect((await serving.get('fetch?id=a')).status).toBe(204)
    expect((await serving.get('fetch?id=b')).status).toBe(404)
    for (const bad of [
      'fetch',
      'fetch?id=',
      'fetch?id=a&id=b',
      'fetch?id=%0a',
      `fetch?id=${'x'.repeat(300)}`,
    ])
      expect((await serving.get(bad)).status, bad).toBe(400)
  })

  test('a client that goes away takes nothing with it', async () => {
    const cancelled: unknown[] = []
    await opened({}, { cancel: (...args) => cancelled.push(args) })
    const raw = await serving.raw()
    raw.write('POST /v1/process/async HTTP/1.1\r\nHost: a\r\nX-Numaflow-Id: a\r\nContent-Length: 1\r\n\r\nx')
    const record = await serving.one()
    raw.socket.destroy()
    serving.ack(record, payload('done'))
    expect((await serving.get('fetch?id=a')).body).toBe('done')
    expect(cancelled).toEqual([])
  })
})

test('HEAD is answered as GET, without the body, and nobody listens', async () => {
  await opened()
  const said = async (method: string, path: string) => {
    const { status, headers, body } = await send({ port: serving.port, method, path })
    const { date: _, connection: _again, 'transfer-encoding': _chunks, ...rest } = headers
    return { status, rest, body }
  }
  const reply = serving.ask('async', '', { 'x-numaflow-id': 'a' })
  const record = await serving.one()
  await reply
  const inWork = await said('HEAD', '/v1/process/sse?id=a')
  expect([inWork.status, inWork.rest['content-type'], inWork.body]).toEqual([200, 'text/event-stream', ''])
  expect(serving.stat('sse_listeners')).toBe(0)
  serving.ack(record, { ...payload('done'), headers: { 'x-own': 'yes' } })
  for (const path of ['fetch?id=a', 'status?id=a', 'sse?id=a'].map((each) => `/v1/process/${each}`)) {
    const got = await said('GET', path)
    expect(got.body).not.toBe('')
    expect(await said('HEAD', path), path).toEqual({ ...got, body: '' })
  }
  const { body, ...document } = await said('GET', '/openapi.json')
  expect(await said('HEAD', '/openapi.json')).toEqual({ ...document, body: '' })
  expect((await said('HEAD', '/v1/process/status?id=b')).status).toBe(404)
})

describe('the same id', () => {
  const ID = { 'x-numaflow-id': 'same' }

  test('is 409 while it is in flight', async () => {
    await opened()
    const first = serving.ask('sync', '', ID)
    const record = await serving.one()
    expect((await serving.ask('sync', '', ID)).status).toBe(409)
    expect((await serving.ask('async', '', ID)).status).toBe(409)
    serving.ack(record, payload('one'))
    expect((await first).body).toBe('one')
  })

  test('joins the first where that is asked for: one message, and the same answer for all', async () => {
    await opened({ duplicates: 'join' })
    const first = serving.ask('sync', 'a', ID)
    const record = await serving.one()
    const others = [serving.ask('sync', 'b', ID), serving.ask('sync', 'c', ID)]
    await until(
      () => serving.stat('joined') === 2,
      () => 'joined',
    )
    serving.ack(record, payload('one'))
    for (const reply of await Promise.all([first, ...others]))
      expect([reply.status, reply.body]).toEqual([200, 'one'])
    expect(serving.stat('waiting')).toBe(0)
  })

  test('who joined gets the answer where the first has gone, and only the last to go cancels', async () => {
    const cancelled: unknown[] = []
    await opened({ duplicates: 'join' }, { cancel: (...args) => cancelled.push(args) })
    const raw = await serving.raw()
    raw.write(
      'POST /v1/process/sync HTTP/1.1\r\nHost: a\r\nX-Numaflow-Id: same\r\nContent-Length: 1\r\n\r\nx',
    )
    const record = await serving.one()
    const other = serving.ask('sync', '', ID)
    const short = serving.ask('sync', '', { ...ID, 'x-request-timeout-ms': '40' })
    await until(
      () => serving.stat('joined') === 2,
      () => 'joined',
    )
    raw.socket.destroy()
    await until(
      () => serving.stat('client_gone') === 1,
      () => 'gone',
    )
    expect((await short).status).toBe(504)
    expect(cancelled).toEqual([])
    serving.ack(record, payload('one'))
    expect((await other).body).toBe('one')
  })

  test('who joined may go, and the time of the first runs on', async () => {
    await opened({ duplicates: 'join' })
    const first = serving.ask('sync', '', { ...ID, 'x-request-timeout-ms': '300' })
    await serving.one()
    const raw = await serving.raw()
    raw.write(
      'POST /v1/process/sync HTTP/1.1\r\nHost: a\r\nX-Numaflow-Id: same\r\nContent-Length: 1\r\n\r\nx',
    )
    await until(
      () => serving.stat('joined') === 1,
      () => 'joined',
    )
    raw.socket.destroy()
    expect((await first).status).toBe(504)
  })

  test('gets the stored answer as long as that is kept, and is a message again behind it', async () => {
    await opened({ results: memoryResults({ keepMs: 1_000 }) })
    const first = serving.ask('sync', '', ID)
    serving.ack(await serving.one(), { ...payload('one'), status: 201 })
    await first
    const again = await serving.ask('sync', '', ID)
    expect([again.status, again.body]).toEqual([201, 'one'])
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const third = serving.ask('sync', '', ID)
    serving.ack(await serving.one(), payload('two'))
    expect((await third).body).toBe('two')
  })

  test('is a message again where answers are not kept for it', async () => {
    await opened({ dedupe: false })
    for (const answer of ['one', 'two']) {
      const reply = serving.ask('sync', '', ID)
      serving.ack(await serving.one(), payload(answer))
      expect((await reply).body).toBe(answer)
    }
  })

  test('is tried again where it failed', async () => {
    await opened()
    const first = serving.ask('sync', '', ID)
    serving.nack(await serving.one())
    expect((await first).status).toBe(500)
    const second = serving.ask('sync', '', ID)
    serving.ack(await serving.one(), payload('two'))
    expect((await second).body).toBe('two')
  })
})

describe('sse', () => {
  test('tells each payload, then the end', async () => {
    await opened()
    const reply = serving.ask('async', '', { 'x-numaflow-id': 'a' })
    const record = await serving.one()
    await reply
    const events = serving.get('sse?id=a')
    await until(
      () => serving.stat('sse_listeners') === 1,
      () => 'a listener',
    )
    serving.ack(record, payload('one\ntwo'), { payload: Buffer.from([0xff]) })
    const { headers, body } = await events
    expect(headers['content-type']).toBe('text/event-stream')
    expect(body).toBe(
      'retry: 1000\n\nid: 0\ndata: one\ndata: two\n\nid: 1\nevent: base64\ndata: /w==\n\nevent: end\ndata: {"payloads":2}\n\n',
    )
    expect((await serving.get('sse?id=a', { 'last-event-id': '0' })).body).toBe(
      'id: 1\nevent: base64\ndata: /w==\n\nevent: end\ndata: {"payloads":2}\n\n',
    )
    expect((await serving.get('sse?id=b')).status).toBe(404)
  })
})

describe('without results', () => {
  test('there is /sync alone, and nothing is remembered', async () => {
    await opened({ results: false })
    for (const path of ['fetch?id=a', 'sse?id=a', 'status?id=a'])
      expect((await serving.get(path)).status).toBe(404)
    expect((await serving.ask('async', 'hello')).status).toBe(404)
    for (const answer of ['one', 'two']) {
      const reply = serving.ask('sync', 'hello', { 'x-numaflow-id': 'a' })
      serving.ack(await serving.one(), payload(answer))
      expect((await reply).body).toBe(answer)
    }
    const { body } = await send({ port: serving.port, path: '/openapi.json', method: 'GET' })
    expect(Object.keys(json(body).paths as object)).toEqual(['/v1/process/sync'])
  })

  test.each<[Partial<ServingOptions>, string]>([
    [{ threads: 2 }, 'serving: threads: got 2, wanted 1, or results: false: results are kept on one thread'],
    [{ threads: 2, results: memoryResults() }, 'serving: threads: got 2, wanted 1, or results: false'],
    [{ threads: 0, results: false }, 'serving: threads: got 0, wanted a whole number from 1 to 64'],
    [
      { results: false, dedupe: true },
      'serving: dedupe: got true, wanted false, or nothing, where results is false',
    ],
    [{ results: true as never }, 'serving: results: got true, wanted a result store'],
  ])('%j', (options, message) => {
    expect(() => serve({ port: 0, ...options })).toThrow(message)
  })
})

describe('on several threads', () => {
  const thread = (number: number, count = 4) => ({ number, count, agree: (port: number) => port })

  test('each has its part of what may be in work', async () => {
    const part = partOfServing(
      servingSettingsOf({
        port: 0,
        results: false,
        threads: 4,
        inFlight: 100,
        limits: { connections: 3 },
        concurrency: { min: 8, max: 80 },
        classes: { one: { inFlight: 20 }, all: {} },
      }),
      thread(1),
    )
    expect(part).toMatchObject({
      inFlight: 25,
      limits: { connections: 1 },
      concurrency: { min: 2, max: 20 },
      classes: [
        { name: 'one', inFlight: 5 },
        { name: 'all', inFlight: Number.POSITIVE_INFINITY },
      ],
    })
  })

  test('says so where Node lets them share a port', () => {
    const { threads } = serve({ port: 0, results: false, threads: 4 })
    expect(threads).toBe(canSharePort() ? 4 : undefined)
    expect(serve({ port: 0 }).threads).toBeUndefined()
  })
})
