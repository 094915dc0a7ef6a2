// Between the body and the message: schemas are asked, and the store. That may take long, or for ever; and clients do not wait.

import { afterEach, describe, expect, test } from 'vitest'
import { memoryResults } from '../../../../src/results/memory-results.js'
import type { ResultStore } from '../../../../src/results/result-store.js'
import { until } from '../requests/kit.js'
import { type OpenServing, openServing, payload, schemaOf } from './kit.js'

let serving: OpenServing
afterEach(() => serving?.end())
const opened = async (...args: Parameters<typeof openServing>) => {
  serving = await openServing(...args)
  return serving
}
const never = () => new Promise<never>(() => {})
const stat = (name: string, count: number) =>
  until(
    () => serving.stat(name) === count,
    () => `${name}: ${serving.stat(name)}, not ${count}`,
  )

/** A store whose calls of one name wait until it is opened. */
function gated(name: 'accept' | 'get'): { results: ResultStore; shut(): void; open(): void } {
  const store = memoryResults()
  let gate: Promise<void> | undefined
  let open = () => {}
  const results = {
    ...store,
    async [name](...args: [string, Uint8Array]) {
      await gate
      return (store[name] as (...args: [string, Uint8Array]) => unknown)(...args)
    },
  } as ResultStore
  const shut = () => {
    gate = new Promise((resolve) => {
      open = resolve
    })
  }
  return { results, shut, open: () => open() }
}

describe('who waits for it is answered in time', () => {
  test('where a schema never says anything', async () => {
    await opened({ schema: schemaOf(never) })
    const { status, headers } = await serving.ask('sync', '{}', { 'x-request-timeout-ms': '50' })
    expect([status, headers['retry-after']]).toEqual([503, '1'])
    await stat('waiting', 0)
    await stat('in_flight', 0)
  })

  test('where a store never accepts: and what it accepts after all is forgotten', async () => {
    const { results, shut, open } = gated('accept')
    await opened({ results })
    shut()
    const headers = { 'x-request-timeout-ms': '50', 'x-numaflow-id': 'a' }
    expect((await serving.ask('async', '', headers)).status).toBe(503)
    open()
    await stat('entries', 0)
    expect((await serving.get('status?id=a')).status).toBe(404)
    expect((await serving.ask('async', '', { 'x-numaflow-id': 'a' })).status).toBe(200)
  })

  test('where the source is closed', async () => {
    await opened({ schema: schemaOf(never) })
    const reply = serving.ask('sync', '{}')
    await stat('waiting', 1)
    await serving.end()
    const { status, body } = await reply
    expect([status, body]).toEqual([503, expect.stringContaining('stopped')])
  })

  test('and the time that it took is not given again', async () => {
    const { results, shut, open } = gated('get')
    await opened({ results })
    shut()
    const before = Date.now()
    const reply = serving.ask('sync', '', { 'x-request-timeout-ms': '5000', 'x-numaflow-id': 'a' })
    await stat('waiting', 1)
    const arrivedBy = Date.now()
    await until(
      () => Date.now() > arrivedBy,
      () => 'a later time',
    )
    open()
    const record = await serving.one()
    expect(record.deadline).toBeGreaterThanOrEqual(before + 5_000)
    expect(record.deadline).toBeLessThanOrEqual(arrivedBy + 5_000)
    serving.ack(record)
    expect((await reply).status).toBe(204)
  })
})

test('what breaks its connection meanwhile is not left as accepted for ever', async () => {
  const { results, shut, open } = gated('accept')
  await opened({ results })
  shut()
  const raw = await serving.raw()
  const head = 'POST /v1/process/async HTTP/1.1\r\nHost: a\r\nX-Numaflow-Id: a\r\nContent-Length: 1\r\n\r\nx'
  raw.write(`${head}no request\0\r\n\r\n`)
  await raw.closed()
  open()
  expect((await serving.ask('async', '', { 'x-numaflow-id': 'b' })).status).toBe(200)
  expect((await serving.get('status?id=a')).status).toBe(404)
  expect(serving.stat('accepted')).toBe(1)
})

test('who joins one whose answer turns out to be known gets the same', async () => {
  const { results, shut, open } = gated('get')
  await opened({ results, duplicates: 'join' })
  const headers = { 'x-numaflow-id': 'a' }
  const first = serving.ask('sync', '', headers)
  serving.ack(await serving.one(), payload('one'))
  await first
  shut()
  const both = [serving.ask('sync', '', headers), serving.ask('sync', '', headers)]
  await stat('joined', 1)
  open()
  for (const { status, body } of await Promise.all(both)) expect([status, body]).toEqual([200, 'one'])
  await stat('in_flight', 0)
})

describe('who asks for the acceptance of what is being accepted', () => {
  const headers = { 'x-numaflow-id': 'a' }

  test.each([
    ['one class', {}],
    ['several classes', { classes: { one: {}, other: {} } }],
  ])('is told of it with the first, and who wants the answer has that: %s', async (_, more) => {
    const { results, shut, open } = gated('accept')
    await opened({ results, duplicates: 'join', ...more })
    shut()
    const asked = [serving.ask('async', '1', headers)]
    await stat('waiting', 1)
    asked.push(serving.ask('async', '2', headers), serving.ask('async', '3', headers))
    const answered = serving.ask('sync', '4', headers)
    await stat('joined', 3)
    // Nobody needs the bodies of the others.
    expect(serving.stat('held_bytes')).toBe(1)
    open()
    const record = await serving.one()
    expect(String(record.value)).toBe('1')
    for (const { status, body } of await Promise.all(asked))
      expect([status, JSON.parse(body)]).toEqual([
        200,
        expect.objectContaining({ message: 'accepted', id: 'a' }),
      ])
    await stat('joined', 1)
    serving.ack(record, payload('done'))
    expect((await answered).body).toBe('done')
    expect((await serving.get('fetch?id=a')).body).toBe('done')
    await stat('waiting', 0)
    await stat('in_flight', 0)
  })

  test('is refused with the first where the store has no room', async () => {
    const { results, shut, open } = gated('accept')
    await opened({
      results: { ...results, accept: (...args) => results.accept(...args).then(() => 'full') },
      duplicates: 'join',
    })
    shut()
    const asked = [serving.ask('async', '', headers)]
    await stat('waiting', 1)
    asked.push(serving.ask('async', '', headers))
    await stat('joined', 1)
    open()
    for (const { status } of await Promise.all(asked)) expect(status).toBe(503)
    await stat('waiting', 0)
  })

  test('waits no longer than it wants to, and may go; the first is accepted none the less', async () => {
    const { results, shut, open } = gated('accept')
    await opened({ results, duplicates: 'join' })
    shut()
    const first = serving.ask('async', '', headers)
    await stat('waiting', 1)
    expect((await serving.ask('async', '', { ...headers, 'x-request-timeout-ms': '40' })).status).toBe(503)
    const raw = await serving.raw()
    raw.write('POST /v1/process/async HTTP/1.1\r\nHost: a\r\nX-Numaflow-Id: a\r\nContent-Length: 1\r\n\r\nx')
    await stat('joined', 1)
    raw.socket.destroy()
    await stat('joined', 0)
    expect(serving.stat('client_gone')).toBe(1)
    open()
    serving.ack(await serving.one(), payload('done'))
    expect((await first).status).toBe(200)
    expect((await serving.get('fetch?id=a')).body).toBe('done')
  })

  test('is not told so before memory has it at a drain, and neither is the first', async () => {
    await opened({ duplicates: 'join' })
    // It has what was asked for by the one read that there was.
    void serving.ask('sync').catch(() => {})
    await stat('waiting', 1)
    const asked = [serving.ask('async', '', headers)]
    await stat('waiting', 2)
    asked.push(serving.ask('async', '', headers))
    await stat('joined', 1)
    serving.drain()
    for (const { status } of await Promise.all(asked)) expect(status).toBe(503)
  })
})

test('no more are prepared than may wait', async () => {
  const { results, shut, open } = gated('get')
  await opened({ results, concurrency: false, inFlight: 3 })
  shut()
  const replies = Array.from({ length: 10 }, (_, n) =>
    serving.ask('sync', '', { 'x-numaflow-id': `id-${n}` }),
  )
  await stat('answered_429', 7)
  expect(serving.stat('waiting')).toBe(3)
  open()
  serving.echo()
  const statuses = (await Promise.all(replies)).map(({ status }) => status).sort()
  expect(statuses).toEqual([200, 200, 200, ...Array(7).fill(429)])
})

test('a schema that fails at each body is told of once', async () => {
  const schema = schemaOf(() => {
    throw new Error('no memory')
  })
  await opened({ schema })
  for (let n = 0; n < 5; n++) expect((await serving.ask('sync', '{}')).status).toBe(500)
  expect(serving.logs.filter(({ message }) => message.includes('no memory'))).toHaveLength(1)
})

test('a promise of another kind is one', async () => {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is about
  const wrong = { then: (tell: (result: object) => void) => tell({ issues: [{ message: 'wrong' }] }) }
  await opened({ schema: schemaOf(() => wrong) })
  expect((await serving.ask('sync', '{}')).status).toBe(422)
})
