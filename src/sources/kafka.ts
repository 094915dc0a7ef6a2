// The source of Kafka topics: a member of a consumer group whose commits are never ahead of what is settled.

import { chosenDriver } from '../kafka/chosen-driver.js'
import type { KafkaSource } from './kafka/kafka-source.js'
import { type KafkaSourceOptions, settingsOf } from './kafka/settings.js'
import type { Source, SourceContext } from './source.js'

export type { KafkaRecord, KafkaSourceOptions, KafkaStart } from './kafka/settings.js'

const NOTHING: readonly [] = []

/** What `kafka` of the package makes where it is a source. `isBounded`: it ends where the topics end when it is opened. */
export function kafkaSource(options: KafkaSourceOptions, isBounded = false): Source {
  const settings = settingsOf(options, isBounded)
  let source: KafkaSource | undefined
  return {
    name: 'kafka',
    get driver() {
      return chosenDriver('source', settings.driver, process.env)
    },
    check: async () => {
      const { checkDriver } = await import('../kafka/load-driver.js')
      checkDriver(chosenDriver('source', settings.driver, process.env))
    },
    async open(context: SourceContext) {
      // Every thread imports this file, and one of them reads.
      const { KafkaSource } = await import('./kafka/kafka-source.js')
      const { loadDriver } = await import('../kafka/load-driver.js')
      const driver = await loadDriver(chosenDriver('source', settings.driver, process.env))
      source = new KafkaSource(settings, driver, context)
      await source.open()
    },
    read: (max) => (source === undefined ? NOTHING : source.read(max)),
    ack: (acks) => source?.ack(acks),
    nack: (nacks) => source?.nack(nacks),
    pending: () => source?.pending() ?? 0,
    partitions: () => source?.partitions() ?? NOTHING,
    stats: () => source?.stats() ?? {},
    close: () => source?.close(),
  }
}
