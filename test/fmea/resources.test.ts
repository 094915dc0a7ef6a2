// What runs out: descriptors, room for bodies, the disk under the results. It is refused, nothing else suffers, and it passes.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import type { Raw } from '../unit/sources/requests/kit.js'
import { ServingProcess } from './support/serving-process.js'

const MIB = 1_048_576
const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0
const SPARE_DESCRIPTORS = 20
const CONNECTIONS = 60

let served: ServingProcess
afterEach(() => served?.end())

const post = (body: string, lengthBytes = body.length) =>
  `POST /v1/process/sync HTTP/1.1\r\nHost: a\r\nContent-Length: ${lengthBytes}\r\n\r\n${body}`

function limitDescriptors(pid: number, count: number): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${count}:`])
  expect([status, String(stderr)]).toEqual([0, ''])
}

test.skipIf(!hasPrlimit)(
  'no descriptors: who is connected is answered, and when there are some, everybody is',
  async () => {
    served = await ServingProcess.begin()
    const pid = served.child.pid as number
    const friend = await served.raw()
    friend.write(post('first'))
    await friend.until(/done first$/)
    limitDescriptors(pid, readdirSync(`/proc/${pid}/fd`).length + SPARE_DESCRIPTORS)
    const crowd = Array.from({ length: CONNECTIONS }, () => served.raw())
    // Some have no room: Node closes them, or they wait in the backlog.
    const raws = await Promise.all(crowd)
    for (const raw of raws) raw.write(post('many'))
    await served.until(() => raws.filter(({ statuses }) => statuses[0] === 200).length > 5, 'some answers')
    expect(readdirSync(`/proc/${pid}/fd`).length).toBeGreaterThan(SPARE_DESCRIPTORS)
    friend.write(post('second'))
    await friend.until(/done second$/)
    expect(raws.filter(({ statuses }) => statuses[0] === 200).length).toBeLessThan(CONNECTIONS)
    for (const { socket } of raws) socket.destroy()
    await served.until(
      async () => (await served.post('sync', 'a stranger')).status === 200,
      'room for strangers',
    )
    await served.untilStill()
    expect(served.hasEnded).toBe(false)
  },
)

test('bodies fill their budget: more are 429 at once, and those that were held are answered', async () => {
  served = await ServingProcess.begin({ options: { concurrency: false }, limits: { messageBytes: MIB } })
  const count = 80
  // Room for what the handler adds to it.
  const size = MIB - 1_024
  const part = 'x'.repeat(size - 1)
  const raws: Raw[] = []
  const refused = () => raws.filter(({ statuses }) => statuses[0] === 429)
  for (let n = 0; n < count && refused().length === 0; n++) {
    const raw = await served.raw()
    raws.push(raw.write(post(part, size)))
    await served.until(() => raw.socket.writableLength === 0 || raw.isClosed, 'a body on its way')
  }
  await served.until(
    () => refused().length > 0,
    () => `a refusal of ${raws.length}`,
  )
  expect(refused()[0].text).toMatch(/\r\nRetry-After: \d+\r\n/)
  expect(raws.length).toBeGreaterThan(60)
  for (const raw of raws) if (raw.statuses.length === 0) raw.write('x')
  await served.until(() => raws.every(({ statuses }) => statuses.length === 1), 'all answers')
  expect(new Set(raws.map(({ statuses }) => statuses[0]))).toEqual(new Set([200, 429]))
  // Those whose bodies came when there was less room than when they began are 429, too; not all are.
  expect(refused().length).toBeLessThan(raws.length / 2)
  for (const { socket } of raws) socket.destroy()
  await served.untilStill()
})

test('the results have no room: /async is 503, /sync goes on, and what was accepted is kept when there is room', async () => {
  served = await ServingProcess.begin({ durable: true })
  served.set('closed')
  const id = { 'X-Numaflow-Id': 'before' }
  expect((await served.post('async', 'holds before', id)).status).toBe(200)
  served.set('full')
  served.unset('closed')
  const { status, headers, body } = await served.post('async', 'now', { 'X-Numaflow-Id': 'now' })
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  expect(body).not.toContain('secret')
  expect((await served.get('status?id=now')).status).toBe(404)
  for (const headers of [{}, { 'X-Numaflow-Id': 'own' }] as Record<string, string>[])
    expect(await served.post('sync', 'now', headers)).toMatchObject({ status: 200, body: 'done now' })
  // Its result is there and not safe: nobody is told of it yet.
  await served.until(async () => (await served.stats()).results_failed >= 2, 'tries')
  expect((await served.get('fetch?id=before')).body).toContain('in-progress')
  expect(await served.stats()).toMatchObject({ waiting: 0, results_pending: 1 })
  served.unset('full')
  await served.until(
    async () => (await served.get('fetch?id=before')).body === 'done holds before',
    'its result',
  )
  expect((await served.post('async', 'now', { 'X-Numaflow-Id': 'now' })).status).toBe(200)
  await served.untilStill()
})

test('a result store that is full of requests: /async is 503, /sync goes on, and it passes', async () => {
  served = await ServingProcess.begin({ durable: true, resultBytes: MIB })
  served.set('closed')
  const body = 'holds '.padEnd(100_000, 'x')
  const accepted: string[] = []
  for (;;) {
    const id = `order-${accepted.length}`
    const { status, headers } = await served.post('async', body, { 'X-Numaflow-Id': id })
    if (status === 503) expect(headers['retry-after']).toBe('5')
    if (status !== 200) break
    accepted.push(id)
    expect(accepted.length).toBeLessThan(20)
  }
  expect((await served.post('sync', 'now')).status).toBe(200)
  served.unset('closed')
  await served.until(async () => (await served.post('async', 'now')).status === 200, 'room')
  await served.untilStill()
  expect(served.steps('kept')).toEqual(expect.arrayContaining(accepted))
})
