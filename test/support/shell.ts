// Runs shell commands as a reader of the documents does, with a deadline, and gives all that they wrote. What they leave running
// in the background is ended with them. Not for Windows.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Ended } from './child.js'

export type ShellOptions = {
  /** `node_modules/.bin` in it comes first in the PATH. */
  cwd: string
  input: string
  timeoutMs: number
}

/** Resolves when the last command has ended; the first that fails is the last. Rejects where it takes too long. */
export function runShell(commands: string, { cwd, input, timeoutMs }: ShellOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${join(cwd, 'node_modules/.bin')}:${process.env.PATH}` }
    // A group of its own: its end is the end of all that it has started.
    const child = spawn('sh', ['-euc', commands], { cwd, env, detached: true })
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (some: string) => {
        text[name] += some
      })
    }
    const timer = setTimeout(() => {
      endGroup(child.pid)
      reject(
        new Error(`sh: still running after ${timeoutMs} ms\n${commands}\n${text.stdout}\n${text.stderr}`),
      )
    }, timeoutMs)
    child.on('error', reject)
    child.on('exit', () => endGroup(child.pid))
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, ...text })
    })
    // It may end without reading all of it.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Nobody is left in it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
