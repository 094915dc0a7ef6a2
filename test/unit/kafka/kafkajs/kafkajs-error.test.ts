import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { kafkajsError } from '../../../../src/kafka/kafkajs/kafkajs-error.js'

const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded } = kafkajs

test.each([
  [new KafkaJSConnectionError('Connection timeout', { broker: 'b:2' }), 'b:2: Connection timeout'],
  [
    new KafkaJSConnectionError('connect ECONNREFUSED b:2', { broker: 'b:2', code: 'ECONNREFUSED' }),
    'connect ECONNREFUSED b:2',
  ],
])('it says which broker, once: %s', (thrown, wanted) => {
  expect(kafkajsError(thrown).message).toBe(wanted)
  const wrapped = new KafkaJSNumberOfRetriesExceeded(thrown, { retryCount: 1, retryTime: 1 })
  expect(kafkajsError(wrapped).message).toBe(wanted)
})
