// Runs a contender until its work is done, stops it, and gives what it said.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WrongResult } from '../harness.mjs'

const DEADLINE_MS = 150_000
const STOP_MS = 15_000
const ERRORS_MAX = 2_000

/** `work(child)` resolves true when the work is done. Rejects with WrongResult where it is not, or the process fails. */
export async function runChild(cluster, file, job, isDone, work = () => undefined) {
  const child = fork(fileURLToPath(new URL('child.mjs', import.meta.url)), [file], {
    env: { ...process.env, MILLRACE_BENCH_KAFKA: JSON.stringify(job), MILLRACE_BENCH_PACKAGE: job.package },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-ERRORS_MAX)
  })
  let isOver = false
  const ended = once(child, 'exit').then(([code, signal]) => {
    isOver = true
    return code ?? signal
  })
  const answered = new Promise((resolve) => child.once('message', resolve))
  try {
    const working = work()
    const done = await cluster.until(async () => isOver || (await isDone()), DEADLINE_MS)
    await working
    if (isOver || !done) throw new WrongResult(`${isOver ? 'it ended' : 'it is not done'}\n${errors}`)
    child.send('stop')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    const result = await Promise.race([answered, ended.then(() => undefined)])
    clearTimeout(timer)
    if (result === undefined) throw new WrongResult(`it ended without a result\n${errors}`)
    await ended
    return result
  } finally {
    if (!isOver) child.kill('SIGKILL')
  }
}
