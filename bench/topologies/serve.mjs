// A source of requests → map → respond(): the handler is the one that the environment names. By hand:
// node dist/main.js run bench/topologies/serve.mjs

import { handlerOfThread } from '../serve-work.mjs'

const { MILLRACE_BENCH_PACKAGE = 'millrace', MILLRACE_BENCH_THREADS = '1' } = process.env
const { defineTopology, respond, serving } = await import(MILLRACE_BENCH_PACKAGE)

/** The one place that names the source of requests. */
const source = serving({ port: 0 })

export default defineTopology({
  name: 'serve',
  source,
  map: { handler: handlerOfThread(), threads: Math.max(1, Number(MILLRACE_BENCH_THREADS)) },
  sink: respond(),
})
