// One postMessage a message, each way; a bounded number in flight.

import { Worker } from 'node:worker_threads'

const IN_FLIGHT_PER_WORKER = 200

export async function run({ origin, meter, workers }) {
  const threads = Array.from({ length: workers }, () => {
    return new Worker(new URL('../workers/postmessage.mjs', import.meta.url))
  })
  await new Promise((resolve, reject) => {
    for (const thread of threads) {
      thread.on('error', reject)
      thread.on('message', (output) => {
        meter.take(output.value)
        origin.ack(output.id)
        if (origin.done) resolve()
        else send(thread)
      })
    }
    for (let i = 0; i < IN_FLIGHT_PER_WORKER; i++) threads.forEach(send)
  })
  await Promise.all(threads.map((thread) => thread.terminate()))

  function send(thread) {
    const message = origin.readOwn()
    if (message !== null) thread.postMessage(message)
  }
}
