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
