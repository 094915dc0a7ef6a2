// What clients may say in more than one way, and what must not be guessed.

import { afterEach, describe, expect, test } from 'vitest'
import { memoryResults } from '../../../../src/results/memory-results.js'
import { http } from '../../../../src/sources/http.js'
import { encodeRequest } from '../../../../src/sources/serving/kept.js'
import { routeFor } from '../../../../src/sources/serving/request-route.js'
import { serving as realServing } from '../../../../src/sources/serving.js'
import { openSource, until } from '../requests/kit.js'
import { type OpenServing, openServing, payload, schemaOf, textOf } from './kit.js'

let serving: OpenServing
afterEach(() => serving?.end())
const opened = async (...args: Parameters<typeof openServing>) => {
  serving = await openServing(...args)
  return serving
}

describe('a request that names the origin in its first line', () => {
  const wrong = schemaOf(() => ({ issues: [{ message: 'wrong' }] }))
  const routes = [{ tag: 'orders', path: '/orders', schema: wrong }]

  test.each([
    ['/', 'http://a/sync/orders'],
    ['/api', 'http://api/api/sync/orders'],
    ['/a', 'http://a/a/sync/orders?path=/a'],
  ])('with the path %s takes its route, %s, and the schema of it', async (path, target) => {
    await opened({ path, routes })
    const raw = await serving.raw()
    raw.write(`POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`)
    await raw.until(/HTTP/)
    expect(raw.statuses).toEqual([422])
  })
})

describe('/sse goes on behind the event that the client has seen', () => {
  test.each([
    ['0', false],
    ['1', false],
    ['-1', true],
    ['seen', true],
    ['0, 0', true],
    ['', true],
    ['1e1', true],
  ])('Last-Event-ID: %s', async (last, comes) => {
    await opened()
    const reply = serving.ask('sync', '', { 'x-numaflow-id': 'a' })
    serving.ack(await serving.one(), payload('first'), payload('second'))
    await reply
    const { body } = await serving.get('sse?id=a', { 'last-event-id': last })
    expect([body.includes('data: first'), body.includes('event: end')]).toEqual([comes, true])
  })
})

test('from the id that one client was given nobody guesses that of another', async () => {
  await opened()
  serving.echo()
  const ids: string[] = []
  for (let n = 0; n < 3; n++) ids.push(JSON.parse((await serving.ask('async')).body).id)
  const ends = ids.map((id) => id.slice(id.indexOf('-', 16) + 1))
  expect(new Set(ends).size).toBe(ids.length)
  for (const end of ends) expect(end.length).toBeGreaterThanOrEqual(16)
  // Nor may anybody give one that begins so.
  expect((await serving.ask('async', '', { 'x-numaflow-id': `${ids[0]}0` })).status).toBe(400)
})

test('the name of a class is a tag, whatever it is; where there are none there is no tag', async () => {
  await opened({ classes: { default: {}, batch: {} }, classHeader: 'x-class' })
  const replies = [serving.ask('sync'), serving.ask('sync', '', { 'x-class': 'batch' })]
  const records = [await serving.one(), await serving.one()]
  expect(records.map(({ tags }) => tags).sort()).toEqual([['batch'], ['default']])
  for (const record of records) serving.ack(record)
  await Promise.all(replies)
  await serving.end()
  await opened()
  const reply = serving.ask('sync')
  const record = await serving.one()
  expect(record.tags).toBe(undefined)
  serving.ack(record)
  await reply
})

test('what was accepted and cannot be read has failed; what can is processed', async () => {
  const store = memoryResults()
  const request = encodeRequest({ body: Buffer.from('good'), number: 5 })
  async function* unfinished() {
    yield { id: 'torn', request: Buffer.from('no request') }
    yield { id: 'good', request }
  }
  await opened({ results: { ...store, unfinished } })
  const record = await serving.one()
  expect([record.id, record.partition, record.offset, textOf(record)]).toEqual(['good', 1, 5, 'good'])
  const { body } = await serving.get('status?id=torn')
  expect(JSON.parse(body)).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('cannot be read'),
  })
  // By its number, whatever those of others are.
  const reply = serving.ask('sync')
  const other = await serving.one()
  serving.ack(record, payload('done'))
  serving.ack(other, payload('other'))
  expect((await reply).body).toBe('other')
  expect((await serving.get('fetch?id=good')).body).toBe('done')
})

test('a source that is open for one topology is not opened for another', async () => {
  for (const source of [realServing({ port: 0 }), http({ port: 0 })]) {
    const first = await openSource(source)
    await expect(openSource(source)).rejects.toThrow(`${source.name}: it is open for a topology already`)
    await first.end()
    await (await openSource(source)).end()
  }
})

test('shares are of what the routes before have left, also where they are sticky; a larger one keeps those of a smaller', () => {
  const wayOf = (user: number, first: number) => {
    const routes = [
      { tag: 'first', share: first, sticky: 'x-user' },
      { tag: 'second', share: 0.5, sticky: 'x-user' },
    ]
    const request = { path: '', headers: { 'x-user': `user-${user}` } }
    const route = routeFor(
      routes,
      request,
      () => Number.NaN,
      () => {},
    )
    return route?.tag
  }
  const USERS = 10_000
  const counts: Record<string, number> = {}
  for (let user = 0; user < USERS; user++) {
    const way = wayOf(user, 0.4) ?? 'none'
    counts[way] = (counts[way] ?? 0) + 1
    if (wayOf(user, 0.2) === 'first') expect(way).toBe('first')
    expect(wayOf(user, 0.4) ?? 'none').toBe(way)
  }
  // The keys are fixed, and so are these.
  expect(counts.first / USERS).toBeCloseTo(0.4, 1)
  expect(counts.second / USERS).toBeCloseTo(0.3, 1)
  expect(counts.none / USERS).toBeCloseTo(0.3, 1)
})

test('what an earlier life has accepted waits in the line of its class, and not before the others', async () => {
  const BACKLOG = 300
  const store = memoryResults()
  async function* unfinished() {
    for (let n = 0; n < BACKLOG; n++)
      yield { id: `id-${n}`, request: encodeRequest({ body: Buffer.from('old'), className: 'batch' }) }
  }
  await opened({ results: { ...store, unfinished }, classes: { interactive: { weight: 4 }, batch: {} } })
  const reply = serving.ask('sync', 'new')
  await until(
    () => serving.stat('waiting') === BACKLOG + 1,
    () => `all: ${serving.stat('waiting')}`,
  )
  const order: string[] = []
  while (order.length <= BACKLOG) {
    const record = await serving.one()
    order.push(textOf(record))
    serving.ack(record)
  }
  expect((await reply).status).toBe(204)
  // More than are given at once were before it.
  expect(order.indexOf('new')).toBeLessThan(BACKLOG / 2)
  expect(serving.stat('in_flight')).toBe(0)
})
