// The admin port of the built command line, under load, while things break.

import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { parsePrometheus, sampleValue } from '../support/prometheus.js'
import { Served, until } from '../support/served.js'

const SCRAPES = 30
const BYTES_MAX = 200_000
const STILL_MS = 500

let served: Served | undefined
afterEach(async () => {
  await served?.end()
  served = undefined
})

/** I10: read = acked + nacked + in flight + abandoned, in one scrape. */
function accountIn(text: string): { read: number; abandoned: number } {
  const families = parsePrometheus(text)
  const read = sampleValue(families, 'monovtx_read_total')
  const acked = sampleValue(families, 'monovtx_ack_total')
  const nacked = sampleValue(families, 'monovtx_nack_total')
  const inFlight = sampleValue(families, 'millrace_in_flight')
  const abandoned = sampleValue(families, 'millrace_abandoned_total')
  expect({ read, inFlight: inFlight >= 0 }).toEqual({
    read: acked + nacked + inFlight + abandoned,
    inFlight: true,
  })
  expect(sampleValue(families, 'monovtx_processing_time_count')).toBeGreaterThanOrEqual(acked + nacked)
  return { read, abandoned }
}

/** A condition: this has been the same for a while. */
function still(look: () => Promise<string>): () => Promise<boolean> {
  let before: string | undefined
  let sinceMs = 0
  return async () => {
    const now = await look()
    if (now !== before) sinceMs = performance.now()
    before = now
    return performance.now() - sinceMs > STILL_MS
  }
}

describe('/metrics', () => {
  it('adds up on every scrape under load, also over the death of a thread, and is small', async () => {
    served = await Served.begin()
    let read = 0
    for (let i = 0; i < SCRAPES; i++) {
      if (i === SCRAPES / 3) served.set('exit')
      const { text, body } = await served.get('metrics')
      const now = accountIn(text)
      expect(now.read).toBeGreaterThanOrEqual(read)
      expect(body.length).toBeLessThan(BYTES_MAX)
      read = now.read
      await until('more records', async () => ((await served?.inspect())?.progress.read ?? 0) > read)
    }
    await until('a restart', async () => {
      const families = parsePrometheus((await served?.get('metrics'))?.text ?? '')
      const restarts = families.get('millrace_thread_restarts_total')?.samples ?? []
      return restarts.reduce((sum, { value }) => sum + value, 0) === 1
    })
    const families = parsePrometheus((await served.get('metrics')).text)
    expect(sampleValue(families, 'monovtx_critical_error_total', { reason: 'thread_died' })).toBe(1)
  })

  it('counts what it says it counts', async () => {
    served = await Served.begin()
    await until('messages', async () => ((await served?.inspect())?.progress.acked ?? 0) > 20_000)
    // Nothing moves any more, once all that may be in flight is.
    served.set('hold')
    await until(
      'a standstill',
      still(async () => JSON.stringify((await served?.inspect())?.actors.map(({ counts }) => counts))),
    )
    const families = parsePrometheus((await served.get('metrics')).text)
    const value = (name: string, labels?: Record<string, string>) => sampleValue(families, name, labels)
    const { actors } = await served.inspect()
    const [reader, map0, map1, sink] = actors.map(({ counts }) => counts)
    expect(value('monovtx_read_bytes_total')).toBe(600 * value('monovtx_read_total'))
    expect(value('monovtx_ack_total')).toBe(reader.acked)
    expect(value('monovtx_udf_time_count')).toBe(map0.calls + map1.calls)
    expect(value('monovtx_sink_write_total')).toBe(sink.written)
    expect(value('monovtx_sink_write_total')).toBeGreaterThanOrEqual(value('monovtx_ack_total'))
    // The one write that holds on has not ended.
    expect(value('monovtx_sink_time_count')).toBe(sink.batches - 1)
    expect(value('millrace_actor_in_flight', { actor: 'sink' })).toBeGreaterThan(0)
    expect(value('monovtx_processing_time_count')).toBe(value('monovtx_ack_total'))
    expect(value('millrace_mailbox_used_bytes', { from: 'map-0', to: 'sink' })).toBeGreaterThan(0)
  })
})

describe('the admin port', () => {
  it('answers while handlers spin', async () => {
    served = await Served.begin()
    await until('messages', async () => ((await served?.inspect())?.progress.acked ?? 0) > 1_000)
    served.set('spin')
    let before = 0
    await until(
      'nothing but spinning',
      still(async () => {
        before = (await served?.inspect())?.progress.acked ?? 0
        return String(before)
      }),
    )
    for (const path of ['livez', 'metrics', 'inspect', '']) expect((await served.get(path)).status).toBe(200)
    served.unset('spin')
    await until('more messages', async () => ((await served?.inspect())?.progress.acked ?? 0) > before)
  })

  it('is not ready while it drains, and lives until the end', async () => {
    served = await Served.begin()
    await until('messages', async () => ((await served?.inspect())?.progress.acked ?? 0) > 1_000)
    served.set('hold')
    await until('a write that holds', async () => {
      const sink = (await served?.inspect())?.actors.find(({ name }) => name === 'sink')
      return (sink?.counts.inFlight ?? 0) > 0
    })
    served.child.kill('SIGTERM')
    await until('a drain', async () => (await served?.get('readyz'))?.status === 503)
    expect(JSON.parse((await served.get('readyz')).text)).toMatchObject({ state: 'draining' })
    expect((await served.get('livez')).status).toBe(200)
    accountIn((await served.get('metrics')).text)
    served.unset('hold')
    const { code, stderr } = await served.ended
    expect(code).toBe(0)
    expect(JSON.parse(stderr.trim().split('\n').at(-1) as string)).toMatchObject({ ok: true, inFlight: 0 })
    await expect(served.get('livez')).rejects.toThrow(/ECONNREFUSED/)
  })

  it('whose port is taken is one clear line and exit code 2, before anything runs', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    served = new Served(['--admin-port', String(port)])
    const { code, stderr } = await served.ended
    other.close()
    expect(code).toBe(2)
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(
          `^ERR_OPEN topology "admin": admin: cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use \\(EADDRINUSE\\)`,
        ),
      ),
    ])
  })

  it('of the command line goes over that of the topology, which keeps the rest', async () => {
    const ADMIN = JSON.stringify({ port: 1, host: '127.0.0.1', tokenEnv: 'ADMIN_TOKEN' })
    const TOKEN = 'a-token-of-the-test'
    served = new Served(['--admin-port', '0'], { ADMIN, ADMIN_TOKEN: TOKEN })
    await until('an admin port', () => /admin port on/.test(served?.stderr ?? ''))
    served.url = /admin port on (http:[^\s"]+)/.exec(served.stderr)?.[1] ?? ''
    expect((await served.get('livez')).status).toBe(200)
    expect((await served.get('inspect')).status).toBe(401)
    const headers = { authorization: `Bearer ${TOKEN}` }
    await until('an answer', async () => (await served?.get('inspect', { headers }))?.status === 200)
    expect(served.stderr).not.toContain(TOKEN)
  })

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['65536', {}, /^millrace run: --admin-port: got "65536", wanted a whole number from 0 to 65,535/],
    ['-1', {}, /^millrace run: /],
    ['http', {}, /^millrace run: --admin-port: got "http", wanted a whole number/],
    [
      '0',
      { ADMIN: '{"port":0,"host":"0.0.0.0"}' },
      /^ERR_CONFIG topology "admin": admin\.host: got "0\.0\.0\.0", wanted tokenEnv or tokenFile/,
    ],
    [
      '0',
      { ADMIN: '{"port":0,"hots":"::1"}' },
      /^ERR_CONFIG .*unknown option admin\.hots; did you mean admin\.host\?/,
    ],
  ]
  for (const [port, env, message] of wrong) {
    it(`that cannot be is exit code 2: ${port} ${env.ADMIN ?? ''}`, async () => {
      served = new Served([`--admin-port=${port}`], env)
      const { code, stderr } = await served.ended
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
    })
  }
})
