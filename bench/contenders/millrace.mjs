// The topology, on its own threads. Its sink leaves what it saw in a file: it ran on another thread.

import { readFileSync } from 'node:fs'

export async function run() {
  const { start } = await import(process.env.MILLRACE_BENCH_PACKAGE)
  const running = await start(new URL('../topologies/pipeline.mjs', import.meta.url))
  const summary = await running.finished
  return { ...JSON.parse(readFileSync(process.env.MILLRACE_BENCH_RESULT, 'utf8')), acked: summary.acked }
}
