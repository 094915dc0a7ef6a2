// SIGTERM under load, on the built command line.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { within } from '../../src/kernel/deadline.js'

const ROOT = new URL('../../', import.meta.url).pathname

let folder: string
let out: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-signals-'))
  out = join(folder, 'out.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

type Ended = { code: number | null; stderr: string }

function run(env: Record<string, string>): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['dist/main.js', 'run', 'test/process/fixtures/load.mjs', '--json'], {
    cwd: ROOT,
    env: { ...process.env, OUT: out, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stderr })))
  return { child, ended }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 30 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('SIGTERM under load', () => {
  it('drains: everything read is written once, and acked; exit code 0', async () => {
    const { child, ended } = run({})
    await until('some output', () => existsSync(out) && statSync(out).size > 100_000)
    child.kill('SIGTERM')
    const { code, stderr } = await ended
    const summary = JSON.parse(stderr.trim().split('\n').at(-1) as string)
    const values = readFileSync(out, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).value as number)
    expect(code).toBe(0)
    expect(summary).toMatchObject({
      ok: true,
      acked: values.length,
      read: values.length,
      nacked: 0,
      inFlight: 0,
    })
    expect(new Set(values).size).toBe(values.length)
    const last = new Map<number, number>()
    for (const value of values) {
      expect(last.get(value % 20) ?? -1).toBeLessThan(value)
      last.set(value % 20, value)
    }
  })

  it('names who held out when the drain takes too long; exit code 1', async () => {
    const { child, ended } = run({ STUCK: 'yes' })
    await until('a write', () => existsSync(out))
    child.kill('SIGTERM')
    const { code, stderr } = await ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/ERR_DRAIN .*sink has \d+ in hand/)
  })
})

describe('a module that never ends its loading', () => {
  it.each([
    ['spins', 'for (;;);'],
    ['waits', 'setInterval(() => {}, 1_000)\nawait new Promise(() => {})'],
  ])('and %s is ended by the first Ctrl-C', async (_how, text) => {
    const path = join(folder, 'endless.mjs')
    writeFileSync(path, `import { writeSync } from 'node:fs'\nwriteSync(2, 'begun')\n${text}\n`)
    const child = spawn(process.execPath, ['dist/main.js', 'run', path], { cwd: ROOT })
    const ended = once(child, 'close')
    let stderr = ''
    child.stderr.on('data', (some) => {
      stderr += some
    })
    try {
      await until('the module’s code', () => stderr === 'begun')
      child.kill('SIGINT')
      const code = await within(10_000, ended, () => ['still running', null])
      expect(code).toEqual([null, 'SIGINT'])
    } finally {
      child.kill('SIGKILL')
    }
  })
})
