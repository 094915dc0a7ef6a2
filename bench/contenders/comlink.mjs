// One comlink call a message; a bounded number in flight.

import { Worker } from 'node:worker_threads'
import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'

const IN_FLIGHT_PER_WORKER = 20

export async function run({ origin, meter, workers }) {
  const threads = Array.from({ length: workers }, () => {
    return new Worker(new URL('../workers/comlink.mjs', import.meta.url))
  })
  const lanes = threads.flatMap((thread) => {
    const remote = wrap(nodeEndpoint(thread))
    return Array.from({ length: IN_FLIGHT_PER_WORKER }, () => lane(remote))
  })
  await Promise.all(lanes)
  await Promise.all(threads.map((thread) => thread.terminate()))

  async function lane(remote) {
    for (let message = origin.readOwn(); message !== null; message = origin.readOwn()) {
      const output = await remote(message)
      meter.take(output.value)
      origin.ack(output.id)
    }
  }
}
