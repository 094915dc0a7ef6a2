// The source `http` on the built command line: whoever got a 2xx has its message in the ledger, whatever dies.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { makeCertificate } from '../support/certificate.js'
import { postText, until } from '../unit/sources/requests/kit.js'
import { freePort, Load, Served, serve } from './http-kit.js'

let served: Served
let load: Load | undefined
afterEach(async () => {
  await load?.stop()
  load = undefined
  await served?.end()
})

/** Bodies of 2xx that the sink has not written. */
function lost({ ledger }: Served, { outcomes }: Load): string[] {
  const written = new Set(ledger)
  return outcomes.filter(({ status, body }) => status === 200 && !written.has(body)).map(({ body }) => body)
}
function repeated({ ledger }: Served): string[] {
  return ledger.filter((body, i) => ledger.indexOf(body) !== i)
}
/** Waits until the message with this id is in flight. A bad event time is looked at after the id: so no message is sent. */
async function inFlight(id: string): Promise<void> {
  const headers = { 'X-Numaflow-Id': id, 'X-Numaflow-Event-Time': 'none' }
  while (!served.hasEnded && (await served.post('', headers)).status !== 409);
}
const answersOf = ({ outcomes }: Load) => outcomes.filter(({ status }) => status === 200)

describe('a request', () => {
  test('gets the answer of the sink, or that there is none', async () => {
    served = await serve()
    expect(await served.post('hello')).toMatchObject({ status: 200, answer: 'hello' })
    const nacked = await served.post('nack this')
    expect(nacked.status).toBe(500)
    expect(nacked.answer).not.toContain('secret')
    served.child.kill('SIGTERM')
    const { code, stderr } = await served.ended
    expect(code).toBe(0)
    expect(JSON.parse(stderr.trim().split('\n').at(-1) as string)).toMatchObject({
      read: 2,
      acked: 1,
      nacked: 1,
    })
  })

  test('that no handler or sink can take is answered 500, though there is no fallback sink; the others are served', async () => {
    served = await serve()
    for (const body of ['throws', 'kills its map thread', 'kills its sink thread']) {
      const answered = await served.post(body)
      expect(answered.status, body).toBe(500)
      expect(answered.answer).not.toMatch(/secret|thread|poison/)
      expect((await served.post('hello')).status).toBe(200)
    }
    expect(served.ledger).toEqual(['hello', 'hello', 'hello'])
  })

  test('with the id of one that is in flight is 409; with that of one that is done, another message', async () => {
    served = await serve()
    writeFileSync(join(served.folder, 'down'), '')
    const headers = { 'X-Numaflow-Id': 'order-1' }
    const first = served.post('first', headers)
    await inFlight('order-1')
    const raw = connect(served.port, '127.0.0.1', () =>
      raw.write(postText('gone', ['X-Numaflow-Id: order-2'])),
    )
    await inFlight('order-2')
    expect((await served.post('second', headers)).status).toBe(409)
    // Its client goes away; its message does not.
    raw.destroy()
    rmSync(join(served.folder, 'down'))
    expect((await first).status).toBe(200)
    await until(
      () => served.ledger.includes('gone'),
      () => String(served.ledger),
    )
    expect((await served.post('third', headers)).status).toBe(200)
    expect(served.ledger.toSorted()).toEqual(['first', 'gone', 'third'])
  })
})

describe('under load', () => {
  const some = (n: number) =>
    until(
      () => (load as Load).count(200) >= n,
      () => `${n} answers: ${served.stderr}`,
      60_000,
    )

  test('SIGTERM: who was taken gets its answer, who was not is not in the ledger; exit code 0', async () => {
    served = await serve()
    load = new Load(served, 24)
    await some(500)
    served.child.kill('SIGTERM')
    const { code, stderr } = await served.ended
    await load.stop()
    expect([code, lost(served, load), repeated(served)]).toEqual([0, [], []])
    expect(answersOf(load).every(({ body, answer }) => body === answer)).toBe(true)
    // Nobody was taken and not answered.
    expect(served.ledger.toSorted()).toEqual(load.bodies(200).toSorted())
    for (const status of load.statuses) expect([200, 503, undefined]).toContain(status)
    const summary = JSON.parse(stderr.trim().split('\n').at(-1) as string)
    expect(summary).toMatchObject({ ok: true, acked: load.count(200), read: load.count(200) })
  })

  test('the map thread dies: all are answered 200', async () => {
    served = await serve()
    load = new Load(served, 24, (n) => (n % 300 === 250 ? `${n} dies-in-map` : String(n)))
    await some(1_000)
    await load.stop()
    expect(load.statuses).toEqual(new Set([200]))
    expect([lost(served, load), repeated(served)]).toEqual([[], []])
    expect(existsSync(join(served.folder, '250 dies-in-map-dies-in-map'))).toBe(true)
  })

  test('the thread of the sink dies: all are answered 200', async () => {
    served = await serve()
    load = new Load(served, 24, (n) => (n % 300 === 250 ? `${n} dies-in-sink` : String(n)))
    await some(1_000)
    await load.stop()
    expect(load.statuses).toEqual(new Set([200]))
    expect(lost(served, load)).toEqual([])
  })

  test('the thread of the source dies: connections break, and then it serves again, on the same port', async () => {
    served = await serve()
    load = new Load(served, 24, (n) => (n === 300 ? `${n} dies-in-source` : String(n)))
    await until(
      () => (load as Load).count(undefined) > 0,
      () => `a broken connection: ${served.stderr}`,
      60_000,
    )
    const before = load.count(200)
    await some(before + 300)
    await load.stop()
    expect(lost(served, load)).toEqual([])
    expect(load.bodies(undefined)).toContain('300 dies-in-source')
    for (const status of load.statuses) expect([200, 503, undefined]).toContain(status)
    served.child.kill('SIGTERM')
    expect((await served.ended).code).toBe(0)
  })

  test('SIGKILL: nothing that was answered 200 is lost', async () => {
    served = await serve()
    load = new Load(served, 24)
    await some(500)
    served.child.kill('SIGKILL')
    await served.ended
    await load.stop()
    expect(lost(served, load)).toEqual([])
    expect(load.count(undefined)).toBeGreaterThan(0)
  })

  test('clients that go away: nobody else notices, and what was taken is written', async () => {
    served = await serve()
    load = new Load(served, 8)
    const gone = Array.from({ length: 100 }, (_, i) => `gone ${i}`)
    for (const body of gone) {
      const raw = connect(served.port, '127.0.0.1', () => {
        raw.write(postText(body), () => raw.destroy())
      })
      raw.on('error', () => {})
      await until(
        () => raw.destroyed,
        () => body,
      )
    }
    await some(load.count(200) + 300)
    await load.stop()
    expect(load.statuses).toEqual(new Set([200]))
    expect([lost(served, load), repeated(served)]).toEqual([[], []])
  })
})

describe('a sink that is down', () => {
  const most = 50
  const OPTIONS = JSON.stringify({ inFlight: most, timeoutMs: 2_000 })

  test('as many as may wait do so, to the end of their time; more are 429 at once; then all is well again', async () => {
    served = await serve({ OPTIONS })
    const down = join(served.folder, 'down')
    writeFileSync(down, '')
    const burst = Array.from({ length: 10 * most }, (_, n) => served.post(`burst ${n}`))
    const outcomes = await Promise.all(burst)
    const byStatus = (status: number) => outcomes.filter((outcome) => outcome.status === status)
    expect(byStatus(429).length).toBeGreaterThanOrEqual(1)
    expect(byStatus(429).every(({ retryAfter }) => retryAfter === '1')).toBe(true)
    expect(byStatus(504).length).toBeGreaterThanOrEqual(most)
    expect(byStatus(504).length + byStatus(429).length + byStatus(503).length).toBe(outcomes.length)
    rmSync(down)
    // What is in flight goes on, though nobody waits.
    await until(
      () => byStatus(504).every(({ body }) => served.ledger.includes(body)),
      () => 'all that was taken',
    )
    expect(await served.post('next')).toMatchObject({ status: 200, answer: 'next' })
    expect(byStatus(429).some(({ body }) => served.ledger.includes(body))).toBe(false)
  })

  test('a drain that takes too long: who still waits is told 500 or 503; exit code 1', async () => {
    served = await serve({ GRACE_MS: '300' })
    writeFileSync(join(served.folder, 'down'), '')
    const waiting = ['a', 'b', 'c'].map((id) => served.post(id, { 'X-Numaflow-Id': id }))
    for (const id of ['a', 'b', 'c']) await inFlight(id)
    served.child.kill('SIGTERM')
    const { code, stderr } = await served.ended
    expect([code, stderr]).toEqual([1, expect.stringContaining('ERR_DRAIN')])
    for (const { status } of await Promise.all(waiting)) expect([500, 503]).toContain(status)
  })
})

test('a port in use ends the run with exit code 2, and names it', async () => {
  served = await serve()
  const other = new Served(served.port, {}, [])
  const { code, stdout, stderr } = await other.ended
  await other.end()
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr.trim().split('\n').at(-1)).toMatch(
    new RegExp(`^ERR_OPEN .*127\\.0\\.0\\.1:${served.port}: the port is in use \\(EADDRINUSE\\)`),
  )
})

describe('TLS and a token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  const hasOpenssl = makeCertificate(tls)

  test.skipIf(!hasOpenssl)('who has both is answered, and a new token needs no restart', async () => {
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'one\n')
    served = new Served(await freePort(), { OPTIONS: JSON.stringify({ tls, auth: { tokenFile } }) }, [])
    await until(
      () => served.stderr.includes(`http listens on https://127.0.0.1:${served.port}/`),
      () => served.stderr,
      30_000,
    )
    const post = (token: string) => postSecurely(served.port, readFileSync(tls.certFile), token)
    while ((await post('one')) === 503);
    expect([await post('one'), await post('two')]).toEqual([200, 401])
    writeFileSync(tokenFile, 'one\ntwo\n')
    while ((await post('two')) !== 200) expect(served.hasEnded).toBe(false)
    expect(await post('one')).toBe(200)
    expect((await served.post('plainly')).status).toBeUndefined()
    expect(served.stderr).not.toMatch(/"(one|two)"|Bearer/)
  })
})

function postSecurely(port: number, ca: Buffer, token: string): Promise<number | undefined> {
  const headers = { Authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method: 'POST', ca, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    sent.on('error', reject)
    sent.end('securely')
  })
}
