// One sample of a contender that answers requests: its process, and the process that asks.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CONTENDERS } from './cases.mjs'
import { WrongResult } from './harness.mjs'

const WARM_SHARE = 0.25
const TIMEOUT_MS = 120_000

/** Of a case that is over: one that measures the same takes them in their turn, and measures nothing again. */
const left = new Map()

/** Gives a function that takes a sample: requests a second, latencies in ms, CPU time of the server. */
export function prepareHttp(job) {
  const before = new Map(left)
  left.clear()
  return async (contender) => {
    const sample = before.get(contender)?.shift() ?? (await take(job, contender))
    left.set(contender, [...(left.get(contender) ?? []), sample])
    return sample
  }
}

async function take(job, contender) {
  const count = job.counts[contender]
  const args = [Math.round(count * WARM_SHARE), count]
  const { result, cpuSeconds } = await askServer(job, contender, 'http-load.mjs', args)
  if (result.requests !== count || result.wrong !== 0)
    throw new WrongResult(`${result.requests} answers of ${count}, ${result.wrong} of them wrong`)
  const { seconds, p50, p99 } = result
  return { rate: count / seconds, p50, p99, cpuMicros: (cpuSeconds / count) * 1e6 }
}

/**
 * Starts a contender's server, and a load with the server's port and `args`. Gives what the load printed last, and the CPU time that
 * the server took since the load's line `warm`. Both get `env`.
 */
export async function askServer(job, contender, loadFile, args, env = {}) {
  const { file, threads } = CONTENDERS[job.baseOf(contender)]
  const server = run(['http-server.mjs', file, threads], {
    ...env,
    MILLRACE_BENCH_PACKAGE: job.packageOf(contender),
    MILLRACE_BENCH_THREADS: String(threads),
  })
  let load
  try {
    const { port } = JSON.parse(await server.line())
    load = run([loadFile, port, ...args], env)
    await load.line()
    server.child.stdin.write('warm\n')
    const result = JSON.parse(await load.line())
    server.child.stdin.end()
    return { result, cpuSeconds: JSON.parse(await server.line()).cpuSeconds }
  } finally {
    await load?.end()
    await server.end()
  }
}

/** A process whose lines are read one by one. */
function run(args, env = {}) {
  const [file, ...more] = args
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(file, import.meta.url)), ...more.map(String)],
    {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const closed = once(child, 'close').then(() => clearTimeout(timer))
  return {
    child,
    async line() {
      const { value, done } = await lines.next()
      if (done) throw new WrongResult(`${file} ended early\n${stderr.slice(-2000)}`)
      return value
    },
    async end() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
