// Real threads, on the built package.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogRecord, Running, Summary, start as startType } from '../../src/index.js'

let start: typeof startType
let folder: string

beforeAll(async () => {
  ;({ start } = await import(new URL('../../dist/index.js', import.meta.url).href))
  folder = mkdtempSync(join(tmpdir(), 'millrace-threads-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function fixture(name: string, parameters: Record<string, string | number | undefined>): URL {
  const url = new URL(`./fixtures/${name}.mjs`, import.meta.url)
  for (const [key, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.set(key, String(value))
  return url
}

async function checksum(
  parameters: Record<string, string | number | undefined>,
): Promise<{ summary: Summary; result: Record<string, unknown> }> {
  const result = join(folder, `${Math.random()}.json`)
  const summary = await (await start(fixture('checksum', { ...parameters, result }))).finished
  return { summary, result: JSON.parse(readFileSync(result, 'utf8')) }
}

const quiet = { log: () => {} }

async function failureOf(fault: string): Promise<{ code: string; message: string }> {
  try {
    await (await start(fixture('faulty', { fault }), quiet)).finished
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error(`${fault}: nothing failed`)
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

it('what is logged below logLevel stays on its thread', async () => {
  const messages: string[] = []
  const log = ({ actor, message }: LogRecord) => {
    if (actor === 'map') messages.push(message)
  }
  await (await start(fixture('chatty', {}), { log, logLevel: 'info' })).finished
  expect(messages).toEqual(['news', 'news', 'news'])
})

describe('a topology on threads', () => {
  const count = Number(process.env.COUNT ?? 500_000)
  const sum = String((BigInt(count) * BigInt(count - 1)) / 2n)

  for (const parameters of [
    { threads: 1, order: 'none' },
    { threads: 2, order: 'key', keys: 50 },
    { threads: 2, order: 'source' },
    { threads: 3, order: 'key', keys: 7, async: 'yes' },
    { threads: 2, order: 'source', async: 'yes' },
  ]) {
    it(`delivers every message once, in order: ${JSON.stringify(parameters)}`, async () => {
      const wanted = parameters.async ? 50_000 : count
      const { summary, result } = await checksum({ ...parameters, count: wanted })
      const total = parameters.async ? String((BigInt(wanted) * BigInt(wanted - 1)) / 2n) : sum
      expect(result).toEqual({ seen: wanted, sum: total, disordered: 0 })
      expect(summary).toMatchObject({
        ok: true,
        read: wanted,
        acked: wanted,
        nacked: 0,
        inFlight: 0,
        written: wanted,
        pending: 0,
      })
    })
  }

  it('shows its counts while it runs, and drains', async () => {
    const running: Running = await start(fixture('faulty', { fault: 'endless' }), quiet)
    await until('1,000 acks', () => running.progress().acked > 1000)
    const names = running.inspect().actors.map(({ name, thread }) => `${name} on ${thread}`)
    expect(names).toEqual(['reader on ingress', 'map on map', 'sink on egress'])
    const summary = await running.drain()
    expect(summary.ok).toBe(true)
    expect(summary.acked).toBe(summary.read)
    expect(running.inspect().state).toBe('stopped')
  })

  it('knows how much of its files is left', async () => {
    const { blackhole, defineTopology, lines } = await import(
      new URL('../../dist/index.js', import.meta.url).href
    )
    const path = join(folder, 'lines.txt')
    writeFileSync(path, 'one\ntwo\nthree\n')
    const topology = defineTopology({ name: 'left', threads: 0, source: lines({ path }), sink: blackhole() })
    const running = await start(topology)
    expect(running.progress()).toMatchObject({ total: 14, unit: 'bytes' })
    expect(await running.finished).toMatchObject({ total: 14, pending: 0, read: 3 })
  })

  it('stops at once when it is told to', async () => {
    const running = await start(fixture('faulty', { fault: 'stuck' }), quiet)
    await until('messages in flight', () => running.progress().inFlight > 0)
    const summary = await running.stop()
    expect(summary).toMatchObject({ ok: false, inFlight: 0 })
    expect(summary.nacked).toBeGreaterThan(0)
    expect(summary.read).toBe(summary.acked + summary.nacked + summary.inFlight + summary.abandoned)
  })

  it('says who held out when a drain takes too long', async () => {
    const running = await start(fixture('faulty', { fault: 'stuck' }), quiet)
    await until('messages in flight', () => running.progress().inFlight > 0)
    await expect(running.drain()).rejects.toMatchObject({
      code: 'ERR_DRAIN',
      message: expect.stringMatching(/sink has \d+ in hand/),
    })
  })

  const faults: [string, string, RegExp][] = [
    [
      'exit',
      'ERR_POISON',
      /map: message 500: poison: .* 3 times .*thread exited with code 3, and .* no fallback/,
    ],
    ['dying', 'ERR_THREAD', /thread map: died 10 times within 60 s, .*nobody caught: from a timer/],
    ['throws', 'ERR_HANDLER', /map: message 500: boom \(attempt 3 of 3\)/],
    ['missing', 'ERR_SINK_CONTRACT', /sink: answered \d+ responses for \d+ messages: no response for "0"/],
    ['closing', 'ERR_SINK', /cannot close/],
    ['opening', 'ERR_OPEN', /sink: could not be opened: cannot open/],
    ['mismatch', 'ERR_CONFIG', /the module gave another definition/],
  ]
  for (const [fault, code, message] of faults) {
    it(`fails clearly: ${fault}`, async () => {
      expect(await failureOf(fault)).toMatchObject({ code, message: expect.stringMatching(message) })
    })
  }
})
