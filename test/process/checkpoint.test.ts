// A run that is killed or ended at random moments, and started again, on the built command line.
// CHECKPOINT_SEED says which moments, CHECKPOINT_KILLS how many.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../dist/store/store.js'
import { createLog } from '../../src/kernel/log.js'
import { MAIN, ROOT } from '../support/child.js'

const KILLS = Number(process.env.CHECKPOINT_KILLS ?? 10)
const SEED = Number(process.env.CHECKPOINT_SEED ?? Date.now() & 0x7fffffff)
const LINES = 16_000 * (KILLS + 2)
const LINE_BYTES = 32

const log = createLog(() => undefined, 'test', 'test')

let folder: string
let out: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-checkpoint-'))
  out = join(folder, 'out.txt')
  writeFileSync(join(folder, 'in.txt'), Array.from({ length: LINES }, (_, i) => lineOf(i)).join(''))
  writeFileSync(out, '')
})
afterEach(() => rmSync(folder, { recursive: true }))

function lineOf(index: number): string {
  return `${String(index)
    .padStart(8, '0')
    .padEnd(LINE_BYTES - 1, 'x')}\n`
}

type Ended = { code: number | null; stderr: string }

function start(): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, 'run', 'test/process/fixtures/checkpoint.mjs', '--json'], {
    cwd: ROOT,
    env: { ...process.env, FOLDER: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr }))) }
}

/** Runs until so many more bytes are written, and then sends a signal. */
async function runUntil(moreBytes: number, signal: NodeJS.Signals): Promise<Ended> {
  const wantedBytes = statSync(out).size + moreBytes
  const { child, ended } = start()
  const deadline = performance.now() + 30_000
  while (statSync(out).size < wantedBytes && child.exitCode === null) {
    if (performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${wantedBytes} bytes were not written within 30 s:\n${(await ended).stderr}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  child.kill(signal)
  return ended
}

function randomOf(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** The numbers of the lines written from an index of the output on; a kill may leave one line torn. */
function writtenFrom(startLine: number): { numbers: number[]; torn: number; lines: number } {
  const all = readFileSync(out, 'latin1').split('\n').slice(startLine, -1)
  const whole = all.filter((text) => `${text}\n` === lineOf(Number.parseInt(text, 10)))
  return {
    numbers: whole.map((text) => Number.parseInt(text, 10)),
    torn: all.length - whole.length,
    lines: all.length,
  }
}

/** The line at which the next run begins, as the store says it. */
async function savedLine(): Promise<number> {
  const store = await openStore({ directory: join(folder, 'checkpoint'), name: 'test', ifLost: '', log })
  const [entry] = store.entries.values()
  await store.close()
  return JSON.parse(Buffer.from(entry ?? '{"position":0}').toString()).position / LINE_BYTES
}

function upFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i)
}

describe('a checkpoint', () => {
  it(`loses nothing in ${KILLS} kills, and repeats only what was not saved`, {
    timeout: 60_000 + 10_000 * KILLS,
  }, async () => {
    console.info(`kills: CHECKPOINT_KILLS=${KILLS} CHECKPOINT_SEED=${SEED}`)
    const random = randomOf(SEED)
    let [linesBefore, saved, repeated, tornCount] = [0, 0, 0, 0]
    let highest = -1
    for (let life = 0; life <= KILLS; life++) {
      const isLast = life === KILLS
      const { code, stderr } = await (isLast
        ? start().ended
        : runUntil(1 + random(12_000 * LINE_BYTES), 'SIGKILL'))
      if (isLast) expect(code, stderr).toBe(0)
      const { numbers, torn, lines } = writtenFrom(linesBefore)
      // It begins exactly at the saved position, and leaves out nothing.
      expect(numbers, `life ${life}`).toEqual(upFrom(saved, numbers.length))
      repeated += Math.max(0, Math.min(highest + 1 - saved, numbers.length))
      highest = Math.max(highest, saved + numbers.length - 1)
      const savedNow = await savedLine()
      expect(savedNow, `life ${life}: what is saved was written, and it never goes back`).toBeLessThanOrEqual(
        highest + 1,
      )
      expect(savedNow).toBeGreaterThanOrEqual(saved)
      ;[saved, linesBefore, tornCount] = [savedNow, linesBefore + lines, tornCount + torn]
    }
    console.info(`kills: ${LINES} lines, ${repeated} repeated, ${tornCount} torn by a kill`)
    expect([saved, highest]).toEqual([LINES, LINES - 1])
    const left = readdirSync(join(folder, 'checkpoint'))
    expect(left.filter((name) => /^owner-|corrupt/.test(name))).toEqual([])
  })

  it('repeats nothing when it is ended by SIGTERM', { timeout: 120_000 }, async () => {
    console.info(`terms: CHECKPOINT_SEED=${SEED}`)
    const random = randomOf(SEED)
    for (let life = 0; life < 5; life++) {
      const { code, stderr } = await runUntil(1 + random(12_000 * LINE_BYTES), 'SIGTERM')
      expect(code, stderr).toBe(0)
      expect(await savedLine()).toBe(statSync(out).size / LINE_BYTES)
    }
    expect((await start().ended).code).toBe(0)
    expect(writtenFrom(0).numbers).toEqual(upFrom(0, LINES))
    const { code, stderr } = await start().ended
    expect([code, JSON.parse(stderr.trim().split('\n').at(-1) as string)]).toMatchObject([
      0,
      { read: 0, ok: true },
    ])
  })

  it('of which another process makes use is refused, by one clear sentence', async () => {
    const first = start()
    const deadline = performance.now() + 30_000
    while (statSync(out).size === 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 2))
    // Stopped, it cannot end before the second one has looked.
    first.child.kill('SIGSTOP')
    const { code, stderr } = await start().ended
    first.child.kill('SIGCONT')
    expect(code).toBe(2)
    expect(stderr).toMatch(
      new RegExp(`ERR_OPEN.*checkpoint: process ${first.child.pid} uses it, and only one can`),
    )
    expect((await first.ended).code).toBe(0)
    expect(writtenFrom(0).numbers).toEqual(upFrom(0, LINES))
  })
})
