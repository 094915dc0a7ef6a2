// The thread of a handler dies, that of the source, and the whole process: requests in flight are answered or their connections end.

import { afterEach, describe, expect, test } from 'vitest'
import { Crowd } from './support/crowd.js'
import { ServingProcess } from './support/serving-process.js'

let served: ServingProcess
let crowd: Crowd | undefined
afterEach(async () => {
  await crowd?.stop()
  crowd = undefined
  await served?.end()
})

const some = (count: number) => served.until(() => (crowd as Crowd).count(200) >= count, `${count} answers`)

/** Each answer is the one to its own body. */
function expectOwnAnswers(): void {
  for (const { status, body, answer } of (crowd as Crowd).outcomes)
    if (status === 200) expect(answer).toBe(`done ${body}`)
}

describe('the thread of the handlers dies', () => {
  test('once: all who wait are answered, each with its own', async () => {
    served = await ServingProcess.begin()
    crowd = new Crowd(served, 16, (n) => (n % 200 === 100 ? `exits once ${n}` : `${n}`))
    await some(600)
    await crowd.stop()
    expect(new Set(crowd.outcomes.map(({ status }) => status))).toEqual(new Set([200]))
    expectOwnAnswers()
    await served.untilStill()
  })

  test('each time at the same body: that is 500 without a word of why, or failed; the others are answered', async () => {
    served = await ServingProcess.begin()
    crowd = new Crowd(served, 8)
    const [poison, accepted] = await Promise.all([
      served.post('sync', 'exits always'),
      served.post('async', 'exits ever again', { 'X-Numaflow-Id': 'poison' }),
    ])
    expect([poison.status, accepted.status]).toEqual([500, 200])
    expect(poison.body).not.toMatch(/always|secret|node_modules|\.mjs/)
    await served.until(async () => (await served.get('status?id=poison')).body.includes('failed'), 'its end')
    expect((await served.get('fetch?id=poison')).status).toBe(500)
    await some(crowd.count(200) + 100)
    await crowd.stop()
    expect(new Set(crowd.outcomes.map(({ status }) => status))).toEqual(new Set([200]))
    expectOwnAnswers()
    await served.untilStill()
  })
})

describe('the thread of the source dies', () => {
  test('connections end, and then it serves again on the same port; nobody gets the answer to another', async () => {
    served = await ServingProcess.begin()
    served.set('closed')
    const held = Array.from({ length: 8 }, (_, n) => served.post('sync', `holds ${n}`))
    await served.until(() => served.steps('begun').length === held.length, 'all in their handlers')
    crowd = new Crowd(served, 8)
    await some(50)
    const killer = await served.post('sync', 'kills the source once')
    expect(killer.status).toBeUndefined()
    for (const { status } of await Promise.all(held)) expect(status).toBeUndefined()
    // What they left in the handlers comes to an end under numbers that are given again.
    served.unset('closed')
    await some(crowd.count(200) + 200)
    await crowd.stop()
    expectOwnAnswers()
    for (const { status } of crowd.outcomes) expect([200, 503, undefined]).toContain(status)
    await served.untilStill()
    expect(await served.kill('SIGTERM')).toMatchObject({ code: 0 })
  })

  test('what was accepted on the disk is completed, each with its own answer', async () => {
    served = await ServingProcess.begin({ durable: true, map: { concurrency: 4 } })
    served.set('closed')
    const ids = Array.from({ length: 12 }, (_, n) => `order-${n}`)
    for (const id of ids)
      expect((await served.post('async', `holds ${id}`, { 'X-Numaflow-Id': id })).status).toBe(200)
    await served.until(() => served.steps('begun').length > 0, 'some in their handlers')
    await served.post('sync', 'kills the source once')
    await served.until(async () => (await served.get('status?id=order-0')).status === 200, 'its successor')
    served.unset('closed')
    for (const id of ids)
      await served.until(async () => (await served.get(`fetch?id=${id}`)).body === `done holds ${id}`, id)
    await served.untilStill()
  })
})

test('the process dies: nobody waits for ever, and another takes its place on the port', async () => {
  served = await ServingProcess.begin()
  served.set('closed')
  const held = Array.from({ length: 8 }, (_, n) => served.post('sync', `holds ${n}`))
  const events = served.get('sse?id=accepted')
  await served.until(() => served.steps('begun').length === held.length, 'all in their handlers')
  const died = await served.post('sync', 'aborts')
  expect([died, ...(await Promise.all(held))].map(({ status }) => status)).toEqual(Array(9).fill(undefined))
  expect((await events).status).toBe(404)
  expect(await served.ended).toEqual({ code: null, signal: 'SIGABRT' })
  served = await ServingProcess.begin({ folder: served.folder, port: served.port })
  expect((await served.post('sync', 'next')).status).toBe(200)
})

test('when() of a route throws: the route is not taken, and the request is answered', async () => {
  served = await ServingProcess.begin()
  const { status, body } = await served.post('sync/broken', 'hello')
  expect([status, body]).toEqual([200, 'done hello'])
  expect(await served.stats()).toMatchObject({ route_failures: 1, waiting: 0 })
  expect(served.stderr.match(/when\(\) failed/g)).toHaveLength(1)
})
