// SIGTERM with requests in flight: who was taken is answered, who comes then is not, and the process ends with 0.

import { Agent } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { ServingProcess, type Setup } from './support/serving-process.js'

let served: ServingProcess
afterEach(() => served?.end())

const IDS = ['a', 'b', 'c', 'd', 'e']

/** Starts one where all that hold are in their handlers: `waiting` are the answers to come. */
async function withRequestsInFlight(setup: Setup = {}) {
  served = await ServingProcess.begin(setup)
  served.set('closed')
  const waiting = IDS.map((id) => served.post('sync', `holds ${id}`))
  await served.until(() => served.steps('begun').length === IDS.length, 'all in their handlers')
  return waiting
}

/** Waits until the process says that it drains: from then on nobody is let in. */
async function drain(): Promise<void> {
  served.child.kill('SIGTERM')
  // With an id that is none: who is let in is 400, and no message.
  const isRefused = async () => (await served.post('sync', '', { 'X-Numaflow-Id': 'no id' })).status === 503
  await served.until(isRefused, 'a refusal')
}

test('who was taken is answered, who comes is 503 with Connection: close; exit code 0', async () => {
  const waiting = await withRequestsInFlight()
  await drain()
  for (const to of ['sync', 'async']) {
    const { status, headers } = await served.post(to, 'too late')
    expect([status, headers.connection, headers['retry-after']]).toEqual([503, 'close', '1'])
  }
  served.unset('closed')
  for (const [i, { status, body }] of (await Promise.all(waiting)).entries())
    expect([status, body]).toEqual([200, `done holds ${IDS[i]}`])
  expect(await served.ended).toEqual({ code: 0, signal: null })
  expect(served.steps('begun')).toHaveLength(IDS.length)
})

test('a connection that was open is told that it ends, with the answer or the refusal', async () => {
  served = await ServingProcess.begin()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  expect((await served.post('sync', 'first', {}, agent)).headers.connection).toBe('keep-alive')
  served.set('closed')
  const waiting = served.post('sync', 'holds it')
  await served.until(() => served.steps('begun').length === 2, 'it in its handler')
  await drain()
  const refused = await served.post('sync', 'second', {}, agent)
  expect([refused.status, refused.headers.connection]).toEqual([503, 'close'])
  served.unset('closed')
  const { status, headers } = await waiting
  expect([status, headers.connection]).toEqual([200, 'close'])
  agent.destroy()
  expect(await served.ended).toEqual({ code: 0, signal: null })
})

test('what was accepted in memory is finished', async () => {
  const waiting = await withRequestsInFlight()
  for (const id of IDS)
    expect((await served.post('async', `holds ${id}`, { 'X-Numaflow-Id': id })).status).toBe(200)
  await drain()
  // It is looked for, as long as the process is there.
  expect((await served.get('fetch?id=a')).body).toContain('in-progress')
  served.unset('closed')
  expect(await served.ended).toEqual({ code: 0, signal: null })
  expect(served.steps('answered')).toEqual(expect.arrayContaining(IDS))
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200)
})

test('what was accepted on the disk is finished, or the next run does it', async () => {
  const setup = { durable: true, map: { concurrency: 2 }, limits: { inFlight: 4 } }
  served = await ServingProcess.begin(setup)
  served.set('closed')
  const ids = Array.from({ length: 20 }, (_, n) => `order-${n}`)
  for (const id of ids)
    expect((await served.post('async', `holds ${id}`, { 'X-Numaflow-Id': id })).status).toBe(200)
  await drain()
  served.unset('closed')
  expect(await served.ended).toEqual({ code: 0, signal: null })
  // Not all of them were read: that is what is to be seen.
  expect(served.steps('begun').length).toBeLessThan(ids.length)
  served = await ServingProcess.begin({ ...setup, folder: served.folder })
  for (const id of ids)
    await served.until(async () => (await served.get(`fetch?id=${id}`)).body === `done holds ${id}`, id)
  expect(served.steps('begun').toSorted()).toEqual(ids.toSorted())
})

test('a handler that does not end: who waits is told so within the grace; exit code 1', async () => {
  const waiting = await withRequestsInFlight({ limits: { graceMs: 300 } })
  await drain()
  expect(await served.ended).toEqual({ code: 1, signal: null })
  for (const { status } of await Promise.all(waiting)) expect([500, 503]).toContain(status)
})
