// The admin port of real topologies, in one loop, over real sockets.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { AdminOptions } from '../../../src/admin/admin-options.js'
import type { LogRecord } from '../../../src/kernel/log.js'
import { blackhole } from '../../../src/sinks/blackhole.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { generator } from '../../../src/sources/generator.js'
import { defineTopology } from '../../../src/topology/define.js'
import type { Inspection, Running } from '../../../src/topology/running.js'
import { start } from '../../../src/topology/start.js'
import type { TopologyOptions } from '../../../src/topology/types.js'
import { ask } from '../../support/ask.js'
import { parsePrometheus, sampleValue } from '../../support/prometheus.js'

const TOKEN = 'a-token-of-the-test'
const running: Running[] = []
const logged: LogRecord[] = []

afterEach(async () => {
  for (const each of running.splice(0)) await each.stop().catch(() => {})
  logged.length = 0
})

function definition(options: Partial<TopologyOptions> = {}) {
  return defineTopology({
    name: 'orders',
    threads: 0,
    source: generator({ rate: 2_000 }),
    map: (message) => message.text(),
    sink: { write: (batch) => batch.map(Response.ok) },
    ...options,
  })
}

async function begin(
  options: Partial<TopologyOptions> = {},
  admin: Partial<AdminOptions> | 'none' = { port: 0 },
): Promise<{ topology: Running; url: string }> {
  const log = (record: LogRecord) => void logged.push(record)
  const topology = await start(definition(options), { threads: 0, log, ...(admin !== 'none' && { admin }) })
  running.push(topology)
  return { topology, url: topology.admin?.url ?? '' }
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('the admin port', () => {
  it('is off unless it is asked for', async () => {
    const { topology } = await begin({}, 'none')
    expect(topology.admin).toBeUndefined()
  })

  it('is on by the topology, too, and says where', async () => {
    const { topology, url } = await begin({ admin: { port: 0 } }, 'none')
    expect(url).toBe(`http://127.0.0.1:${topology.admin?.port}/`)
    expect((await ask(`${url}livez`)).status).toBe(200)
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'info', actor: 'admin', message: `admin port on ${url}` }),
    )
  })

  it('answers what there is, and nothing else', async () => {
    const { url } = await begin()
    const statuses: Record<string, [string, number]> = {}
    for (const [method, path] of [
      ['GET', ''],
      ['GET', 'livez'],
      ['GET', 'readyz'],
      ['GET', 'metrics'],
      ['GET', 'inspect'],
      ['GET', 'inspect?x=1'],
      ['GET', 'inspect/'],
      ['GET', 'favicon.ico'],
      ['GET', '__proto__'],
      ['GET', 'toString'],
      ['GET', '../package.json'],
      ['POST', 'inspect'],
      ['PUT', 'livez'],
      ['DELETE', ''],
      ['OPTIONS', 'metrics'],
    ]) {
      const { status, headers } = await ask(url + path, { method })
      statuses[`${method} /${path}`] = [headers['content-type'] ?? '', status]
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['x-content-type-options']).toBe('nosniff')
      if (status === 405) expect(headers.allow).toBe('GET, HEAD')
    }
    const json = 'application/json; charset=utf-8'
    expect(statuses).toEqual({
      'GET /': ['text/html; charset=utf-8', 200],
      'GET /livez': [json, 200],
      'GET /readyz': [json, 200],
      'GET /metrics': ['text/plain; version=0.0.4; charset=utf-8', 200],
      'GET /inspect': [json, 200],
      'GET /inspect?x=1': [json, 200],
      'GET /inspect/': ['application/problem+json', 404],
      'GET /favicon.ico': ['application/problem+json', 404],
      'GET /__proto__': ['application/problem+json', 404],
      'GET /toString': ['application/problem+json', 404],
      'GET /../package.json': ['application/problem+json', 404],
      'POST /inspect': ['application/problem+json', 405],
      'PUT /livez': ['application/problem+json', 405],
      'DELETE /': ['application/problem+json', 405],
      'OPTIONS /metrics': ['application/problem+json', 405],
    })
  })

  it('answers HEAD like GET, without a body', async () => {
    const { url } = await begin()
    for (const path of ['', 'livez', 'readyz', 'metrics', 'inspect', 'events']) {
      const { status, body, headers } = await ask(url + path, { method: 'HEAD' })
      expect([path, status, body.length]).toEqual([path, 200, 0])
      if (path !== 'events') expect(Number(headers['content-length'])).toBeGreaterThan(10)
    }
  })

  it('compresses for those who take it', async () => {
    const { url } = await begin()
    const plain = await ask(`${url}metrics`, { headers: { 'accept-encoding': 'gzip;q=0, identity' } })
    const packed = await ask(`${url}metrics`, { headers: { 'accept-encoding': 'deflate, gzip;q=0.5' } })
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(packed.body.length).toBeLessThan(plain.body.length / 8)
    parsePrometheus(gunzipSync(packed.body).toString('utf8'))
  })

  it('lets no page of another name read what this machine may', async () => {
    const { url } = await begin()
    const port = new URL(url).port
    const statusFor = async (host: string) => (await ask(`${url}inspect`, { headers: { host } })).status
    expect(await statusFor(`localhost:${port}`)).toBe(200)
    expect(await statusFor(`[::1]:${port}`)).toBe(200)
    expect(await statusFor(`evil.example:${port}`)).toBe(421)
    expect(await statusFor(`127.0.0.1.evil.example`)).toBe(421)
  })

  it('rejects where the port is taken, and nothing is opened', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    let isOpened = false
    const source = {
      ...generator({ count: 1 }),
      open: () => {
        isOpened = true
      },
    }
    await expect(begin({ source }, { port })).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: `topology "orders": admin: cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`,
    })
    expect(isOpened).toBe(false)
    other.close()
  })

  it('closes again where the topology cannot be opened', async () => {
    const { port } = (await begin()).topology.admin ?? { port: 0 }
    await running[0].stop()
    const source = {
      ...generator({ count: 1 }),
      open: () => {
        throw new Error('no such thing')
      },
    }
    await expect(begin({ source }, { port })).rejects.toMatchObject({ code: 'ERR_OPEN' })
    await until('a port that is free', () =>
      ask(`http://127.0.0.1:${port}/livez`).then(
        () => false,
        () => true,
      ),
    )
  })

  it('closes when the topology has ended, whoever is connected', async () => {
    const { topology, url } = await begin()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write('GET /livez HTTP/1.1\r\n')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    await topology.drain()
    await closed
    await expect(ask(`${url}livez`)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
  })
})

describe('with a token', () => {
  const bearer = { headers: { authorization: `Bearer ${TOKEN}` } }
  const password = { headers: { authorization: `Basic ${Buffer.from(`me:${TOKEN}`).toString('base64')}` } }

  it('only who has it is answered, but for the probes', async () => {
    process.env.ADMIN_TEST_TOKEN = TOKEN
    const { url } = await begin({}, { port: 0, tokenEnv: 'ADMIN_TEST_TOKEN' })
    for (const path of ['livez', 'readyz']) expect((await ask(url + path)).status).toBe(200)
    for (const path of ['', 'metrics', 'inspect', 'events', 'tap', 'nothing']) {
      const refused = await ask(url + path)
      expect([path, refused.status]).toEqual([path, 401])
      expect(refused.headers['www-authenticate']).toMatch(/^Basic realm="millrace"/)
      expect(refused.text).not.toContain(TOKEN)
    }
    const wrong = await ask(`${url}inspect`, { headers: { authorization: 'Bearer another' } })
    expect(wrong.status).toBe(401)
    for (const path of ['', 'metrics', 'inspect']) {
      expect((await ask(url + path, bearer)).status).toBe(200)
      expect((await ask(url + path, password)).status).toBe(200)
    }
    const byName = { headers: { ...bearer.headers, host: 'orders.example' } }
    expect((await ask(`${url}inspect`, byName)).status).toBe(200)
    expect(JSON.stringify(logged)).not.toContain(TOKEN)
  })

  it('from a file that changes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-admin-'))
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, `${TOKEN}\n`)
    const { url } = await begin({}, { port: 0, tokenFile })
    expect((await ask(`${url}inspect`, bearer)).status).toBe(200)
    writeFileSync(tokenFile, 'another-token\n')
    await until(
      'the old token to be refused',
      async () => (await ask(`${url}inspect`, bearer)).status === 401,
    )
    const other = { headers: { authorization: 'Bearer another-token' } }
    expect((await ask(`${url}inspect`, other)).status).toBe(200)
    rmSync(folder, { recursive: true })
  })

  it('that is missing, nothing starts', async () => {
    await expect(begin({}, { port: 0, tokenEnv: 'NO_SUCH_TOKEN' })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/^topology "orders": admin: tokenEnv: .* NO_SUCH_TOKEN is not set/),
    })
    await expect(begin({}, { port: 0, host: '0.0.0.0' })).rejects.toMatchObject({ code: 'ERR_CONFIG' })
  })
})

describe('how it stands', () => {
  it('is ready, fails, and is ready again, in the probes, in /inspect and in /metrics', async () => {
    let isDown = false
    const sink = {
      write: (batch: Parameters<TopologyOptions['sink']['write']>[0]) => {
        if (isDown) throw new Error('connect ECONNREFUSED')
        return batch.map(Response.ok)
      },
    }
    const { url } = await begin({ sink })
    const inspect = async () => JSON.parse((await ask(`${url}inspect`)).text) as Inspection
    await until('messages', async () => (await inspect()).progress.acked > 100)
    expect((await ask(`${url}readyz`)).text).toBe('{"ready":true,"state":"running","troubles":[]}\n')
    isDown = true
    await until('trouble', async () => (await ask(`${url}readyz`)).status === 503)
    const { ready, troubles } = JSON.parse((await ask(`${url}readyz`)).text)
    expect([ready, troubles]).toEqual([false, [expect.stringMatching(/^sink has failed for \d+ s$/)]])
    expect((await ask(`${url}livez`)).status).toBe(200)
    const failing = (await inspect()).actors.find(({ name }) => name === 'sink')
    expect(failing?.lastError).toMatchObject({ message: expect.stringContaining('connect ECONNREFUSED') })
    const families = parsePrometheus((await ask(`${url}metrics`)).text)
    expect(sampleValue(families, 'millrace_ready')).toBe(0)
    expect(sampleValue(families, 'monovtx_sink_write_errors_total')).toBeGreaterThan(0)
    isDown = false
    await until('no trouble', async () => (await ask(`${url}readyz`)).status === 200)
  })

  it('has failed: livez says so, to whoever asks in time', async () => {
    const closing = new Promise<void>(() => {})
    const { topology, url } = await begin({
      map: {
        handler: (message) => {
          if (message.offset === 500n) throw new Error('boom')
          return message.text()
        },
        retry: { attempts: 1, onExhausted: 'stop' },
      },
      // It takes its time to close: until then somebody can ask.
      sink: { write: (batch) => batch.map(Response.ok), close: () => closing },
    })
    await until('the failure', () => topology.inspect().state === 'failed')
    expect(await ask(`${url}livez`)).toMatchObject({ status: 503, text: '{"state":"failed"}\n' })
    expect(topology.inspect().failure).toMatchObject({
      code: 'ERR_HANDLER',
      message: expect.stringContaining('boom'),
    })
    const families = parsePrometheus((await ask(`${url}metrics`)).text)
    expect(sampleValue(families, 'monovtx_critical_error_total', { reason: 'ERR_HANDLER' })).toBe(1)
    await expect(topology.finished).rejects.toMatchObject({ code: 'ERR_HANDLER' })
  })

  it('is shown with the plan, rates, latencies and occupancy', async () => {
    const { url, topology } = await begin({
      map: { name: 'shout', handler: async (message) => message.text().toUpperCase() },
      fallback: { write: (batch) => batch.map(Response.ok) },
    })
    await until('messages', () => topology.progress().acked > 2_000)
    const shown = JSON.parse((await ask(`${url}inspect`)).text) as Inspection
    expect(
      shown.actors.map(({ name, kind, stage, role, thread }) => [name, kind, stage ?? role, thread]),
    ).toEqual([
      ['reader', 'reader', undefined, 'inline'],
      ['shout', 'mapper', 'shout', 'inline'],
      ['sink', 'sink', 'sink', 'inline'],
      ['fallback', 'sink', 'fallback', 'inline'],
    ])
    for (const { kind, rates, latencyMs, name } of shown.actors.slice(0, 3)) {
      const rate = { reader: rates.read, mapper: rates.calls, sink: rates.written, forwarder: 1 }[kind]
      expect(rate, name).toBeGreaterThan(100)
      expect(rate, name).toBeLessThan(20_000)
      expect(latencyMs.p50, name).toBeGreaterThan(0)
      expect(latencyMs.p99, name).toBeGreaterThanOrEqual(latencyMs.p50)
    }
    expect(shown.mailboxes).toContainEqual(expect.objectContaining({ from: 'reader', to: 'shout' }))
    for (const { usedBytes, capacityBytes } of shown.mailboxes) {
      expect(usedBytes).toBeGreaterThanOrEqual(0)
      expect(usedBytes).toBeLessThanOrEqual(capacityBytes)
    }
  })

  it('sends what source and sinks say of themselves, if that can be shown', async () => {
    const source = {
      ...generator({ rate: 100 }),
      stats: () => ({ client_gone: 3, 'Bad name': 1, nan: Number.NaN }),
    }
    let batches = 0
    const sink: Sink = {
      write: (batch) => {
        batches++
        return batch.map(Response.ok)
      },
      stats: () => ({ batches, 'Bad name': 1 }),
    }
    const { url } = await begin({ source, sink, fallback: sink, onSuccess: blackhole() })
    await until('stats', async () => (await ask(`${url}metrics`)).text.includes('client_gone'))
    const families = parsePrometheus((await ask(`${url}metrics`)).text)
    expect(sampleValue(families, 'millrace_source_stat')).toBe(3)
    // Of one object with two roles, once.
    expect(sampleValue(families, 'millrace_sink_stat', { sink: 'sink', stat: 'batches' })).toBeGreaterThan(0)
    const shown = JSON.parse((await ask(`${url}inspect`)).text) as Inspection
    expect(shown.source).toEqual({ client_gone: 3 })
    const stats = shown.actors.map(({ name, stats }) => [name, stats && Object.keys(stats)])
    expect(stats).toEqual([
      ['reader', undefined],
      ['map', undefined],
      ['sink', ['batches']],
      ['fallback', undefined],
      ['onSuccess', undefined],
    ])
  })
})

describe('/events', () => {
  it('sends a snapshot at once, one a second, and the last one at the end', async () => {
    const { url, topology } = await begin()
    const snapshots: Inspection[] = []
    const ended = new Promise((resolve, reject) => {
      const sent = request(`${url}events`, (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
        let text = ''
        response.on('data', (some) => {
          text += some
          for (const [, data] of text.matchAll(/^data: (.*)\n\n/gm)) {
            snapshots.push(JSON.parse(data))
            text = text.slice(text.indexOf(data) + data.length)
          }
        })
        response.on('end', resolve)
      })
      sent.on('error', reject).end()
    })
    await until('three snapshots', () => snapshots.length >= 3)
    await topology.drain()
    await ended
    expect(snapshots[2].progress.acked).toBeGreaterThan(snapshots[1].progress.acked)
    const last = snapshots[snapshots.length - 1]
    expect(last).toMatchObject({ state: 'stopped', ready: false, progress: { inFlight: 0 } })
  })

  it('takes so many listeners, and no more', async () => {
    const { url } = await begin()
    const open = Array.from({ length: 32 }, () => request(`${url}events`))
    await Promise.all(
      open.map(
        (each) => new Promise((resolve, reject) => each.on('response', resolve).on('error', reject).end()),
      ),
    )
    expect(await ask(`${url}events`)).toMatchObject({ status: 503 })
    open[0].destroy()
    await until('a free place', async () => (await ask(`${url}events`, { method: 'HEAD' })).status === 200)
    for (const each of open) each.destroy()
  })
})
