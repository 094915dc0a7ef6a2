// Runs processes, and takes samples of a case in turn: A B C, A B C. It knows nothing of what is measured.

import { spawn } from 'node:child_process'

const TIMEOUT_MS = 120_000

/** A run that came to a wrong result, or to none. */
export class WrongResult extends Error {}

/** Runs a process to its end; says what it wrote, and when its first output came. Throws WrongResult where it failed. */
export function runProcess(args, env = {}) {
  return new Promise((resolve, reject) => {
    const from = performance.now()
    const child = spawn(process.execPath, args, {
      cwd: new URL('..', import.meta.url),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    let stdout = ''
    let stderr = ''
    let firstMs
    child.stdout.on('data', (chunk) => {
      firstMs ??= performance.now() - from
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0 && firstMs !== undefined) return resolve({ stdout, firstMs })
      const end =
        signal === 'SIGKILL' ? `no end after ${TIMEOUT_MS} ms, or killed` : `exit code ${code ?? signal}`
      reject(new WrongResult(`${end}, ${stdout.length} characters of output\n${stderr.slice(-2000)}`))
    })
  })
}

/**
 * Takes samples of each contender in turn, `rounds` of them after one that is dropped, or fewer where `budgetMs` is used
 * up: at least one, and that may be the one that would have been dropped. A contender with a wrong result is told to
 * `onFailure`, and takes no further part. Gives the samples of each, by name.
 */
export async function interleave(contenders, { rounds, warmUp, budgetMs, sample, onFailure, onProgress }) {
  const samples = new Map(contenders.map((contender) => [contender, []]))
  const from = performance.now()
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    const roundFrom = performance.now()
    for (const contender of [...samples.keys()]) {
      onProgress(contender, round)
      try {
        samples.get(contender).push(await sample(contender))
      } catch (error) {
        if (!(error instanceof WrongResult)) throw error
        samples.delete(contender)
        onFailure(contender, error)
      }
    }
    const now = performance.now()
    if (now - from + (now - roundFrom) > budgetMs) break
    if (round === 0) for (const taken of samples.values()) taken.length = 0
  }
  return samples
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
