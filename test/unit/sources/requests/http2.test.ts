// The source over HTTP/2: a client that takes back a stream is gone, as one that closes its connection is, and the others go on.

import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { http } from '../../../../src/sources/http.js'
import { Client, FILES, hasOpenssl, removeFiles, replyOf } from '../../http/secure-kit.js'
import { type OpenHttp, openSource, until } from './kit.js'

let open: OpenHttp
let client: Client
afterEach(async () => {
  client?.session.destroy()
  await open?.end()
})
afterAll(removeFiles)

async function opened(limits: object = {}): Promise<void> {
  open = await openSource(http({ port: 0, tls: FILES.server, limits }))
  client = new Client(open.port)
}
const text = ({ value }: { value: unknown }) => Buffer.from(value as Uint8Array).toString()

describe.skipIf(!hasOpenssl)('a request', () => {
  test('is a record without names of HTTP/2, and is answered', async () => {
    await opened()
    const reply = client.send({ ':path': '/?a=b', 'X-Numaflow-Keys': 'k', 'x-own': 'gr\xc3\xbcn' }, 'body')
    const [record] = await open.next()
    expect([text(record), record.keys]).toEqual(['body', ['k']])
    expect(record.headers).toEqual({ 'x-own': 'grün', 'millrace-query': 'a=b' })
    open.ack(record, { payload: Buffer.from('answer'), status: 201 })
    expect(await reply).toMatchObject({ status: 201, body: 'answer' })
  })

  test('without a body, and without a length, is taken', async () => {
    await opened()
    open.echo()
    const stream = client.session.request({ ':method': 'POST', ':path': '/' }, { endStream: true })
    expect((await replyOf(stream)).status).toBe(200)
    const pieces = client.request({ ':method': 'POST' })
    const reply = replyOf(pieces)
    for (const piece of ['one', 'two', 'three']) pieces.write(piece)
    pieces.end()
    expect((await reply).body).toBe('onetwothree')
  })

  test('whose body is too large is 413 while it comes, and the next is served', async () => {
    await opened({ bodyBytes: 1_000 })
    const stream = client.request({ ':method': 'POST' })
    const reply = replyOf(stream)
    stream.write(Buffer.alloc(2_000))
    expect((await reply).status).toBe(413)
    open.echo()
    expect((await client.send({}, 'next')).body).toBe('next')
    expect([open.stat('held_bytes'), open.stat('answered_413'), open.stat('client_gone')]).toEqual([0, 1, 0])
  })

  test('whose body does not end is 408, and nothing of it is kept', async () => {
    await opened({ requestTimeoutMs: 200 })
    const stream = client.request({ ':method': 'POST' })
    const reply = replyOf(stream)
    stream.write('abc')
    expect((await reply).status).toBe(408)
    expect([open.stat('held_bytes'), open.stat('answered_408'), open.stat('client_gone')]).toEqual([0, 1, 0])
  })
})

test.skipIf(!hasOpenssl)('more than may wait is 429, and the connection goes on', async () => {
  open = await openSource(http({ port: 0, tls: FILES.server, inFlight: 1 }))
  client = new Client(open.port)
  const first = client.send({}, 'first')
  const [record] = await open.next()
  expect((await client.send({}, 'second')).status).toBe(429)
  expect((await client.send({}, 'third')).status).toBe(429)
  open.ack(record)
  expect((await first).status).toBe(200)
  open.echo()
  expect((await client.send({}, 'next')).body).toBe('next')
})

test.skipIf(!hasOpenssl)('headers of a sink that HTTP/2 has no place for are left out', async () => {
  await opened()
  const reply = client.send({}, 'a')
  const headers = { te: 'gzip', 'http2-settings': 'a', 'proxy-connection': 'close', 'x-own': 'b' }
  open.ack((await open.next())[0], { payload: Buffer.from('answer'), headers })
  const { status, body, headers: given } = await reply
  expect([status, body, given['x-own'], given.te]).toEqual([200, 'answer', 'b', undefined])
  open.echo()
  expect((await client.send({}, 'next')).body).toBe('next')
})

test.skipIf(!hasOpenssl)('one connection brings no more bodies at once than connections may', async () => {
  await opened({ connections: 2 })
  const streams = [1, 2].map(() => client.request({ ':method': 'POST' }))
  for (const stream of streams) stream.write('half')
  await until(
    () => open.stat('held_bytes') === 8,
    () => 'both halves',
  )
  expect((await client.send({}, 'third')).status).toBe(429)
  open.echo()
  const replies = streams.map(replyOf)
  streams[0].close(8)
  streams[1].end()
  expect((await replies[1]).body).toBe('half')
  for (let n = 0; n < 3; n++) expect((await client.send({}, 'next')).body).toBe('next')
})

describe.skipIf(!hasOpenssl)('a client that takes back its request', () => {
  test('in the middle of its body is gone', async () => {
    await opened()
    const stream = client.request({ ':method': 'POST', 'x-numaflow-id': 'mine', 'content-length': 10 })
    stream.write('abc')
    await until(
      () => open.stat('held_bytes') === 3,
      () => 'some of it',
    )
    stream.close(8)
    await until(
      () => open.stat('client_gone') === 1,
      () => 'gone',
    )
    expect(open.stat('held_bytes')).toBe(0)
    open.echo()
    expect((await client.send({ 'x-numaflow-id': 'mine' }, 'again')).body).toBe('again')
  })

  test('before it was read withdraws it, and after that its message goes on; the others are answered', async () => {
    await opened()
    const first = client.request({ ':method': 'POST' })
    first.end('first')
    const [record] = await open.next()
    const unread = client.request({ ':method': 'POST' })
    unread.end('unread')
    const stays = client.send({}, 'stays')
    await until(
      () => open.source.pending?.() === 2,
      () => 'both unread',
    )
    first.close(8)
    unread.close(8)
    await until(
      () => open.stat('client_gone') === 2,
      () => 'both gone',
    )
    expect([open.source.pending?.(), open.stat('orphans')]).toEqual([1, 1])
    open.ack(record)
    expect(open.stat('late')).toBe(1)
    const [last] = await open.next()
    open.ack(last, { payload: Buffer.from(text(last)) })
    expect((await stays).body).toBe('stays')
  })
})

test.skipIf(!hasOpenssl)('a drain answers who was read, and tells the connection', async () => {
  await opened()
  const reply = client.send({}, 'read')
  const [record] = await open.next()
  open.drain()
  await until(
    () => client.goawayCode === 0,
    () => 'told',
  )
  open.ack(record, { payload: Buffer.from('done') })
  expect((await reply).body).toBe('done')
  await until(
    () => client.session.destroyed,
    () => 'the end',
  )
  expect(client.errors).toEqual([])
})
