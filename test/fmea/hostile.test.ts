// Input of whoever wishes us ill, on raw connections: it is refused in fixed words, is bounded in time, and harms nobody else.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ServingProcess } from './support/serving-process.js'
import { connectionsHere, SlowCrowd } from './support/slow-crowd.js'

const SLOW = connectionsHere(10_000)
/** For each of them: all that it holds, its socket and what has come. */
const BYTES_EACH_MAX = 32_768
const CROWD_MS = 60_000
/** Each sends a byte so often. */
const DRIP_MS = 500
const MARK = 'evil-mark'
const BODY_BYTES = 10_000
const LIMITS = {
  connections: SLOW + 100,
  headersTimeoutMs: 3_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 1_000,
  bodyBytes: BODY_BYTES,
}
const SYNC = 'POST /v1/process/sync HTTP/1.1'

let served: ServingProcess
let crowd: SlowCrowd | undefined
/** Requests that were as they should be. */
let proper = 0
let bytesAtFirst = 0
beforeAll(async () => {
  served = await ServingProcess.begin({ options: { limits: LIMITS } })
  bytesAtFirst = await served.residentBytes()
})
afterAll(() => served?.end())
afterEach(() => crowd?.end())

const head = (lines: string[], first = SYNC) => `${[first, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`
const get = (path: string) => head(['Connection: close'], `GET /v1/process/${path} HTTP/1.1`)

/** Sends it, and gives all that came until the server closed. */
async function said(text: string): Promise<{ statuses: number[]; text: string }> {
  const raw = await served.raw()
  raw.write(text)
  const all = await raw.closed()
  return { statuses: raw.statuses, text: all }
}

const CASES: [string, number | undefined, string][] = [
  ['headers that are too large', 431, head([`X-Large: ${MARK}${'x'.repeat(20_000)}`])],
  ['a body that says it is too large', 413, `${head([`Content-Length: ${100_000_000}`])}${MARK}`],
  ['no HTTP', 400, `${MARK}\r\n\r\n`],
  ['a chunk whose length is none', 400, `${head(['Transfer-Encoding: chunked'])}${MARK}\r\n`],
  [
    'a chunk that is longer than it says',
    400,
    `${head(['Transfer-Encoding: chunked'])}2\r\n${MARK}\r\n0\r\n\r\n`,
  ],
  ['two lengths', 400, `${head(['Content-Length: 2', 'Content-Length: 9'])}${MARK}`],
  ['a length of two', 400, `${head(['Content-Length: 2, 9'])}${MARK}`],
  [
    'a length and chunks',
    400,
    `${head(['Content-Length: 9', 'Transfer-Encoding: chunked'])}0\r\n\r\n${MARK}`,
  ],
  ['chunks that are none', 400, `${head([`Transfer-Encoding: ${MARK}`, 'Content-Length: 2'])}hi`],
  ['two hosts', 400, head([`Host: ${MARK}`, 'Content-Length: 0'])],
  ['a header without a name', 400, head([`: ${MARK}`])],
  ['a header with a zero', 400, head([`X-Zero: a\0${MARK}`])],
  ['an id of 300 characters', 400, head([`X-Numaflow-Id: ${MARK}${'x'.repeat(291)}`, 'Connection: close'])],
  ['an id with a space', 400, head([`X-Numaflow-Id: ${MARK} a`, 'Connection: close'])],
  ['an id with a line feed', 400, head([`X-Numaflow-Id: ${MARK}\nSet-Cookie: a`, 'Connection: close'])],
  ['an id with a carriage return', 400, head([`X-Numaflow-Id: ${MARK}\rSet-Cookie: a`, 'Connection: close'])],
  ['two ids', 400, head([`X-Numaflow-Id: ${MARK}`, 'X-Numaflow-Id: b', 'Connection: close'])],
  ['a time that is none', 400, head([`X-Request-Timeout-Ms: ${MARK}`, 'Connection: close'])],
  ['a path that is none of ours', 404, get(`../${MARK}`)],
  ['another method', 405, head(['Connection: close'], `DELETE /v1/process/sync?${MARK} HTTP/1.1`)],
  ['CONNECT', 405, head([], `CONNECT ${MARK}:80 HTTP/1.1`)],
  ['an upgrade', 200, head(['Connection: Upgrade, close', `Upgrade: ${MARK}`, 'Content-Length: 0'])],
  ['an expectation of something else', 417, head([`Expect: ${MARK}`])],
  ['?id= that is not encoded', 404, get(`fetch?id=%${MARK}%zz`)],
  ['?id= of half a character', 400, get(`fetch?id=${MARK}%c3%28`)],
  ['?id= with a line feed', 400, get(`fetch?id=${MARK}%0d%0aSet-Cookie:a`)],
  ['?id= of 300 characters', 400, get(`fetch?id=${MARK}${'x'.repeat(291)}`)],
  ['?id= twice', 400, get(`status?id=${MARK}&id=b`)],
  ['no id', 400, get(`sse?${MARK}`)],
  ['an id of markup', 404, get(`sse?id=<script>${MARK}</script>`)],
]

describe('input that is none', () => {
  test.each(CASES)('%s: %s', async (_, status, text) => {
    const answer = await said(text)
    expect(answer.statuses).toEqual([status])
    if (status === 200) proper++
    expect(answer.text).not.toContain(MARK)
    expect(answer.text).not.toMatch(/set-cookie/i)
  })

  test('a body of chunks that grows too large is 413, once', async () => {
    const raw = await served.raw()
    raw.write(head(['Transfer-Encoding: chunked']))
    const chunk = `1000\r\n${MARK.padEnd(0x1000, 'x')}\r\n`
    raw.write(chunk.repeat(4))
    await raw.until(/413 /)
    raw.write('0\r\n\r\n')
    expect(raw.text).not.toContain(MARK)
    raw.socket.end()
    await raw.closed()
    expect(raw.statuses).toEqual([413])
  })

  test('a body that is not UTF-8, is no JSON or not what is wanted is 422, and is not repeated', async () => {
    const bodies = [
      Buffer.from(`{"token":"${MARK}\xff"}`, 'latin1'),
      Buffer.from(`\ufeff{"token":"${MARK}"}`, 'utf16le'),
      `{"token":"${MARK}`,
      `{"token":{"${MARK}":1}}`,
      '{"__proto__":{"token":"a"}}',
      `${'['.repeat(5_000)}"${MARK}"`,
    ]
    for (const [i, body] of bodies.entries()) {
      const { status, body: answer } = await served.post('sync/schema', body)
      expect([i, status]).toEqual([i, 422])
      expect(answer).not.toContain(MARK)
    }
    expect((await served.post('sync/schema', '{"token":"a"}')).status).toBe(200)
    proper++
  })

  test('a second request behind a refused one is not smuggled in', async () => {
    const inner = head(['X-Numaflow-Id: smuggled', 'Content-Length: 0'])
    const { statuses } = await said(
      `${head(['Content-Length: 5', 'Transfer-Encoding: chunked'])}0\r\n\r\n${inner}`,
    )
    expect(statuses).toEqual([400])
    expect((await served.get('status?id=smuggled')).status).toBe(404)
    expect(served.steps('begun')).not.toContain('smuggled')
  })

  test('a header that a handler took from a request cannot break the answer', async () => {
    served.set('odd', 'a\r\nSet-Cookie: evil=1')
    const { status, headers, body } = await served.post('sync', 'odd header')
    expect([status, headers['set-cookie']]).toEqual([500, undefined])
    expect(body).not.toContain('evil')
    proper++
  })
})

test(
  `${SLOW} connections whose headers come byte by byte end in time, and others are answered meanwhile`,
  async () => {
    const slow = new SlowCrowd(served.port, SLOW, head([`X-Slow: ${'x'.repeat(1_000)}`]), DRIP_MS)
    crowd = slow
    const before = proper
    await served.until(
      async () => {
        if ((await served.post('sync', 'meanwhile')).status === 200) proper++
        return slow.ended === SLOW
      },
      () => `the end of ${SLOW} connections: ${slow.opened} opened, ${slow.ended} ended`,
      CROWD_MS,
    )
    expect(proper).toBeGreaterThan(before)
    for (const first of Object.keys(slow.said)) expect(['', 'HTTP/1.1 408']).toContain(first)
  },
  2 * CROWD_MS,
)

test(
  `${SLOW} bodies that do not come keep nobody out, and take little memory`,
  async () => {
    const slow = new SlowCrowd(served.port, SLOW, `${head(['Content-Length: 4'])}bo`)
    crowd = slow
    await served.until(async () => (await served.stats()).held_bytes === 2 * SLOW, 'their halves', CROWD_MS)
    expect((await served.residentBytes()) - bytesAtFirst).toBeLessThan(SLOW * BYTES_EACH_MAX)
    for (let n = 0; n < 20; n++, proper++)
      expect(await served.post('sync', `${n}`)).toMatchObject({ status: 200, body: `done ${n}` })
    slow.end()
    await served.until(async () => (await served.stats()).client_gone >= SLOW, 'that they are gone', CROWD_MS)
  },
  2 * CROWD_MS,
)

test('after all of it nobody waits, nothing is held, and no message came of it', async () => {
  const stats = await served.untilStill()
  expect(served.steps('begun')).toHaveLength(proper)
  // Some could not be told: they still sent when their connection ended.
  expect(stats.answered_408 + (stats.answered_0 ?? 0)).toBe(SLOW)
  expect((await served.post('sync', 'next')).body).toBe('done next')
  expect(served.stderr).not.toContain(MARK)
})
