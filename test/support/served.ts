// The built command line with an admin port, as a process of its own, on the fixture whose parts files make slow, stuck or failing.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Inspection } from '../../src/topology/running.js'
import { type Answered, ask } from './ask.js'
import { MAIN, ROOT } from './child.js'

export const ADMIN_FIXTURE = 'test/process/fixtures/admin.mjs'
const DEADLINE_MS = 40_000

export class Served {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; stderr: string }>
  /** With a slash at its end. */
  url = ''
  stderr = ''
  private readonly folder = mkdtempSync(join(tmpdir(), 'millrace-served-'))

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [MAIN, 'run', ADMIN_FIXTURE, '--json', ...args], {
      cwd: ROOT,
      env: { ...process.env, FOLDER: this.folder, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => resolve({ code, stderr: this.stderr }))
    })
  }

  /** Starts one, and waits until it runs. */
  static async begin(env: Record<string, string> = {}): Promise<Served> {
    const served = new Served(['--admin-port', '0'], env)
    await until('an admin port', () => {
      served.url = /admin port on (http:\S+\/)/.exec(served.stderr)?.[1] ?? ''
      return served.url !== ''
    })
    await until('a start', async () => (await served.get('inspect')).status === 200)
    return served
  }

  get(path: string, options?: Parameters<typeof ask>[1]): Promise<Answered> {
    return ask(this.url + path, options)
  }

  async inspect(): Promise<Inspection> {
    return JSON.parse((await this.get('inspect')).text) as Inspection
  }

  /** Makes a part slow, stuck or failing. */
  set(name: 'exit' | 'spin' | 'fail' | 'slow' | 'hold'): void {
    writeFileSync(join(this.folder, name), '')
  }

  unset(name: 'spin' | 'fail' | 'slow' | 'hold'): void {
    rmSync(join(this.folder, name), { force: true })
  }

  /** Ends it, whatever it does. */
  async end(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS / 1_000} s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
