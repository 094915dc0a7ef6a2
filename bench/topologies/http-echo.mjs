// Answers each request with a copy of its body. By hand: node dist/main.js run bench/topologies/http-echo.mjs

import { copy } from '../work.mjs'

const { MILLRACE_BENCH_PACKAGE = 'millrace' } = process.env
const { defineTopology, http, Response } = await import(MILLRACE_BENCH_PACKAGE)

export default defineTopology({
  name: 'http-echo',
  source: http({ port: 0, path: '/v1/process/sync' }),
  map: { handler: copy, threads: 1 },
  sink: { name: 'echo', write: (batch) => batch.map((message) => Response.serve(message, message.value)) },
})
