// Ours: topic → map → topic, or one of the ends alone, as the job says.

import { readFileSync } from 'node:fs'

export async function run({ result, source, sink }) {
  // As an operator would: the environment chooses the drivers.
  process.env.MILLRACE_KAFKA_SOURCE = source
  process.env.MILLRACE_KAFKA_SINK = sink
  const { start } = await import(process.env.MILLRACE_BENCH_PACKAGE)
  const running = await start(new URL('../topologies/kafka.mjs', import.meta.url), { log: () => {} })
  return {
    async stop() {
      await running.drain()
      await running.finished
      return result === undefined ? {} : JSON.parse(readFileSync(result, 'utf8'))
    },
  }
}
