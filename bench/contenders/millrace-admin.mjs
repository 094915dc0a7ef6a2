// The topology with its admin port open, a scrape each second, and a page that is looked at.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export async function run() {
  const { start } = await import(process.env.MILLRACE_BENCH_PACKAGE)
  const options = { admin: { port: 0 }, log: () => {} }
  const running = await start(new URL('../topologies/pipeline.mjs', import.meta.url), options)
  const script = fileURLToPath(new URL('../scraper.mjs', import.meta.url))
  const scraper = spawn(process.execPath, [script, running.admin.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const answers = text(scraper.stdout)
  const summary = await running.finished
  scraper.kill('SIGTERM')
  const result = JSON.parse(readFileSync(process.env.MILLRACE_BENCH_RESULT, 'utf8'))
  return { ...result, acked: summary.acked, scrapes: Number(await answers) }
}
