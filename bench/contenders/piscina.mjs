// One task of a piscina pool a message; a bounded number in flight.

import { Piscina } from 'piscina'

const IN_FLIGHT_PER_WORKER = 200

export async function run({ origin, meter, workers }) {
  const pool = new Piscina({
    filename: new URL('../workers/piscina.mjs', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: IN_FLIGHT_PER_WORKER,
    recordTiming: false,
  })
  await Promise.all(Array.from({ length: IN_FLIGHT_PER_WORKER * workers }, lane))
  await pool.destroy()

  async function lane() {
    for (let message = origin.readOwn(); message !== null; message = origin.readOwn()) {
      const output = await pool.run(message)
      meter.take(output.value)
      origin.ack(output.id)
    }
  }
}
