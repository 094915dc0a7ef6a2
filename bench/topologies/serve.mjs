// A source of requests → map → respond(): the handler is the one that the environment names. By hand:
// node dist/main.js run bench/topologies/serve.mjs

import { handlerOfThread } from '../serve-work.mjs'

const {
  MILLRACE_BENCH_PACKAGE = 'millrace',
  MILLRACE_BENCH_THREADS = '1',
  MILLRACE_BENCH_LIMIT,
} = process.env
const { defineTopology, respond, serving } = await import(MILLRACE_BENCH_PACKAGE)

/** The one place that names the source of requests. Where the others refuse nobody, it does not either. */
const source = serving({ port: 0, ...(MILLRACE_BENCH_LIMIT === 'off' && { concurrency: false }) })

export default defineTopology({
  name: 'serve',
  source,
  map: { handler: handlerOfThread(), threads: Math.max(1, Number(MILLRACE_BENCH_THREADS)) },
  sink: respond(),
})
