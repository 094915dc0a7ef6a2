// How a sample of each kind of case is taken, and which metrics it has.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CONTENDERS } from './cases.mjs'
import { expectedChecksums } from './expected.mjs'
import { runProcess, WrongResult } from './harness.mjs'
import { prepareHttp } from './http-sample.mjs'
import { prepareOverload, prepareServe } from './serve-sample.mjs'

const WARM_SHARE = 0.2
const QUICK_WARM_SHARE = 0.4
const KIB = 1024
const MIB = 1024 * KIB
const MILLION = 1e6

/** By kind: the metrics, and `prepare`, which gives a function that takes a sample of a contender. */
export const KINDS = {
  rate: {
    metrics: [{ metric: 'rate', unit: 'msg/s', moreIsBetter: true }],
    prepare: prepareRate,
  },
  http: {
    metrics: [{ metric: 'rate', unit: 'requests/s', moreIsBetter: true }],
    prepare: prepareHttp,
  },
  'http-latency': {
    metrics: [
      { metric: 'p99', unit: 'ms p99', moreIsBetter: false },
      { metric: 'p50', unit: 'ms p50', moreIsBetter: false },
    ],
    prepare: prepareHttp,
  },
  serve: {
    metrics: [
      { metric: 'rate', unit: 'requests/s', moreIsBetter: true },
      { metric: 'p50', unit: 'ms p50', moreIsBetter: false },
      { metric: 'p99', unit: 'ms p99', moreIsBetter: false },
      { metric: 'p999', unit: 'ms p99.9', moreIsBetter: false },
    ],
    prepare: prepareServe,
  },
  overload: {
    metrics: [
      { metric: 'rate', unit: 'accepted/s', moreIsBetter: true },
      { metric: 'percentOfPeak', unit: '% of the peak', moreIsBetter: true, comparable: false },
      { metric: 'p99', unit: 'ms p99 of accepted', moreIsBetter: false },
      { metric: 'peakP99', unit: 'ms p99 at the peak', moreIsBetter: false },
      { metric: 'refused', unit: 'refused/s', moreIsBetter: false, comparable: false },
      { metric: 'loadCpuPercent', unit: '% of a core, load', moreIsBetter: false, comparable: false },
    ],
    prepare: prepareOverload,
  },
  // What they need is loaded where one of them runs.
  kafka: {
    metrics: [{ metric: 'rate', unit: 'msg/s', moreIsBetter: true }],
    prepare: async (job) => (await import('./kafka/sample.mjs')).preparePipe(job),
  },
  'kafka-source': {
    metrics: [{ metric: 'rate', unit: 'msg/s', moreIsBetter: true }],
    prepare: async (job) => (await import('./kafka/sample.mjs')).prepareSource(job),
  },
  'kafka-sink': {
    metrics: [{ metric: 'rate', unit: 'msg/s', moreIsBetter: true }],
    prepare: async (job) => (await import('./kafka/sample.mjs')).preparePipe(job),
  },
  'kafka-latency': {
    metrics: [
      { metric: 'p50', unit: 'ms p50', moreIsBetter: false },
      { metric: 'p99', unit: 'ms p99', moreIsBetter: false },
    ],
    prepare: async (job) => (await import('./kafka/sample.mjs')).prepareLatency(job),
  },
  idle: {
    metrics: [{ metric: 'percent', unit: '% of a core', moreIsBetter: false }],
    prepare: prepareIdle,
  },
  startup: {
    metrics: [{ metric: 'ms', unit: 'ms', moreIsBetter: false }],
    prepare: prepareStartup,
  },
  memory: {
    metrics: [
      { metric: 'rssMib', unit: 'MiB RSS', moreIsBetter: false },
      { metric: 'rssGrowthKib', unit: 'KiB RSS/1M msg', moreIsBetter: false, comparable: false },
      { metric: 'heapGrowthKib', unit: 'KiB heap/1M msg', moreIsBetter: false, comparable: false },
    ],
    prepare: prepareMemory,
  },
}

function prepareRate(job) {
  const checksums = expectedChecksums(job.case, Object.values(job.counts))
  return async (contender) => {
    const result = await runWork(job, job.case, contender, checksums)
    return {
      rate: result.messages / result.seconds,
      cpuMicros: (result.cpuSeconds / result.messages) * MILLION,
    }
  }
}

function prepareMemory(job) {
  const checksums = expectedChecksums('map-128', Object.values(job.counts))
  return async (contender) => {
    const result = await runWork(job, 'map-128', contender, checksums)
    const heap = await runWork(job, 'map-128', contender, checksums, { watchesHeap: true })
    return {
      rssMib: result.rssBytes / MIB,
      rssGrowthKib: ((result.rssGrowthBytes / KIB) * MILLION) / result.messages,
      heapGrowthKib: (heap.heapGrowthBytes * MILLION) / KIB,
    }
  }
}

function prepareIdle({ quick }) {
  return async () => {
    const { stdout } = await runProcess([local('idle.mjs'), quick ? '2' : '5'])
    const result = JSON.parse(stdout)
    if (result.acked === 0 || result.read !== result.acked)
      throw new WrongResult(`not all was acked: ${stdout}`)
    return result
  }
}

function prepareStartup() {
  return async (contender) => {
    const args =
      contender === 'node'
        ? ['-e', 'process.stdout.write("x")']
        : [local('../dist/main.js'), 'run', local('topologies/startup.mjs')]
    const { firstMs } = await runProcess(args)
    return { ms: firstMs }
  }
}

/** One run of a work by a contender: checked, or WrongResult. */
async function runWork(job, work, contender, checksums, { watchesHeap = false } = {}) {
  const { file, threads, view } = CONTENDERS[job.baseOf(contender)]
  const count = job.counts[contender]
  const heap = join(job.directory, 'heap')
  const { stdout } = await runProcess([...(watchesHeap ? ['--expose-gc'] : []), local('child.mjs'), file], {
    MILLRACE_BENCH_PACKAGE: job.packageOf(contender),
    MILLRACE_BENCH_WORK: work,
    MILLRACE_BENCH_COUNT: String(count),
    MILLRACE_BENCH_WARM: String(Math.round(count * (job.quick ? QUICK_WARM_SHARE : WARM_SHARE))),
    MILLRACE_BENCH_THREADS: String(threads),
    MILLRACE_BENCH_RESULT: join(job.directory, 'result'),
    ...(view ? { MILLRACE_BENCH_VIEW: '1' } : {}),
    ...(watchesHeap ? { MILLRACE_BENCH_HEAP: heap } : {}),
  })
  rmSync(join(job.directory, 'result'), { force: true })
  const result = JSON.parse(stdout)
  const wanted = { count, acked: count, checksum: checksums.get(count) }
  for (const [name, value] of Object.entries(wanted)) {
    if (result[name] !== value) throw new WrongResult(`${name} is ${result[name]}, wanted ${value}`)
  }
  return result
}

function local(path) {
  return fileURLToPath(new URL(path, import.meta.url))
}
