// What a scrape each second, and an open page, cost a topology under load: node bench/admin-cost.mjs [rounds] [messages]
// Runs with and without take turns; each is a process of its own, warmed up by the first fifth of its messages.

import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { interleave, median, runProcess, WrongResult } from './harness.mjs'
import { DIST } from './options.mjs'

const rounds = Number(process.argv[2] ?? 7)
const count = Number(process.argv[3] ?? 16_000_000)
const CONTENDERS = { without: 'millrace', with: 'millrace-admin' }
const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))

try {
  const samples = await interleave(Object.keys(CONTENDERS), {
    rounds,
    warmUp: true,
    budgetMs: Infinity,
    sample,
    onProgress: (name, round) =>
      process.stderr.isTTY && process.stderr.write(`\r\x1b[K${name} ${round}/${rounds}`),
    onFailure(name, error) {
      process.stderr.write(`${name}: ${error.message}\n`)
      process.exitCode = 1
    },
  })
  report(samples)
} finally {
  rmSync(directory, { recursive: true })
}

async function sample(name) {
  const env = {
    MILLRACE_BENCH_PACKAGE: DIST.href,
    MILLRACE_BENCH_WORK: 'map-128',
    MILLRACE_BENCH_COUNT: String(count),
    MILLRACE_BENCH_WARM: String(Math.round(count / 5)),
    MILLRACE_BENCH_THREADS: '1',
    MILLRACE_BENCH_RESULT: join(directory, 'result'),
  }
  const child = fileURLToPath(new URL('child.mjs', import.meta.url))
  const { stdout } = await runProcess([child, CONTENDERS[name]], env)
  const result = JSON.parse(stdout)
  if (result.acked !== count || result.count !== count) throw new WrongResult(`not all was acked: ${stdout}`)
  if (name === 'with' && !(result.scrapes > 0)) throw new WrongResult('it was never scraped')
  return {
    rate: result.messages / result.seconds,
    cpuNanos: (result.cpuSeconds / result.messages) * 1e9,
    scrapes: result.scrapes,
  }
}

function report(samples) {
  const [without, withIt] = [samples.get('without'), samples.get('with')]
  if (without === undefined || withIt === undefined) return
  const ratio = (metric) => median(withIt.map((one, i) => one[metric] / without[i][metric]))
  const middle = (taken, metric) =>
    Math.round(median(taken.map((one) => one[metric]))).toLocaleString('en-US')
  const lines = [
    `${withIt.length} rounds of ${count.toLocaleString('en-US')} messages, load ${loadavg()[0].toFixed(1)}`,
    `without: ${middle(without, 'rate')} msg/s, ${middle(without, 'cpuNanos')} ns CPU a message`,
    `with:    ${middle(withIt, 'rate')} msg/s, ${middle(withIt, 'cpuNanos')} ns CPU a message, ${middle(withIt, 'scrapes')} scrapes a run`,
    `ratio:   rate ${ratio('rate').toFixed(3)}, CPU ${ratio('cpuNanos').toFixed(3)} (medians of the rounds)`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
