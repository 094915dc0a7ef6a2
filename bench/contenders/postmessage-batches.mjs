// One postMessage for 500 messages, each way, each with a buffer of its own; a bounded number of batches in flight.

import { Worker } from 'node:worker_threads'

const BATCH = 500
const IN_FLIGHT_PER_WORKER = 8

export async function run({ origin, meter, workers }) {
  const threads = Array.from({ length: workers }, () => {
    return new Worker(new URL('../workers/postmessage-batches.mjs', import.meta.url))
  })
  await new Promise((resolve, reject) => {
    for (const thread of threads) {
      thread.on('error', reject)
      thread.on('message', (outputs) => {
        for (const output of outputs) {
          meter.take(output.value)
          origin.ack(output.id)
        }
        if (origin.done) resolve()
        else send(thread)
      })
    }
    for (let i = 0; i < IN_FLIGHT_PER_WORKER; i++) threads.forEach(send)
  })
  await Promise.all(threads.map((thread) => thread.terminate()))

  function send(thread) {
    const batch = origin.readBatch(BATCH)
    if (batch.length > 0) thread.postMessage(batch)
  }
}
