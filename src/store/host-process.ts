// A store's side of its host process: starts it, asks it, and notices its end.

import { type ChildProcess, fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { countText } from '../kernel/count-text.js'
import type { Changes, Entries, FromHost, ToHost } from './host-messages.js'

const HOST = fileURLToPath(new URL('./host.js', import.meta.url))
/** How long a host may take; a broken file may keep it for ever, and a large one is read as a whole. */
const OPEN_MS = 20_000
const OPEN_BYTES_PER_MS = 10_000
const PUT_MS = 60_000
const CLOSE_MS = 2_000
const STDERR_CHARACTERS = 500
/** By these a process ends that read what is no store, or behind its end. */
const CRASHES: readonly unknown[] = ['SIGBUS', 'SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGFPE', 'SIGTRAP']

export type Started =
  | { kind: 'opened'; entries: Entries; host: HostProcess }
  | { kind: 'broken'; reason: string; entries?: Entries }
  | { kind: 'refused'; reason: string }

type Ended = { kind: 'ended'; reason: string; crashed: boolean }
type Opened = Extract<FromHost, { kind: 'opened' | 'broken' | 'refused' }> | Ended
type Put = Extract<FromHost, { kind: 'durable' | 'broken' | 'failed' | 'fenced' }> | Ended

/** Starts a host for a file, and gives what it found there. */
export async function startHost(path: string): Promise<Started> {
  const host = new HostProcess(path)
  const answer = await host.opened()
  if (answer.kind === 'opened') return { ...answer, host }
  await host.close()
  if (answer.kind !== 'ended') return answer
  return { kind: answer.crashed ? 'broken' : 'refused', reason: answer.reason }
}

export class HostProcess {
  readonly #child: ChildProcess
  readonly #openMs: number
  readonly #ended: Promise<Ended>
  #stderr = ''

  constructor(path: string) {
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    this.#openMs = OPEN_MS + Math.ceil(bytes / OPEN_BYTES_PER_MS)
    this.#child = fork(HOST, [path], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS)
    })
    this.#ended = new Promise((resolve) => {
      const { stderr } = this.#child
      this.#child.once('error', (error) => resolve(ended(`cannot be started: ${error.message}`, false)))
      this.#child.once('exit', (code, signal) => {
        const tell = () => resolve(ended(this.#endText(code, signal), CRASHES.includes(signal)))
        if (stderr?.closed ?? true) tell()
        else stderr?.once('close', tell)
      })
    })
  }

  /** Does changes, all or none. One call at a time. */
  async put(changes: Changes): Promise<Put> {
    const answer = this.#next(PUT_MS)
    const question: ToHost = { put: changes }
    // Where it cannot be sent, the process has ended, and the answer tells it.
    if (this.#child.connected) this.#child.send(question, () => undefined)
    return (await answer) as Put
  }

  /** Gives what came of opening. */
  opened(): Promise<Opened> {
    return this.#next(this.#openMs) as Promise<Opened>
  }

  /** The host's next message; its end where that comes first. Beyond the time it is killed, and taken for crashed. */
  async #next(timeoutMs: number): Promise<FromHost | Ended> {
    let onMessage: (message: FromHost) => void = () => undefined
    const message = new Promise<FromHost>((resolve) => {
      onMessage = resolve
    })
    this.#child.once('message', onMessage as (message: unknown) => void)
    const alarm = this.#killAfter(timeoutMs)
    try {
      const first = await Promise.race([message, this.#ended])
      return alarm.rang ? ended(`did not answer within ${countText(timeoutMs)} ms`, true) : first
    } finally {
      alarm.stop()
      this.#child.off('message', onMessage as (message: unknown) => void)
    }
  }

  /** Hangs up, and resolves when the process has ended: what it was asked before is done by then. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const alarm = this.#killAfter(CLOSE_MS)
    await this.#ended
    alarm.stop()
  }

  #endText(code: number | null, signal: string | null): string {
    const text = this.#stderr.trim()
    return `ended ${signal === null ? `with code ${code}` : `by ${signal}`}${text === '' ? '' : `: ${text}`}`
  }

  #killAfter(timeoutMs: number): { rang: boolean; stop(): void } {
    const timer = setTimeout(() => {
      alarm.rang = true
      this.#child.kill('SIGKILL')
    }, timeoutMs)
    const alarm = { rang: false, stop: () => clearTimeout(timer) }
    return alarm
  }
}

function ended(reason: string, crashed: boolean): Ended {
  return { kind: 'ended', reason, crashed }
}
