// Samples of a contender that answers requests with one of the handlers: for a time, by many connections at once, or overloaded.

import { CASES } from './cases.mjs'
import { WrongResult } from './harness.mjs'
import { askServer } from './http-sample.mjs'
import { calibratedRounds } from './serve-work.mjs'

const WARM_MS = 4_000
const QUICK_WARM_MS = 400
const OVERLOAD_WARM_MS = 2_500
let rounds

/** Gives a function that takes a sample: requests a second, latencies in ms, CPU time of all the server's processes. */
export function prepareServe(job) {
  const { sizeBytes, connections } = CASES[job.case]
  const env = environmentOf(job)
  return async (contender) => {
    const seconds = Math.max(1, Math.round(job.counts[contender] / 1000))
    const args = [sizeBytes, connections, warmMsOf(job), seconds]
    const { result, cpuSeconds } = await askServer(job, contender, 'serve-load.mjs', args, env)
    check(result)
    const { requests, tool, p50, p99, p999 } = result
    const rate = requests / result.seconds
    return { rate, p50, p99, p999, cpuMicros: (cpuSeconds / requests) * 1e6, note: noteOf(tool, env) }
  }
}

/** The same for overload: what is accepted of it, beside the peak of the same server. */
export function prepareOverload(job) {
  const { sizeBytes, heeds } = CASES[job.case]
  const env = environmentOf(job)
  return async (contender) => {
    const args = [sizeBytes, OVERLOAD_WARM_MS, job.counts[contender], heeds ? 1 : 0]
    const { result, cpuSeconds } = await askServer(job, contender, 'overload-load.mjs', args, env)
    const { peak, overload } = result
    check(peak)
    check(overload)
    const rate = overload.requests / overload.seconds
    return {
      rate,
      percentOfPeak: (100 * rate * peak.seconds) / peak.requests,
      p99: overload.p99,
      peakP99: peak.p99,
      refused: overload.refused / overload.seconds,
      loadCpuPercent: overload.loadCpuPercent,
      cpuMicros: (cpuSeconds / overload.requests) * 1e6,
      note: noteOf('clients of its own', env),
    }
  }
}

function environmentOf({ case: name }) {
  const { handler, hasLimit = true } = CASES[name]
  const env = { MILLRACE_BENCH_HANDLER: handler, MILLRACE_BENCH_LIMIT: hasLimit ? 'on' : 'off' }
  if (handler !== 'cpu') return env
  rounds ??= calibratedRounds()
  return { ...env, MILLRACE_BENCH_ROUNDS: String(rounds) }
}

function noteOf(tool, { MILLRACE_BENCH_ROUNDS }) {
  const work =
    MILLRACE_BENCH_ROUNDS === undefined
      ? ''
      : `; ${MILLRACE_BENCH_ROUNDS} rounds of SHA-256 over 4 KiB are 200 µs`
  return `load from ${tool}${work}`
}

function warmMsOf({ quick }) {
  return quick ? QUICK_WARM_MS : WARM_MS
}

function check({ requests, wrong, errors }) {
  if (requests > 0 && wrong === 0 && errors === 0) return
  throw new WrongResult(`${requests} answers, ${wrong} wrong, ${errors} errors`)
}
