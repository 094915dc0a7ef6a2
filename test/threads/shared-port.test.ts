// Several threads that listen on one port, on the built package, where this Node lets them; and what is so where it does not.

import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canSharePort } from '../../src/http/share-port.js'
import type { LogRecord, Running, start as startType } from '../../src/index.js'

type Reply = { status: number; thread: string; body: string }

let start: typeof startType
let folder: string
let running: Running | undefined
let logs: LogRecord[] = []
const agents: Agent[] = []
beforeAll(async () => {
  ;({ start } = await import(new URL('../../dist/index.js', import.meta.url).href))
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-shared-port-'))
})
afterEach(async () => {
  // Whoever is held must not hold up the end.
  letGo()
  await running?.stop().catch(() => {})
  running = undefined
  logs = []
  for (const agent of agents.splice(0)) agent.destroy()
  rmSync(folder, { recursive: true })
})

const HOLD = { 'x-hold': 'yes' }
const letGo = () => writeFileSync(join(folder, 'open'), '')

async function begin(parameters: Record<string, string | number> = {}): Promise<Running> {
  const url = new URL('./fixtures/shared-port.mjs', import.meta.url)
  for (const [key, value] of Object.entries({ folder, ...parameters }))
    url.searchParams.set(key, String(value))
  running = await start(url, { log: (record) => void logs.push(record) })
  await until('it has said where it listens', () => ports().length > 0)
  return running
}

/** Where each thread said that it listens, in the order in which they said it. */
const ports = () =>
  logs.flatMap(({ message }) => /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(message)?.[1] ?? []).map(Number)

/** A client with one connection; a request on it is answered once, or its connection has ended. */
function client(): (body: string, headers?: Record<string, string>) => Promise<Reply | undefined> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  agents.push(agent)
  return (body, headers = {}) =>
    new Promise((resolve) => {
      const sent = request(
        { port: ports()[0], agent, method: 'POST', path: '/sync', headers, timeout: 20_000 },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', () => resolve(undefined))
          response.on('end', () => {
            const [thread, ...rest] = Buffer.concat(chunks).toString().split(' ')
            resolve({ status: response.statusCode ?? 0, thread, body: rest.join(' ') })
          })
        },
      )
      sent.on('timeout', () => sent.destroy())
      sent.on('error', () => resolve(undefined))
      sent.end(body)
    })
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Clients whose connections are on two threads, by the thread that has them. */
async function clientsOfBoth(): Promise<Map<string, ReturnType<typeof client>[]>> {
  const byThread = new Map<string, ReturnType<typeof client>[]>()
  for (let i = 0; i < 200 && (byThread.size < 2 || i < 8); i++) {
    const each = client()
    const reply = await each(`hello ${i}`)
    expect(reply).toMatchObject({ status: 200, body: `hello ${i}` })
    const { thread } = reply as Reply
    byThread.set(thread, [...(byThread.get(thread) ?? []), each])
  }
  expect(byThread.size).toBe(2)
  return byThread
}

const readers = () => running?.inspect().actors.filter(({ kind }) => kind === 'reader') ?? []

describe.skipIf(!canSharePort())('two threads', () => {
  it('answer on one port, each request once, and drain', async () => {
    await begin()
    const all = [...(await clientsOfBoth()).values()].flat()
    expect(ports()).toHaveLength(2)
    expect(new Set(ports()).size).toBe(1)
    const bodies = all.flatMap((_, who) => Array.from({ length: 20 }, (_, n) => `${who}-${n}`))
    const replies = await Promise.all(
      all.map(async (ask, who) => {
        const own: (Reply | undefined)[] = []
        for (let n = 0; n < 20; n++) own.push(await ask(`${who}-${n}`))
        return own
      }),
    )
    expect(replies.flat().map((reply) => [reply?.status, reply?.body])).toEqual(
      bodies.map((body) => [200, body]),
    )
    for (const { counts } of readers()) expect(counts.acked).toBeGreaterThan(0)
    const inWork = all.map((ask, who) => ask(`last ${who}`, HOLD))
    await until('all are in work', () => running?.progress().inFlight === all.length)
    const draining = (running as Running).drain()
    letGo()
    const summary = await draining
    expect((await Promise.all(inWork)).map((reply) => reply?.body)).toEqual(
      all.map((_, who) => `last ${who}`),
    )
    expect(summary).toMatchObject({ ok: true, nacked: 0, inFlight: 0, restarts: 0 })
    expect(running?.inspect().source).toMatchObject({ answered_200: summary.acked, waiting: 0 })
  })

  it('one dies: its clients lose their connections, the others are answered, and it is there again on the same port', async () => {
    await begin()
    const [[, theirs], [, others]] = [...(await clientsOfBoth())]
    const lost = theirs.slice(1).map((ask) => ask('lost', HOLD))
    const kept = others.map((ask, i) => ask(`kept ${i}`, HOLD))
    await until('all are in work', () => running?.progress().inFlight === lost.length + kept.length)
    expect(await theirs[0]('kill', { 'x-exit': 'now' })).toBeUndefined()
    expect(await Promise.all(lost)).toEqual(lost.map(() => undefined))
    letGo()
    expect((await Promise.all(kept)).map((reply) => [reply?.status, reply?.body])).toEqual(
      kept.map((_, i) => [200, `kept ${i}`]),
    )
    for (const [i, ask] of others.entries())
      expect(await ask(`after ${i}`)).toMatchObject({ status: 200, body: `after ${i}` })
    await until('it is there again', () => ports().length === 3)
    expect(new Set(ports()).size).toBe(1)
    await until('it reads', () => readers().length === 2 && running?.inspect().ready === true)
    await clientsOfBoth()
    const restarts = running?.inspect().threads.filter(({ restarts }) => restarts > 0)
    expect(restarts).toHaveLength(1)
    const summary = await (running as Running).drain()
    expect(summary).toMatchObject({ ok: true, nacked: 0, inFlight: 0, abandoned: lost.length, restarts: 1 })
  })

  it('of http, too', async () => {
    await begin({ kind: 'http' })
    for (let i = 0; i < 200 && !readers().every(({ counts }) => (counts.acked ?? 0) > 0); i++) {
      const answer = await fetch(`http://127.0.0.1:${ports()[0]}/`, {
        method: 'POST',
        body: `hello ${i}`,
        headers: { connection: 'close' },
      })
      expect([answer.status, await answer.text()]).toEqual([200, ` hello ${i}`])
    }
    expect(readers().every(({ counts }) => (counts.acked ?? 0) > 0)).toBe(true)
    expect(await (running as Running).drain()).toMatchObject({ ok: true, inFlight: 0 })
  })

  it('do not share a port with another process', async () => {
    const other = createServer()
    const address = { port: 0, host: '127.0.0.1', reusePort: true }
    await once(other.listen(address), 'listening')
    const { port } = other.address() as { port: number }
    await expect(begin({ port })).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: `serving: cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)`,
    })
    other.close()
  })
})

it.skipIf(canSharePort())(
  'where Node cannot share a port it is one thread, and one line says so',
  async () => {
    await begin()
    expect(await client()('hello')).toMatchObject({ status: 200, body: 'hello' })
    expect(running?.inspect().threads.map(({ thread }) => thread)).toEqual(['ingress', 'map'])
    const warnings = logs.filter(({ level }) => level === 'warn').map(({ message }) => message)
    expect(warnings).toEqual(['serving: threads: 2, but this Node cannot share a port: it runs on one'])
  },
)
