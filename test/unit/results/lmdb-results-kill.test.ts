// SIGKILL at random moments: what a process was told to be safe is there afterwards, whole, and nothing else than it asked for.
// RESULTS_KILLS says how often, RESULTS_SEED when.

import { type ChildProcessByStdio, type StdioOptions, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lmdbResults } from '../../../dist/results/lmdb-results.js'
import { createLog } from '../../../src/kernel/log.js'

const KILLS = Number(process.env.RESULTS_KILLS ?? 8)
const SEED = Number(process.env.RESULTS_SEED ?? Date.now() & 0x7fffffff)
const BUILT = new URL('../../../dist/results/lmdb-results.js', import.meta.url).href

/** Before a call it prints a capital, after it a small letter; with `writeSync`, so that nothing is told that is not printed. */
const CHILD = `
  import { writeSync } from 'node:fs'
  const { lmdbResults } = await import(${JSON.stringify(BUILT)})
  const [path, life, inFlight] = process.argv.slice(1)
  const results = lmdbResults({ path })
  const log = { info: console.error, warn: console.error, error: console.error }
  await results.open({ log })
  const say = (what, id) => writeSync(1, what + ' ' + id + '\\n')
  const bytesOf = (what, id) => Buffer.alloc(50 + (id.length * 7919) % 3000, what + id)
  let next = 0
  async function worker() {
    for (;;) {
      const id = life + '-' + next++
      say('A', id)
      await results.accept(id, bytesOf('request', id))
      say('a', id)
      if (next % 3 === 0) continue
      const [before, after] = next % 7 === 0 ? ['X', 'x'] : ['F', 'f']
      say(before, id)
      if (after === 'x') await results.forget(id)
      else await results.finish(id, bytesOf('result', id))
      say(after, id)
    }
  }
  for (let i = 0; i < Number(inFlight); i++) worker()`

let path: string
const told: string[] = []
const log = createLog(({ message }) => told.push(message), 'test', 'test')
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'millrace-results-'))
})
afterEach(() => rmSync(path, { recursive: true }))

function bytesOf(what: string, id: string): Buffer {
  return Buffer.alloc(50 + ((id.length * 7919) % 3000), what + id)
}

function randomOf(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Lets a process work until it has printed so many lines, and kills it, every other time with its host; gives the last letter of each id. */
function killAfter(lines: number, life: number, inFlight: number): Promise<Map<string, string>> {
  const args = ['--input-type=module', '-e', CHILD, path, String(life), String(inFlight)]
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
  // A group of its own, which ends as a whole: what the host was only sent is lost, too.
  const child = spawn(process.execPath, args, { stdio, detached: true }) as ChildProcessByStdio<
    null,
    Readable,
    Readable
  >
  const pid = child.pid as number
  let [text, errors, count, isKilled] = ['', '', 0, false]
  child.stderr.on('data', (some) => {
    errors += some
  })
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('latin1').on('data', (some: string) => {
      text += some
      count += some.split('\n').length - 1
      if (count < lines || isKilled) return
      isKilled = true
      process.kill(life % 2 === 0 ? -pid : pid, 'SIGKILL')
    })
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL' || errors !== '') return reject(new Error(`ended by ${signal}: ${errors}`))
      const whole = text.slice(0, text.lastIndexOf('\n')).split('\n')
      resolve(new Map(whole.map((line) => [line.slice(2), line[0]])))
    })
  })
}

/** By the last letter: what may have become of an id. */
const ALLOWED: Record<string, readonly unknown[]> = {
  A: [undefined, 'accepted'],
  a: ['accepted'],
  F: ['accepted', 'finished'],
  f: ['finished'],
  X: ['accepted', undefined],
  x: [undefined],
}

it(`what was acknowledged survives ${KILLS} kills`, { timeout: 30_000 + 15_000 * KILLS }, async () => {
  console.info(`kills: RESULTS_KILLS=${KILLS} RESULTS_SEED=${SEED}`)
  const random = randomOf(SEED)
  const letters = new Map<string, string>()
  const counts: Record<string, number> = {}
  for (let life = 0; life < KILLS; life++) {
    const inFlight = [1, 16, 100][random(3)]
    for (const [id, letter] of await killAfter(1 + random(300 * inFlight ** 0.5), life, inFlight))
      letters.set(id, letter)
    const results = lmdbResults({ path })
    await results.open?.({ log })
    const unfinished = new Map<string, Uint8Array>()
    for await (const { id, request } of results.unfinished()) unfinished.set(id, request)
    for (const [id, letter] of letters) {
      const stored = await results.get(id)
      expect(ALLOWED[letter], `${id} after ${letter}, life ${life}: ${stored?.state}`).toContain(
        stored?.state,
      )
      counts[`${letter}: ${stored?.state ?? 'unknown'}`] =
        (counts[`${letter}: ${stored?.state ?? 'unknown'}`] ?? 0) + 1
      if (stored?.state === 'finished')
        expect(bytesOf('result', id).equals(stored.result), `result of ${id}`).toBe(true)
      const request = unfinished.get(id)
      expect(request !== undefined, `${id} is unfinished`).toBe(stored?.state === 'accepted')
      if (request !== undefined) expect(bytesOf('request', id).equals(request), `request of ${id}`).toBe(true)
      // What it may be is decided now.
      if (stored === undefined) letters.delete(id)
      else letters.set(id, stored.state === 'accepted' ? 'a' : 'f')
      unfinished.delete(id)
    }
    expect([...unfinished.keys()], 'nobody has asked for these').toEqual([])
    await results.close?.()
    expect(told).toEqual([])
    expect(readdirSync(path).filter((name) => name.includes('.corrupt-'))).toEqual([])
  }
  console.info('kills:', counts)
  expect(letters.size).toBeGreaterThan(0)
})
