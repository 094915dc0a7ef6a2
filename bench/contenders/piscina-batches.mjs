// One task of a piscina pool for 500 messages; a bounded number in flight.

import { Piscina } from 'piscina'

const BATCH = 500
const IN_FLIGHT_PER_WORKER = 4

export async function run({ origin, meter, workers }) {
  const pool = new Piscina({
    filename: new URL('../workers/piscina-batches.mjs', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: IN_FLIGHT_PER_WORKER,
    atomics: 'async',
    recordTiming: false,
  })
  await Promise.all(Array.from({ length: IN_FLIGHT_PER_WORKER * workers }, lane))
  await pool.destroy()

  async function lane() {
    for (let batch = origin.readBatch(BATCH); batch.length > 0; batch = origin.readBatch(BATCH)) {
      for (const output of await pool.run(batch)) {
        meter.take(output.value)
        origin.ack(output.id)
      }
    }
  }
}
