// The command line with a topology that takes requests, as a process; and clients that never stop asking.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAIN, ROOT } from '../support/child.js'
import { send, until } from '../unit/sources/requests/kit.js'

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }
/** What became of a request: a status, or nothing, and the body that came. */
export type Outcome = {
  body: string
  status: number | undefined
  answer: string
  retryAfter: string | undefined
}

export class Served {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-http-'))
  readonly port: number
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  hasEnded = false
  stderr = ''

  constructor(port: number, env: Record<string, string>, args: readonly string[]) {
    this.port = port
    const given = { FOLDER: this.folder, PORT: String(port), ...env }
    const topology = `${ROOT}test/process/fixtures/http-ledger.mjs`
    const child = spawn(process.execPath, [MAIN, 'run', topology, '--json', ...args], {
      env: { ...process.env, ...given },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child = child
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (some: string) => {
      stdout += some
    })
    child.stderr.setEncoding('utf8').on('data', (some: string) => {
      this.stderr += some
    })
    this.ended = once(child, 'close').then(([code, signal]) => {
      this.hasEnded = true
      return { code, signal, stdout, stderr: this.stderr }
    })
  }

  /** What the sink has written, in its order. */
  get ledger(): string[] {
    const path = join(this.folder, 'ledger')
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  }

  async post(body: string, headers: Record<string, string> = {}, agent?: Agent): Promise<Outcome> {
    try {
      const reply = await send(
        { port: this.port, path: '/', method: 'POST', headers, ...(agent && { agent }) },
        body,
      )
      return { body, status: reply.status, answer: reply.body, retryAfter: reply.headers['retry-after'] }
    } catch {
      return { body, status: undefined, answer: '', retryAfter: undefined }
    }
  }

  async end(): Promise<void> {
    if (!this.hasEnded) this.child.kill('SIGKILL')
    await this.ended
    rmSync(this.folder, { recursive: true })
  }
}

/** Runs it, and waits until it takes requests. */
export async function serve(env: Record<string, string> = {}, args: readonly string[] = []): Promise<Served> {
  const served = new Served(await freePort(), env, args)
  await until(
    () => served.hasEnded || served.stderr.includes('http listens on'),
    () => `listening: ${served.stderr}`,
    30_000,
  )
  await ready(served)
  return served
}

/** Waits until it takes messages, without sending one: before that it says 503 to anything. */
async function ready(served: Served): Promise<void> {
  while (!served.hasEnded && (await served.post('', { 'X-Numaflow-Id': 'no id' })).status !== 400);
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Clients that send one request after another, each its own body, until they are stopped. */
export class Load {
  readonly outcomes: Outcome[] = []
  /** Bodies that were sent. */
  sent = 0
  private isStopped = false
  private readonly agent = new Agent({ keepAlive: true })
  private readonly clients: Promise<void>[]

  constructor(served: Served, clients: number, bodyOf: (n: number) => string = String) {
    this.clients = Array.from({ length: clients }, async () => {
      while (!this.isStopped) {
        const outcome = await served.post(bodyOf(this.sent++), {}, this.agent)
        this.outcomes.push(outcome)
        // Nobody is there: another try would only be a spin.
        if (outcome.status === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
  }

  count(status: number | undefined): number {
    return this.outcomes.filter((outcome) => outcome.status === status).length
  }

  bodies(status: number | undefined): string[] {
    return this.outcomes.filter((outcome) => outcome.status === status).map(({ body }) => body)
  }

  get statuses(): Set<number | undefined> {
    return new Set(this.outcomes.map(({ status }) => status))
  }

  async stop(): Promise<void> {
    this.isStopped = true
    await Promise.all(this.clients)
    this.agent.destroy()
  }
}
