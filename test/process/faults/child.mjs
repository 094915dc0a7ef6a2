// A process under test: `node dist/main.js run <topology>` in a group of its own, with a time limit.
// Whoever starts one ends it: `end` in a finally.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { groupOf } from './proc.mjs'

/** The repository's root, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const MAIN = `${ROOT}dist/main.js`
const TOPOLOGIES = fileURLToPath(new URL('./topologies/', import.meta.url))

/**
 * @typedef {{ code: number | null, signal: string | null, stderr: string, summary: any, leftovers: number[], tookMs: number, late: boolean }} Ended
 *   `leftovers`: processes of its group that outlived it; `late`: it had to be killed at its time limit
 */

export class Child {
  /**
   * @param {object} options
   * @param {string} options.topology name of a file in topologies/, or a path
   * @param {object} options.parameters what the topology gets
   * @param {string[]} [options.args] of the command line
   * @param {string[]} [options.under] a program that runs it, such as prlimit
   * @param {Record<string, string>} [options.env]
   * @param {number} [options.timeoutMs]
   */
  constructor({ topology, parameters, args = [], under = [], env = {}, timeoutMs = 60_000 }) {
    const path = topology.includes('/') ? topology : `${TOPOLOGIES}${topology}.mjs`
    const command = [...under, process.execPath, MAIN, 'run', path, '--json', ...args]
    this.startedMs = performance.now()
    this.text = ''
    this.isOver = false
    this.isLate = false
    this.process = spawn(command[0], command.slice(1), {
      cwd: ROOT,
      detached: true,
      env: { ...process.env, ...env, FAULT: JSON.stringify(parameters) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.pid = this.process.pid ?? 0
    this.process.stderr?.setEncoding('utf8').on('data', (some) => {
      this.text += some
    })
    this.timer = setTimeout(() => {
      this.isLate = true
      this.signalAll('SIGKILL')
    }, timeoutMs)
    /** @type {Promise<Ended>} */
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject)
      this.process.on('close', (code, signal) => resolve(this.#closed(code, signal)))
    })
  }

  /** Sends a signal to the process itself. */
  signal(name) {
    if (!this.isOver) this.process.kill(name)
  }

  /** Sends a signal to each process that it started, and to itself. */
  signalAll(name) {
    for (const pid of groupOf(this.pid)) trySignal(pid, name)
  }

  /** Kills whatever is left of it, and waits for that. */
  async end() {
    this.signalAll('SIGCONT')
    this.signalAll('SIGKILL')
    await this.ended.catch(() => undefined)
    clearTimeout(this.timer)
  }

  #closed(code, signal) {
    this.isOver = true
    clearTimeout(this.timer)
    const leftovers = groupOf(this.pid)
    const tookMs = performance.now() - this.startedMs
    return {
      code,
      signal,
      stderr: this.text,
      summary: summaryOf(this.text),
      leftovers,
      tookMs,
      late: this.isLate,
    }
  }
}

/** The summary of --json: a line of JSON among the lines of the log. */
function summaryOf(stderr) {
  for (const line of stderr.split('\n').reverse()) {
    if (!line.startsWith('{') || !line.includes('"inFlight"')) continue
    try {
      const summary = JSON.parse(line)
      if ('read' in summary && 'acked' in summary) return summary
    } catch {}
  }
  return undefined
}

function trySignal(pid, name) {
  try {
    process.kill(pid, name)
  } catch {}
}
