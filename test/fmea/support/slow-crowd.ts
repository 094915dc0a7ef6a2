// Thousands of slow connections, from processes of their own: one process has no more than its descriptors.

import { type ChildProcess, fork } from 'node:child_process'
import { ROOT } from '../../support/child.js'

const SCRIPT = `${ROOT}test/fmea/support/slow-clients.mjs`
/** Descriptors that a process needs for all else. */
const SPARE = 500
const PROCESSES = 2

type Told = { opened: number; ended: number; said: Record<string, number> }

/** Gives how many connections a process may have here; `wanted`, where that is less. Says so where it is not enough. */
export function connectionsHere(wanted: number): number {
  const limits = (process.report.getReport() as { userLimits?: { open_files?: { hard: number | string } } })
    .userLimits
  const descriptors = Number(limits?.open_files?.hard)
  // Without a limit it is a word, or nothing.
  const count = Number.isFinite(descriptors) ? Math.min(wanted, descriptors - SPARE) : wanted
  if (count < wanted)
    console.warn(`${wanted} connections wanted, ${count} tried: ulimit -n is ${descriptors}`)
  return count
}

export class SlowCrowd {
  private readonly children: { child: ChildProcess; told: Told }[]

  /** Each sends the text: at once, or a byte of it every `dripMs`. */
  constructor(port: number, count: number, text: string, dripMs = 0) {
    this.children = Array.from({ length: PROCESSES }, (_, at) => {
      const its = Math.floor((count + at) / PROCESSES)
      const child = fork(SCRIPT, [port, its, dripMs, text].map(String), { execArgv: [] })
      const each = { child, told: { opened: 0, ended: 0, said: {} } as Told }
      child.on('message', (told: Told) => {
        each.told = told
      })
      return each
    })
  }

  get opened(): number {
    return this.sum(({ opened }) => opened)
  }

  get ended(): number {
    return this.sum(({ ended }) => ended)
  }

  /** What was said first on connections that ended, and how often. */
  get said(): Record<string, number> {
    const all: Record<string, number> = {}
    for (const { told } of this.children)
      for (const [text, count] of Object.entries(told.said)) all[text] = (all[text] ?? 0) + count
    return all
  }

  /** Breaks all connections. */
  end(): void {
    for (const { child } of this.children) child.kill('SIGKILL')
  }

  private sum(of: (told: Told) => number): number {
    return this.children.reduce((total, { told }) => total + of(told), 0)
  }
}
