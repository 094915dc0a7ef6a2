// Load by autocannon, in this process.

import autocannon from 'autocannon'
import { Outcome } from './http-clients.mjs'

/** Requests a second, latencies in ms, and what went wrong. */
export async function load({ port, connections, seconds, exchange }) {
  const outcome = new Outcome()
  const { errors, mismatches, non2xx } = await new Promise((resolve, reject) => {
    const options = {
      url: `http://127.0.0.1:${port}/v1/process/sync`,
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: exchange.body,
      expectBody: String(exchange.answer),
      connections,
      duration: seconds,
    }
    const instance = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)))
    instance.on('response', (_client, _status, _bytes, ms) => outcome.latencies.push(ms))
  })
  return { tool: 'autocannon', ...outcome.result(), wrong: mismatches + non2xx, errors }
}
