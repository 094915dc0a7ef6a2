// Runs Node as a child process, with a deadline, and gives all that it wrote.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's root, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The built command line. */
export const MAIN = `${ROOT}dist/main.js`

export type ChildOptions = {
  cwd?: string
  /** What it reads from stdin. Default: nothing. */
  input?: string
  env?: Record<string, string>
  /** Then it is killed, and the promise rejects. Default 30,000. */
  timeoutMs?: number
}

/** `code` is null where a signal ended it. */
export type Ended = { code: number | null; stdout: string; stderr: string }

/** Resolves when it has ended, with whatever exit code. Rejects where it takes too long, with what it wrote until then. */
export function runNode(args: readonly string[], options: ChildOptions = {}): Promise<Ended> {
  const { cwd = ROOT, input = '', env = {}, timeoutMs = 30_000 } = options
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } })
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (some: string) => {
        text[name] += some
      })
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`node ${args.join(' ')}: still running after ${timeoutMs} ms\n${text.stderr}`))
    }, timeoutMs)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, ...text })
    })
    // It may end without reading all of it.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
