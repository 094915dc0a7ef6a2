// Runs a program to its end, with what it reads, and keeps what it said. No shell.

import { spawn } from 'node:child_process'

export type Ran = { code: number | null; output: string }

/** Gives undefined where there is no such program. */
export function run(
  program: string,
  args: readonly string[],
  { input = '', timeoutMs }: { input?: string; timeoutMs?: number } = {},
): Promise<Ran | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve(undefined) : reject(error),
    )
    child.on('close', (code) => resolve({ code, output }))
    // It may end without reading all of it.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
