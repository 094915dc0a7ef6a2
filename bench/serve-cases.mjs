// The cases of answering requests: two handlers, two sizes of body, three numbers of connections, and overload.

/** How each contender is run, as in cases.mjs. */
export const SERVE_CONTENDERS = {
  'cluster-2': { file: 'serve-cluster', threads: 2 },
  fastify: { file: 'serve-fastify', threads: 0 },
  'piscina-http-2': { file: 'serve-piscina', threads: 2 },
  gateway: { file: 'serve-gateway', threads: 0 },
  'millrace-serve-inline': { file: 'serve-millrace', threads: 0 },
  'millrace-serve-1': { file: 'serve-millrace', threads: 1 },
  'millrace-serve-2': { file: 'serve-millrace', threads: 2 },
}

const HANDLERS = {
  echo: { about: 'map (copy)', ours: 'millrace-serve-1' },
  cpu: { about: 'map (200 µs of CPU)', ours: 'millrace-serve-2' },
}
const SIZES = { '': 128, '-1k': 1024 }
const CONNECTIONS = { '': 64, '-c1': 1, '-c512': 512 }
const RUN_MS = 3_000
/** With more connections some would be refused for the latency; the others refuse nobody. */
const LIMITED_TO = 64
/** Who is refused is away for seconds: what comes of it shows later. */
const OVERLOAD_RUN_MS = 6_000
/** What shows with --quick whether all is as it was. */
const QUICK = ['node:http', 'piscina-http-2', 'gateway']

/** Each with the name `serve-<handler>`, and what differs from 64 connections and 128 B: `serve-cpu-c512-1k`. */
export const SERVE_CASES = {
  ...Object.fromEntries(
    Object.keys(HANDLERS).flatMap((handler) =>
      Object.keys(SIZES).flatMap((size) =>
        Object.keys(CONNECTIONS).map((connections) => serveCase(handler, connections, size)),
      ),
    ),
  ),
  'serve-overload': overloadCase('come again at once', { heeds: false }),
  'serve-overload-patient': overloadCase('come again after Retry-After', { heeds: true }),
}

function serveCase(handler, connectionsName, sizeName) {
  const connections = CONNECTIONS[connectionsName]
  const sizeBytes = SIZES[sizeName]
  const { about, ours } = HANDLERS[handler]
  const name = `serve-${handler}${connectionsName}${sizeName}`
  return [
    name,
    {
      kind: 'serve',
      about: `POST of ${sizeBytes} B → ${about} → the answer; connections: ${connections}; wrk, or autocannon; every answer checked`,
      ours,
      handler,
      sizeBytes,
      connections,
      hasLimit: connections <= LIMITED_TO,
      isOnlyNamed: connectionsName + sizeName !== '',
      quickMs: 0,
      quickContenders: [...QUICK, ours],
      counts: runMsOf(['node:http', ...Object.keys(SERVE_CONTENDERS)]),
    },
  ]
}

function overloadCase(what, options) {
  return {
    kind: 'overload',
    about: `serve-cpu with 64 clients, one request each at a time; then 640, and those that are answered 429 or 503 ${what}`,
    ours: 'millrace-serve-2',
    handler: 'cpu',
    sizeBytes: 128,
    ...options,
    isOnlyNamed: true,
    counts: runMsOf(['node:http', 'cluster-2', 'piscina-http-2', 'millrace-serve-2'], OVERLOAD_RUN_MS),
  }
}

/** A run has a time, not a number of messages. */
function runMsOf(contenders, ms = RUN_MS) {
  return Object.fromEntries(contenders.map((contender) => [contender, ms]))
}
