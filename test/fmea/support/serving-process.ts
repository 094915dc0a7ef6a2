// The source `serving` on the built command line, as a process; what may be asked of it, and what it counts.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Agent, IncomingHttpHeaders, RequestOptions } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Inspection } from '../../../src/topology/running.js'
import { freePort } from '../../process/http-kit.js'
import { ask } from '../../support/ask.js'
import { MAIN, ROOT } from '../../support/child.js'
import { Raw, send } from '../../unit/sources/requests/kit.js'

export type Reply = { status: number | undefined; headers: IncomingHttpHeaders; body: string }
export type Setup = {
  /** The file of the topology, beside this one. Default: topology.mjs. */
  topology?: string
  /** Options of the source. */
  options?: object
  map?: object
  limits?: object
  /** True: in LMDB, in a folder of its own. A path: there. */
  durable?: boolean | string
  /** What the results may take. */
  resultBytes?: number
  folder?: string
  /** Default: one that is free. */
  port?: number
  /** With TLS: the certificate that it has. */
  ca?: Buffer
  /** With a directory for what is in user code, as `--restarts` gives it. */
  hasState?: boolean
}

/** For whatever has to happen on a machine that is busy. */
export const DEADLINE_MS = 20_000
const BASE = '/v1/process'

export class ServingProcess {
  readonly port: number
  readonly folder: string
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  stderr = ''
  hasEnded = false
  private readonly raws: Raw[] = []
  /** Answers 404 that came, but for those on raw connections. */
  private notFound = 0
  private readonly secure: { protocol: string; agent: Agent } | undefined

  private constructor(port: number, folder: string, setup: Setup) {
    const { options = {}, map = {}, limits = {}, durable, resultBytes = 16_777_216, ca, hasState } = setup
    this.port = port
    this.folder = folder
    if (ca !== undefined) this.secure = { protocol: 'https:', agent: new SecureAgent({ ca }) }
    const results = typeof durable === 'string' ? durable : durable ? join(folder, 'results') : 'memory'
    const texts = { OPTIONS: options, MAP: map, LIMITS: limits }
    const given = Object.entries(texts).map(([name, value]) => [name, JSON.stringify(value)])
    const topology = `${ROOT}test/fmea/support/${setup.topology ?? 'topology.mjs'}`
    this.child = spawn(process.execPath, [MAIN, 'run', topology, '--json', '--admin-port', '0'], {
      env: {
        ...process.env,
        FOLDER: folder,
        PORT: String(port),
        RESULTS: results,
        BYTES: String(resultBytes),
        ...(hasState && { MILLRACE_STATE: join(folder, 'state') }),
        ...Object.fromEntries(given),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      this.hasEnded = true
      return { code, signal }
    })
  }

  /** Starts one, and waits until it takes messages. */
  static async begin(setup: Setup = {}): Promise<ServingProcess> {
    const folder = setup.folder ?? mkdtempSync(join(tmpdir(), 'millrace-fmea-'))
    const process = new ServingProcess(setup.port ?? (await freePort()), folder, setup)
    await process.until(() => process.hasEnded || process.stderr.includes('serving listens on'), 'listening')
    // Not ready is 503; then this id is none.
    await process.until(
      async () => (await process.post('sync', '', { 'X-Numaflow-Id': 'no id' })).status !== 503,
      'ready',
    )
    return process
  }

  /** `status` is undefined where the connection broke. */
  async post(
    to: string,
    body: string | Buffer,
    headers: Record<string, string> = {},
    agent?: Agent,
  ): Promise<Reply> {
    return this.send({ path: `${BASE}/${to}`, method: 'POST', headers, agent: agent ?? false }, body)
  }

  async get(path: string): Promise<Reply> {
    return this.send({ path: `${BASE}/${path}`, method: 'GET', agent: false })
  }

  /** Steps of messages so far, in their order: `begun`, `answered`, `kept`. */
  steps(step: string): string[] {
    const path = join(this.folder, 'ledger')
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
    return lines.filter((line) => line.startsWith(`${step} `)).map((line) => line.slice(step.length + 1))
  }

  set(name: string, text = ''): void {
    writeFileSync(join(this.folder, name), text)
  }

  unset(name: string): void {
    rmSync(join(this.folder, name), { force: true })
  }

  /** A connection that sends anything. */
  async raw(port = this.port): Promise<Raw> {
    const raw = new Raw(connect({ port, host: '127.0.0.1', allowHalfOpen: false }))
    this.raws.push(raw)
    await this.until(() => raw.isClosed || raw.socket.readyState === 'open', 'a connection')
    return raw
  }

  /** What the source counts, once all that was asked before is in it. */
  async stats(): Promise<Record<string, number>> {
    await this.get('unknown')
    const onRaws = this.raws.reduce((sum, { statuses }) => sum + Number(statuses[0] === 404), 0)
    const wanted = this.notFound + onRaws
    let stats: Record<string, number> = {}
    await this.until(async () => {
      stats = await this.statsNow()
      return (stats.answered_404 ?? 0) >= wanted
    }, 'its counters')
    return stats
  }

  /** The memory that the process has. */
  async residentBytes(): Promise<number> {
    return (await this.inspect())?.memory.residentBytes ?? Number.NaN
  }

  /** Waits until nobody waits for anything, and nothing is held. */
  async untilStill(): Promise<Record<string, number>> {
    let stats: Record<string, number> = {}
    const still = () =>
      ['waiting', 'orphans', 'joined', 'held_bytes', 'results_pending', 'backlog'].every(
        (name) => stats[name] === 0,
      )
    await this.until(
      async () => {
        stats = await this.stats()
        return still()
      },
      () => `nothing left over: ${JSON.stringify(stats)}`,
    )
    return stats
  }

  async until(
    condition: () => boolean | Promise<boolean>,
    what: string | (() => string),
    deadlineMs = DEADLINE_MS,
  ): Promise<void> {
    const endMs = performance.now() + deadlineMs
    while (!(await condition())) {
      const told = typeof what === 'string' ? what : what()
      if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${told}\n${this.stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  async kill(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (!this.hasEnded) this.child.kill(signal)
    return this.ended
  }

  /** Ends it, whatever it does. The folder stays where another life goes on with it. */
  async end({ keep = false } = {}): Promise<void> {
    for (const { socket } of this.raws) socket.destroy()
    await this.kill('SIGKILL')
    if (!keep) rmSync(this.folder, { recursive: true, force: true })
  }

  private async send(options: RequestOptions, body?: string | Buffer): Promise<Reply> {
    try {
      const reply = await send({ port: this.port, ...options, ...this.secure }, body)
      if (reply.status === 404) this.notFound++
      return reply
    } catch {
      return { status: undefined, headers: {}, body: '' }
    }
  }

  private async statsNow(): Promise<Record<string, number>> {
    return (await this.inspect())?.source ?? {}
  }

  private async inspect(): Promise<Inspection | undefined> {
    const url = /admin port on (http:\S+\/)/.exec(this.stderr)?.[1]
    return url === undefined ? undefined : JSON.parse((await ask(`${url}inspect`)).text)
  }
}
