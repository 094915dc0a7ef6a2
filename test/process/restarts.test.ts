// `millrace run --restarts`: a run that crashes is started again, and the line that kills it goes to the fallback.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAIN, ROOT } from '../support/child.js'

const MODULE = 'test/process/fixtures/restarts.mjs'
const LINES = Array.from({ length: 300 }, (_, i) => `line ${i}`)

let folder: string
let temporary: string
let child: ChildProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-restarts-'))
  temporary = join(folder, 'tmp')
  mkdirSync(temporary)
  writeFileSync(join(folder, 'in.txt'), LINES.map((line) => `${line}\n`).join(''))
})
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

type Ended = { code: number | null; signal: NodeJS.Signals | null; stderr: string }

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const { MILLRACE_STATE: _, ...inherited } = process.env
  const started = spawn(process.execPath, [MAIN, 'run', MODULE, '--quiet', ...args], {
    cwd: ROOT,
    env: { ...inherited, TMPDIR: temporary, FOLDER: folder, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child = started
  let stderr = ''
  started.stderr.on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve) => {
    started.on('close', (code, signal) => resolve({ code, signal, stderr }))
  })
}

function linesOf(name: string): string[] {
  const path = join(folder, name)
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
}

const said = (stderr: string, what: RegExp) => stderr.split('\n').filter((line) => what.test(line)).length
const crashed = /^millrace: the run crashed by SIGKILL: started again/

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 30 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('a run that is started again', () => {
  it('goes round the line that kills it: that one is in the fallback, all others in the sink, exit code 0', async () => {
    const { code, stderr } = await run(['--restarts', '6'], { KILLS: 'line 123' })
    expect(code, stderr).toBe(0)
    expect([...new Set(linesOf('out.txt'))].toSorted()).toEqual(
      LINES.filter((line) => line !== 'line 123').toSorted(),
    )
    const fallen = linesOf('fallback.txt').map((line) => JSON.parse(line))
    expect(fallen).toEqual([
      {
        text: 'line 123',
        reason: expect.stringMatching(/^poison: its thread or process died 3 times/),
        headers: expect.objectContaining({ 'millrace-attempts': '3' }),
      },
    ])
    // Once among others, and three times alone.
    const deaths = linesOf('killed')
    expect(deaths).toHaveLength(4)
    expect(said(stderr, crashed)).toBe(4)
    // All lives had the same directory, and it is gone.
    expect(new Set(deaths).size).toBe(1)
    expect(deaths[0]).toMatch(/millrace-state-/)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('is given up after so many crashes, and ends as the last run did', async () => {
    const { code, stderr } = await run(['--restarts', '1'], { KILLS: 'line 123' })
    expect(code).toBe(137)
    expect(linesOf('killed')).toHaveLength(2)
    expect(stderr).toMatch(/started again in 100 ms \(1 of 1\)/)
    expect(stderr).toMatch(/the run crashed by SIGKILL, and has been started again 1 times: given up/)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('is not started again with --restarts 0', async () => {
    const { code, stderr } = await run(['--restarts', '0'], { KILLS: 'line 123' })
    expect(code).toBe(137)
    expect(linesOf('killed')).toHaveLength(1)
    expect(stderr).toMatch(/has been started again 0 times: given up/)
  })

  it('notes in the directory that MILLRACE_STATE names, and keeps it', async () => {
    const state = join(folder, 'state')
    const first = await run(['--restarts', '0'], { KILLS: 'line 123', MILLRACE_STATE: state })
    expect(first.code).toBe(137)
    expect(readdirSync(state).length).toBeGreaterThan(1)
    // What the first process has noted, the second one's runs know: only three more deaths are wanted.
    const second = await run(['--restarts', '3'], { KILLS: 'line 123', MILLRACE_STATE: state })
    expect(second.code, second.stderr).toBe(0)
    expect(linesOf('killed')).toEqual([state, state, state, state])
    expect(existsSync(state)).toBe(true)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('is drained by a SIGTERM to its parent, and not started again', async () => {
    const ended = run(['--restarts', '5'], { ENDLESS: 'yes' })
    await until('a run that reads', () => linesOf('runs').length > 0 && linesOf('out.txt').length > 10)
    child?.kill('SIGTERM')
    const { code, stderr } = await ended
    expect(code, stderr).toBe(0)
    expect(linesOf('runs')).toHaveLength(1)
    expect(linesOf('runs')).not.toEqual([String(child?.pid)])
    expect(stderr).toMatch(/SIGTERM: draining/)
    expect(stderr).not.toMatch(/started again/)
    expect(readdirSync(temporary)).toEqual([])
  })

  it('is not started again where it cannot run: exit code 2 is passed on', async () => {
    rmSync(join(folder, 'in.txt'))
    const { code, stderr } = await run(['--restarts', '5'])
    expect(code, stderr).toBe(2)
    expect(said(stderr, /^ERR_/)).toBe(1)
    expect(stderr).not.toMatch(/started again/)
  })

  it.each(['', '-1', '1.5', 'many', '1000001', 'Infinity'])('is refused for --restarts=%s', async (value) => {
    const { code, stderr } = await run([`--restarts=${value}`])
    expect(code, stderr).toBe(2)
    expect(stderr).toMatch(/--restarts: got .*wanted a whole number from 0 to 1,000,000/)
  })
})
