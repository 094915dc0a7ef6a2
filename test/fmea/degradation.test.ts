// Handlers that always fail, or take too long: each request is told so in its time, and all is well again when they are.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServingProcess } from './support/serving-process.js'

const AT_ONCE = 20
const TIMEOUT = { 'X-Request-Timeout-Ms': '300' }

let served: ServingProcess
beforeAll(async () => {
  served = await ServingProcess.begin({ map: { concurrency: AT_ONCE } })
})
afterAll(() => served?.end())

const all = (text: string, headers = {}) =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, n) => served.post('sync', `${text} ${n}`, headers)))

async function allIsWell(): Promise<void> {
  for (const [n, { status, body }] of (await all('well')).entries())
    expect([status, body]).toEqual([200, `done well ${n}`])
  await served.untilStill()
}

test('a handler that always fails: 500 with the reason in one line, for who asks later too; then it recovers', async () => {
  served.set('down')
  for (const { status, headers, body } of await all('fails')) {
    expect([status, headers['content-type']]).toEqual([500, 'application/problem+json'])
    const { detail } = JSON.parse(body)
    expect(detail).toContain('the model is down')
    expect(body).not.toContain('secret')
  }
  expect((await served.post('async', 'fails later', { 'X-Numaflow-Id': 'later' })).status).toBe(200)
  await served.until(async () => (await served.get('status?id=later')).body.includes('failed'), 'its end')
  expect(await served.get('fetch?id=later')).toMatchObject({ status: 500 })
  expect((await served.get('sse?id=later')).body).toMatch(/^event: failure\ndata: .*the model is down.*\n\n$/)
  served.unset('down')
  // The same id, asked again: what was done is done, also where it failed. Of /sync a failure is not kept.
  expect((await served.post('sync', 'again', { 'X-Numaflow-Id': 'later' })).status).toBe(500)
  await allIsWell()
})

test('a schema that never says anything: 503 in time for /sync and /async, and nothing of it is left', async () => {
  const headers = { ...TIMEOUT, 'X-Numaflow-Id': 'unknown' }
  for (const to of ['sync/never', 'async/never']) {
    const { status, headers: given } = await served.post(to, '{}', headers)
    expect([to, status, given['retry-after']]).toEqual([to, 503, '1'])
    expect((await served.get('status?id=unknown')).status).toBe(404)
  }
  await allIsWell()
})

test('a /sync request that failed is tried again under its id', async () => {
  const headers = { 'X-Numaflow-Id': 'tried-again' }
  served.set('down')
  expect((await served.post('sync', 'it', headers)).status).toBe(500)
  served.unset('down')
  expect(await served.post('sync', 'it', headers)).toMatchObject({ status: 200, body: 'done it' })
  await allIsWell()
})

test('a handler that takes too long: 504 in time, the messages are late; then it recovers', async () => {
  const before = await served.stats()
  served.set('closed')
  for (const { status, body } of await all('holds', TIMEOUT)) {
    expect(status).toBe(504)
    expect(JSON.parse(body).message).toBe('the answer did not come in time')
  }
  served.unset('closed')
  await allIsWell()
  const { answered_504, late } = await served.stats()
  expect([answered_504 - (before.answered_504 ?? 0), late - before.late]).toEqual([AT_ONCE, AT_ONCE])
})

test('what has not begun when nobody waits any more is not begun', async () => {
  served.set('closed')
  const first = all('holds first', TIMEOUT)
  await served.until(() => served.steps('begun').length >= AT_ONCE, 'handlers that are busy')
  const begun = () => served.steps('begun').length
  await first
  const busy = begun()
  // The handlers are still held: who comes now waits in front of them.
  for (const { status } of await all('behind', TIMEOUT)) expect([503, 504]).toContain(status)
  expect(begun()).toBe(busy)
  served.unset('closed')
  await served.untilStill()
  expect(begun()).toBe(busy)
  await allIsWell()
})

test('who listens to a /sync request is told its end, also where nothing of it is kept', async () => {
  const listens = async (id: string, timeoutMs: string) => {
    served.set('closed')
    const answer = served.post('sync', `holds ${id}`, {
      'X-Numaflow-Id': id,
      'X-Request-Timeout-Ms': timeoutMs,
    })
    await served.until(() => served.steps('begun').includes(id), `${id} in its handler`)
    const events = served.get(`sse?id=${id}`)
    await served.until(async () => (await served.stats()).sse_listeners > 0, `who listens to ${id}`)
    return { answer, events }
  }
  const failed = await listens('heard-failed', '10000')
  served.set('down')
  served.unset('closed')
  expect((await failed.answer).status).toBe(500)
  expect((await failed.events).body).toMatch(/event: failure\ndata: .*the model is down/)
  served.unset('down')
  const done = await listens('heard', '10000')
  served.unset('closed')
  expect((await done.answer).status).toBe(200)
  expect((await done.events).body).toContain('data: done holds heard\n')
  await allIsWell()
})
