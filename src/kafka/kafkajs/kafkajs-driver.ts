// The driver of kafkajs 2, the client that most users have.

import type { Driver } from '../driver.js'
import { registerCodecs } from './kafkajs-codecs.js'
import { KafkajsConsumer } from './kafkajs-consumer.js'
import { KafkajsProducer } from './kafkajs-producer.js'

registerCodecs()

export const kafkajsDriver: Driver = {
  name: 'kafkajs',
  consumer: (options, events, log) => new KafkajsConsumer(options, events, log),
  producer: (options, log) => new KafkajsProducer(options, log),
}
