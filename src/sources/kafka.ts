// The source of Kafka topics: a member of a consumer group whose commits are never ahead of what is settled.

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
    check: async () => {
      const { checkDriver, chosenDriver } = await import('../kafka/choose-driver.js')
      checkDriver(chosenDriver('source', settings.driver, process.env))
    },
    async open(context: SourceContext) {
      // Every thread imports this file, and one of them reads.
      const { KafkaSource } = await import('./kafka/kafka-source.js')
      const { chosenDriver, loadDriver } = await import('../kafka/choose-driver.js')
      const driver = await loadDriver(chosenDriver('source', settings.driver, process.env))
      source = new KafkaSource(settings, driver, context)
      await source.open()
    },
    read: (max) => source?.read(max) ?? NOTHING,
    ack: (acks) => source?.ack(acks),
    nack: (nacks) => source?.nack(nacks),
    pending: () => source?.pending() ?? 0,
    partitions: () => source?.partitions() ?? NOTHING,
    stats: () => source?.stats() ?? {},
    close: () => source?.close(),
  }
}
