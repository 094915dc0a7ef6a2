// What becomes of a request: each status, and each way that a request can end.

import { afterEach, describe, expect, test } from 'vitest'
import type { HttpOptions } from '../../../../src/sources/http.js'
import { type OpenHttp, openHttp, postText, until } from './kit.js'

let http: OpenHttp
afterEach(() => http?.end())
const opened = async (...args: Parameters<typeof openHttp>) => {
  http = await openHttp(...args)
  return http
}
const problem = (body: string) => JSON.parse(body) as { message: string; code: number; timestamp: string }

describe('a request', () => {
  test('is a record, and is answered when that is acked, not before', async () => {
    await opened()
    const reply = http.post('hello')
    const [record] = await http.next()
    expect(Buffer.from(record.value as Uint8Array).toString()).toBe('hello')
    let isAnswered = false
    void reply.then(() => {
      isAnswered = true
    })
    // Another request makes the whole round while this one waits.
    const other = http.post('other')
    const [second] = await http.next()
    http.ack(second)
    expect((await other).status).toBe(200)
    expect(isAnswered).toBe(false)
    http.ack(record)
    const { status, headers, body } = await reply
    expect({ status, body, length: headers['content-length'] }).toEqual({
      status: 200,
      body: '',
      length: '0',
    })
    expect(headers['x-numaflow-id']).toBe(record.id)
  })

  test('carries id, keys, event time, headers and trace', async () => {
    await opened({ path: '/in' })
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const headers = {
      'X-Numaflow-Id': 'order-7',
      'X-Numaflow-Keys': 'a, b,,grün',
      'X-Numaflow-Event-Time': '1700000000123',
      'Content-Type': 'application/json',
      'X-Hub-Signature-256': 'sha256=ab',
      Authorization: 'Bearer secret',
      Cookie: 'secret',
      'Millrace-Reason': 'forged',
      traceparent: parent,
      tracestate: 'a=b',
    }
    // Node's client writes a header's characters as Latin-1: so these are the bytes of UTF-8.
    headers['X-Numaflow-Keys'] = Buffer.from(headers['X-Numaflow-Keys']).toString('latin1')
    const reply = http.post('{}', { path: '/in?a=1&b', headers })
    const [record] = await http.next()
    expect(record).toMatchObject({
      id: 'order-7',
      keys: ['a', 'b', 'grün'],
      eventTime: 1_700_000_000_123,
      trace: `${parent}\na=b`,
    })
    expect(record.headers).toEqual({
      'content-type': 'application/json',
      'x-hub-signature-256': 'sha256=ab',
      'millrace-query': 'a=1&b',
    })
    http.ack(record)
    expect((await reply).headers['x-numaflow-id']).toBe('order-7')
  })

  test.each([
    ['X-Hop, x-other', { 'x-kept': '3' }],
    ['close,  X-HOP ,,', { 'x-other': '2', 'x-kept': '3' }],
    ['Keep-Alive', { 'x-hop': '1', 'x-other': '2', 'x-kept': '3' }],
    ['x', { 'x-hop': '1', 'x-other': '2', 'x-kept': '3' }],
  ])('leaves out the headers that Connection names: %s', async (connection, kept) => {
    await opened()
    const raw = await http.raw()
    raw.write(postText('x', [`Connection: ${connection}`, 'X-Hop: 1', 'x-other: 2', 'X-Kept: 3']))
    const [record] = await http.next()
    expect(record.headers).toEqual(kept)
    http.ack(record)
    await raw.until(/200 OK/)
  })

  test('without any of them has an id of its own, and no headers', async () => {
    await opened()
    const replies = [http.post('a'), http.post('b')]
    const records = [...(await http.next())]
    while (records.length < 2) records.push(...(await http.next()))
    expect(new Set(records.map(({ id }) => id)).size).toBe(2)
    for (const record of records) {
      expect(record.id).toMatch(/^[\w-]{16}-[\da-z]+$/)
      expect([record.headers, record.keys, record.eventTime, record.trace]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ])
      http.ack(record)
    }
    await Promise.all(replies)
  })

  test('whose traceparent is none has no trace', async () => {
    await opened()
    const reply = http.post('', { headers: { traceparent: '00-zz', tracestate: 'a=b' } })
    const [record] = await http.next()
    expect(record.trace).toBeUndefined()
    http.ack(record)
    await reply
  })

  test.each([
    ['no body', 0],
    ['exactly as much as may be', 1_000],
  ])('with %s is taken', async (_, bytes) => {
    await opened({ limits: { bodyBytes: 1_000 } })
    http.echo()
    const body = 'x'.repeat(bytes)
    expect(await http.post(body)).toMatchObject({ status: 200, body })
    // Chunked: only the end says how long it is.
    const headers = { 'Transfer-Encoding': 'chunked' }
    expect(await http.post(body, { headers })).toMatchObject({ status: 200, body })
  })

  test('of many chunks is put together', async () => {
    await opened()
    http.echo()
    const raw = await http.raw()
    raw.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    await until(
      () => http.stat('held_bytes') === 3,
      () => 'three bytes',
    )
    raw.write('def')
    await until(
      () => http.stat('held_bytes') === 10,
      () => 'room for all of it',
    )
    raw.write('ghij')
    expect(await raw.until(/\r\n\r\n.+/)).toMatch(/abcdefghij$/)
    // The next read says that the record was copied.
    await until(
      () => http.stat('held_bytes') === 0,
      () => 'no bytes',
    )
  })
})

describe('an answer of the sink', () => {
  async function answerWith(...answers: Parameters<OpenHttp['ack']>[1][]) {
    await opened()
    const reply = http.post('x')
    const [record] = await http.next()
    http.ack(record, ...answers)
    return await reply
  }
  const payload = (text: string) => Buffer.from(text)

  test('is sent with its status and headers', async () => {
    const headers = {
      'Content-Type': 'text/plain',
      'X-Note': 'größe',
      'Content-Length': '9',
      Connection: 'close',
    }
    const reply = await answerWith({ payload: payload('grün'), status: 201, headers })
    expect(reply).toMatchObject({ status: 201, body: 'grün' })
    expect(reply.headers).toMatchObject({
      'content-type': 'text/plain',
      'content-length': '5',
      connection: 'keep-alive',
    })
    expect(Buffer.from(String(reply.headers['x-note']), 'latin1').toString()).toBe('größe')
  })

  test('without a type is bytes', async () => {
    expect((await answerWith({ payload: payload('x') })).headers['content-type']).toBe(
      'application/octet-stream',
    )
  })

  test('that is large is sent whole', async () => {
    const body = 'é'.repeat(300_000)
    expect((await answerWith({ payload: payload(body) })).body).toBe(body)
  })

  test('of several payloads is all of them, with their lengths', async () => {
    const reply = await answerWith(
      { payload: payload('one') },
      { payload: payload(''), status: 202, headers: { 'X-A': '1' } },
      { payload: payload('three'), status: 203, headers: { 'x-a': '2', 'X-B': '3' } },
    )
    expect(reply).toMatchObject({ status: 202, body: 'onethree' })
    expect(reply.headers).toMatchObject({
      'numaflow-array-len': '3',
      'numaflow-array-index-len': '3,0,5',
      'x-a': '1',
      'x-b': '3',
    })
  })

  test('with a status that has no body is sent without', async () => {
    const reply = await answerWith({ payload: payload('x'), status: 204 })
    expect(reply).toMatchObject({ status: 204, body: '' })
    expect(reply.headers['content-length']).toBeUndefined()
    http.echo()
    expect(await http.post('next')).toMatchObject({ status: 200, body: 'next' })
  })

  test('with status 205 is sent without its payload, too', async () => {
    expect(await answerWith({ payload: payload('x'), status: 205 })).toMatchObject({ status: 205, body: '' })
  })

  test.each([
    ['a status that is none', { status: 99 }],
    ['a status that is no end', { status: 101 }],
    ['a name that is none', { headers: { 'a b': 'c' } }],
    ['a line break', { status: 204, headers: { a: 'b\r\nSet-Cookie: c' } }],
  ])('with %s is 500, and logged once', async (_, bad) => {
    const reply = await answerWith({ payload: payload('x'), ...bad })
    expect(reply.status).toBe(500)
    expect(problem(reply.body).message).toBe('the answer cannot be sent')
    expect(reply.headers['set-cookie']).toBeUndefined()
    const again = http.post('x')
    const [record] = await http.next()
    http.ack(record, { payload: payload('x'), ...bad })
    expect((await again).status).toBe(500)
    expect(http.logs.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
})

describe('a nack', () => {
  test('is 500, without its reason', async () => {
    await opened()
    const reply = http.post('x')
    http.nack((await http.next())[0])
    const { status, headers, body } = await reply
    expect(status).toBe(500)
    expect(headers['retry-after']).toBeUndefined()
    expect(problem(body)).toEqual({
      title: 'the message was not processed',
      status: 500,
      message: 'the message was not processed',
      code: 500,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    })
  })

  test('with a delay says when to try again', async () => {
    await opened()
    const reply = http.post('x')
    http.nack((await http.next())[0], 1_500)
    expect((await reply).headers['retry-after']).toBe('2')
  })
})

describe('refused', () => {
  test.each([
    [404, 'another path', { path: '/other' }],
    [404, 'a path that only begins so', { path: '//' }],
    [405, 'another method', { method: 'PUT' }],
    [405, 'GET', { method: 'GET' }],
    [400, 'an id with a space', { headers: { 'X-Numaflow-Id': 'a b' } }],
    [400, 'an empty id', { headers: { 'X-Numaflow-Id': '' } }],
    [400, 'an id that is too long', { headers: { 'X-Numaflow-Id': 'x'.repeat(257) } }],
    [400, 'an event time that is none', { headers: { 'X-Numaflow-Event-Time': 'today' } }],
  ])('%i: %s', async (status, _, options) => {
    await opened()
    const reply = await http.post('', options)
    expect(reply.status).toBe(status)
    expect(problem(reply.body).code).toBe(status)
    expect(http.stat(`answered_${status}`)).toBe(1)
    // The connection goes on.
    http.echo()
    expect((await http.post('next')).body).toBe('next')
  })

  test('405 to HEAD has no body', async () => {
    await opened()
    expect(await http.post('', { method: 'HEAD' })).toMatchObject({ status: 405, body: '' })
  })

  test('400: an id that begins like those that the source makes', async () => {
    await opened()
    http.echo()
    const id = String((await http.post('x')).headers['x-numaflow-id'])
    for (const guess of [id, id.replace(/-[^-]*$/, '-1')]) {
      expect((await http.post('x', { headers: { 'X-Numaflow-Id': guess } })).status).toBe(400)
    }
  })

  test('409: the same id while the first is in flight, and not after it', async () => {
    await opened()
    const headers = { 'X-Numaflow-Id': 'same' }
    const first = http.post('1', { headers })
    const [record] = await http.next()
    expect((await http.post('2', { headers })).status).toBe(409)
    http.ack(record)
    expect((await first).status).toBe(200)
    const again = http.post('3', { headers })
    http.ack((await http.next())[0])
    expect((await again).status).toBe(200)
  })

  test('413: a body that says that it is too large, though the client sends it', async () => {
    await opened({ limits: { bodyBytes: 1_000 } })
    expect((await http.post(Buffer.alloc(5_000_000))).status).toBe(413)
    http.echo()
    expect((await http.post('next')).body).toBe('next')
  })

  test('413: a chunked body, as soon as it is too large, and nothing of it is kept', async () => {
    await opened({ limits: { bodyBytes: 1_000 } })
    const raw = await http.raw()
    raw.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `200\r\n${'x'.repeat(512)}\r\n`
    raw.write(chunk)
    await until(
      () => http.stat('held_bytes') === 512,
      () => 'half of it',
    )
    raw.write(chunk)
    expect(await raw.until(/\}\n/)).toMatch(/^HTTP\/1\.1 413/)
    expect(http.stat('held_bytes')).toBe(0)
    raw.write(`${chunk}0\r\n\r\n${postText('next')}`)
    http.echo()
    expect(await raw.until(/next$/)).toContain('200 OK')
  })

  test('a body that goes on and on after its refusal ends the connection', async () => {
    await opened({ limits: { bodyBytes: 1_000 } })
    const raw = await http.raw()
    raw.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `${(1_048_576).toString(16)}\r\n${'x'.repeat(1_048_576)}\r\n`
    for (let i = 0; i < 40 && !raw.isClosed; i++) {
      raw.write(chunk)
      await until(
        () => raw.isClosed || raw.socket.writableLength === 0,
        () => `chunk ${i}`,
      )
    }
    await raw.closed()
    expect(raw.statuses).toEqual([413])
  })

  test('429 with Retry-After: more than may wait, and then again not', async () => {
    await opened({ inFlight: 2 })
    const waiting = [http.post('1'), http.post('2')]
    const records = [...(await http.next())]
    while (records.length < 2) records.push(...(await http.next()))
    const reply = await http.post('3')
    expect(reply.status).toBe(429)
    expect(reply.headers['retry-after']).toBe('1')
    http.ack(records[0])
    http.ack(records[1])
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
    http.echo()
    expect((await http.post('4')).status).toBe(200)
  })

  test('429 before the body is asked for', async () => {
    await opened({ inFlight: 1 })
    const first = http.post('1')
    const [record] = await http.next()
    const raw = await http.raw()
    raw.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    await raw.closed()
    expect(raw.statuses).toEqual([429])
    http.ack(record)
    await first
  })

  test('429: bodies that came while others took the last places', async () => {
    await opened({ inFlight: 1 })
    const slow = await http.raw()
    slow.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na')
    await until(
      () => http.stat('held_bytes') === 1,
      () => 'half of it',
    )
    const other = http.post('x')
    const [record] = await http.next()
    slow.write('b')
    expect(await slow.until(/\}\n/)).toMatch(/^HTTP\/1\.1 429/)
    http.ack(record)
    expect((await other).status).toBe(200)
  })

  test('429: bodies that have come may be more together than was free when each began', async () => {
    const bodyBytes = 1_000_000
    await opened({ limits: { bodyBytes }, inFlight: 1_000 })
    const raws = await Promise.all(Array.from({ length: 80 }, () => http.raw()))
    const most = Buffer.alloc(bodyBytes - 1)
    for (const raw of raws) {
      raw.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bodyBytes}\r\n\r\n`)
      raw.socket.write(most)
    }
    await until(
      () => http.stat('answered_429') >= 80 - 67_108_864 / bodyBytes,
      () => `enough are refused: ${http.stat('answered_429')}, ${http.stat('held_bytes')} bytes`,
    )
    expect(http.stat('held_bytes')).toBeLessThanOrEqual(67_108_864)
    for (const raw of raws) raw.socket.destroy()
    await until(
      () => http.stat('held_bytes') === 0,
      () => 'nothing held',
    )
  })

  test('429: more bytes than may be held, together', async () => {
    // Four of the largest, or 64 MiB.
    const bodyBytes = 20_000_000
    await opened({ limits: { bodyBytes } }, { messageBytesMax: 67_108_864 })
    const raws = await Promise.all([1, 2, 3, 4].map(() => http.raw()))
    const most = Buffer.alloc(bodyBytes - 1)
    for (const raw of raws) {
      raw.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bodyBytes}\r\n\r\n`)
      raw.socket.write(most)
    }
    await until(
      () => http.stat('held_bytes') === 4 * bodyBytes,
      () => 'all but the last bytes',
    )
    expect((await http.post('12345')).status).toBe(429)
    for (const raw of raws) raw.socket.destroy()
    await until(
      () => http.stat('held_bytes') === 0,
      () => 'nothing held',
    )
    http.echo()
    expect((await http.post('12345')).status).toBe(200)
  })

  test('503 before the first read', async () => {
    await opened({}, { isReady: false })
    const reply = await http.post('x')
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1'])
    http.echo()
    expect((await http.post('x')).status).toBe(200)
  })
})

describe('time', () => {
  test('504 for what was read: its message goes on, and its id is taken until it is settled', async () => {
    await opened({ timeoutMs: 50 })
    const headers = { 'X-Numaflow-Id': 'slow' }
    const reply = http.post('x', { headers })
    const [record] = await http.next()
    expect((await reply).status).toBe(504)
    expect([http.stat('waiting'), http.stat('orphans')]).toEqual([0, 1])
    expect((await http.post('x', { headers })).status).toBe(409)
    http.ack(record)
    expect([http.stat('late'), http.stat('orphans')]).toEqual([1, 0])
    const again = http.post('x', { headers })
    http.nack((await http.next())[0])
    expect((await again).status).toBe(500)
  })

  test('503 for what was not: it is not read any more, and may be sent again', async () => {
    // The first read has waited, and takes the first: nobody reads on.
    await opened({ timeoutMs: 50 })
    const first = http.post('first')
    const headers = { 'X-Numaflow-Id': 'same' }
    await until(
      () => http.stat('waiting') === 1,
      () => 'the first',
    )
    const unread = await http.post('unread', { headers })
    expect([unread.status, unread.headers['retry-after']]).toEqual([503, '1'])
    expect((await first).status).toBe(504)
    expect((await http.next()).map(({ value }) => String(Buffer.from(value as Uint8Array)))).toEqual([
      'first',
    ])
    const again = http.post('again', { headers })
    const [record] = await http.next()
    expect(String(Buffer.from(record.value as Uint8Array))).toBe('again')
    http.ack(record)
    await again
  })
})

describe('a client that goes away', () => {
  test('while its body comes: nothing of it is kept', async () => {
    await opened()
    const raw = await http.raw()
    raw.write('POST / HTTP/1.1\r\nHost: a\r\nX-Numaflow-Id: mine\r\nContent-Length: 10\r\n\r\nabc')
    await until(
      () => http.stat('held_bytes') === 3,
      () => 'three bytes',
    )
    raw.socket.destroy()
    await until(
      () => http.stat('client_gone') === 1,
      () => 'gone',
    )
    expect(http.stat('held_bytes')).toBe(0)
    http.echo()
    expect((await http.post('x', { headers: { 'X-Numaflow-Id': 'mine' } })).status).toBe(200)
  })

  test('before its message is read: the message is withdrawn', async () => {
    await opened()
    const first = http.post('first')
    await until(
      () => http.stat('waiting') === 1,
      () => 'the first',
    )
    const raw = await http.raw()
    raw.write(postText('gone'))
    await until(
      () => http.source.pending?.() === 1,
      () => 'one unread',
    )
    raw.socket.destroy()
    await until(
      () => http.source.pending?.() === 0,
      () => 'none unread',
    )
    http.ack((await http.next())[0])
    await first
    http.echo()
    expect((await http.post('next')).body).toBe('next')
    expect(http.stat('client_gone')).toBe(1)
  })

  test('after that: the message goes on; it is said in the log, once for many', async () => {
    await opened({ timeoutMs: 200 })
    const raws = await Promise.all(Array.from({ length: 20 }, () => http.raw()))
    for (const raw of raws) raw.write(postText('x'))
    const records = [...(await http.next())]
    while (records.length < 20) records.push(...(await http.next()))
    for (const { socket } of raws) socket.destroy()
    await until(
      () => http.stat('client_gone') === 20,
      () => 'all gone',
    )
    for (const record of records) http.ack(record)
    expect([http.stat('late'), http.stat('waiting'), http.stat('orphans')]).toEqual([20, 0, 0])
    await until(
      () => http.logs.length > 1,
      () => 'a line',
    )
    expect(http.logs.slice(1)).toMatchObject([
      { level: 'info', message: 'clients went away before their answer' },
    ])
  })
})

describe('a drain', () => {
  test('finishes what was read, refuses what was not and what comes, and ends connections', async () => {
    await opened()
    const accepted = http.post('accepted')
    const [record] = await http.next()
    // The next read takes one more, and another one waits behind it.
    const unread = http.post('unread')
    await until(
      () => http.source.pending?.() === 1,
      () => 'one unread',
    )
    http.drain()
    const refused = await unread
    expect([refused.status, refused.headers.connection, refused.headers['retry-after']]).toEqual([
      503,
      'close',
      '1',
    ])
    const late = await http.post('late')
    expect([late.status, late.headers.connection]).toEqual([503, 'close'])
    expect(http.source.read(10)).toEqual([])
    http.ack(record)
    const { status, headers } = await accepted
    expect([status, headers.connection]).toEqual([200, 'close'])
  })

  test('lets a read that waits end', async () => {
    await opened({}, { isReady: false })
    const read = http.source.read(10)
    http.drain()
    expect(await read).toEqual([])
  })

  test('refuses a body that comes to its end then', async () => {
    await opened()
    const raw = await http.raw()
    raw.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na')
    await until(
      () => http.stat('held_bytes') === 1,
      () => 'half of it',
    )
    http.drain()
    raw.write('b')
    expect(await raw.closed()).toMatch(/^HTTP\/1\.1 503/)
  })
})

describe('close', () => {
  test('ends idle connections at once, and answers who still waits', async () => {
    await opened()
    const idle = await http.raw()
    const reply = http.post('x')
    await http.next()
    await http.source.close?.()
    const { status, headers, body } = await reply
    expect([status, headers.connection, problem(body).message]).toEqual([
      503,
      'close',
      'stopped before the message was settled',
    ])
    await idle.closed()
    await expect(http.post('x')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|hang up/)
  })

  test('does not wait for half a request', async () => {
    await opened()
    const raw = await http.raw()
    raw.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    await until(
      () => http.stat('held_bytes') === 3,
      () => 'three bytes',
    )
    await http.source.close?.()
    await raw.closed()
  })
})

test('limits.bodyBytes above limits.messageBytes is ERR_CONFIG', async () => {
  const options: Partial<HttpOptions> = { limits: { bodyBytes: 2_000 } }
  await expect(openHttp(options, { messageBytesMax: 1_000 })).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    message: 'http: limits.bodyBytes: got 2,000, wanted at most limits.messageBytes, 1,000',
  })
})
