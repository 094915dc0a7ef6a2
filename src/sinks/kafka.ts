// The sink of Kafka topics: each message becomes a record, written to all in-sync replicas before it is answered.

import { chosenDriver } from '../kafka/chosen-driver.js'
import { assert } from '../kernel/failure.js'
import type { KafkaSink } from './kafka/kafka-sink.js'
import { type KafkaSinkOptions, settingsOf } from './kafka/settings.js'
import type { Sink } from './sink.js'

export type { KafkaSinkOptions, KafkaTopic } from './kafka/settings.js'

/** What `kafka` of the package makes where it is a sink. */
export function kafkaSink(options: KafkaSinkOptions): Sink {
  const settings = settingsOf(options)
  let sink: KafkaSink | undefined
  return {
    name: 'kafka',
    get driver() {
      return chosenDriver('sink', settings.driver, process.env)
    },
    ordered: true,
    batchMax: settings.batchMax,
    ...(settings.retry !== undefined && { retry: settings.retry }),
    check: async () => {
      const { checkDriver } = await import('../kafka/load-driver.js')
      checkDriver(chosenDriver('sink', settings.driver, process.env))
    },
    async open(context) {
      // Every thread imports this file, and one of them writes.
      const { KafkaSink } = await import('./kafka/kafka-sink.js')
      const { loadDriver } = await import('../kafka/load-driver.js')
      const driver = await loadDriver(chosenDriver('sink', settings.driver, process.env))
      sink = new KafkaSink(settings, driver, context)
      await sink.open()
    },
    write(batch) {
      assert(sink !== undefined, 'kafka: open comes before write')
      return sink.write(batch)
    },
    stats: () => sink?.stats() ?? {},
    async close() {
      const last = sink
      sink = undefined
      await last?.close()
    },
  }
}
