// Requests from a process of their own: a number of them that do not count, then those that do. Prints what came of them; the
// server is told in between, by a line on stdout.

import autocannon from 'autocannon'

const [port, warm, count] = process.argv.slice(2).map(Number)
const BODY = 'x'.repeat(128)
const CONNECTIONS = 64

await load(warm)
process.stdout.write('warm\n')
const latencies = new Float64Array(count)
const from = performance.now()
// The tool itself says that it is done only at its next full second.
let last = from
let taken = 0
const result = await load(count, (responseMs) => {
  latencies[taken++] = responseMs
  if (taken === count) last = performance.now()
})
const seconds = (last - from) / 1000
latencies.sort()
const quantile = (q) => latencies[Math.min(taken - 1, Math.floor(taken * q))]
const { errors, mismatches, non2xx } = result
const wrong = errors + mismatches + non2xx
process.stdout.write(
  `${JSON.stringify({ requests: taken, wrong, seconds, p50: quantile(0.5), p99: quantile(0.99) })}\n`,
)

function load(amount, onResponse = () => {}) {
  return new Promise((resolve, reject) => {
    const options = {
      url: `http://127.0.0.1:${port}/v1/process/sync`,
      method: 'POST',
      body: BODY,
      expectBody: BODY,
    }
    const instance = autocannon({ ...options, connections: CONNECTIONS, amount }, (error, done) =>
      error ? reject(error) : resolve(done),
    )
    instance.on('response', (_client, _status, _bytes, responseMs) => onResponse(responseMs))
  })
}
