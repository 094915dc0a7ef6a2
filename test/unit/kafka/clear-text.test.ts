import { expect, test } from 'vitest'
import { clearTextWarning } from '../../../src/kafka/clear-text.js'
import { type ConnectionSettings, connectionOf, type SaslOptions } from '../../../src/kafka/connection.js'
import type { Consumer, Driver, Producer } from '../../../src/kafka/driver.js'
import { createLog, type LogRecord } from '../../../src/kernel/log.js'
import { KafkaSink } from '../../../src/sinks/kafka/kafka-sink.js'
import { settingsOf as sinkSettings } from '../../../src/sinks/kafka/settings.js'
import { KafkaSource } from '../../../src/sources/kafka/kafka-source.js'
import { settingsOf as sourceSettings } from '../../../src/sources/kafka/settings.js'

const PLAIN: SaslOptions = { mechanism: 'plain', username: 'alice', password: 'a-secret' }
const SCRAM: SaslOptions = { ...PLAIN, mechanism: 'scram-sha-256' }
const TOKEN: SaslOptions = { mechanism: 'oauthbearer', token: () => 'a-secret' }

const warningOf = (settings: ConnectionSettings) => clearTextWarning(connectionOf('kafka', settings))

test('secrets that go elsewhere as they are', () => {
  expect(warningOf({ brokers: 'localhost:9092,kafka-1:9092', sasl: PLAIN })).toBe(
    'kafka: sasl: plain without tls: the password goes to kafka-1:9092 as it is, for all to read on the way: set `tls`, or let its mechanism be scram-sha-512',
  )
  expect(warningOf({ brokers: '10.0.0.1:9092', sasl: TOKEN, tls: false })).toContain('the token goes to 10.0')
  expect(warningOf({ brokers: '127.0.0.1.example:9092', sasl: PLAIN })).toContain('127.0.0.1.example')
})

test.each<ConnectionSettings>([
  { brokers: 'kafka-1:9092' },
  { brokers: 'kafka-1:9092', sasl: SCRAM },
  { brokers: 'kafka-1:9092', sasl: PLAIN, tls: true },
  { brokers: 'kafka-1:9092', sasl: TOKEN, tls: {} },
  { brokers: 'localhost:9092,127.0.0.1:9092,127.1.2.3:9092,[::1]:9092', sasl: PLAIN },
])('nothing to warn of: %o', (settings) => {
  expect(warningOf(settings)).toBeUndefined()
})

test('each end warns as it is opened', async () => {
  const end = { open: async () => {}, close: async () => {}, health: () => ({ joined: true, reconnects: 0 }) }
  const driver: Driver = {
    name: 'kafkajs',
    consumer: () => end as Partial<Consumer> as Consumer,
    producer: () => ({ ...end, partitionCount: async () => 1 }) as Partial<Producer> as Producer,
  }
  const said: LogRecord[] = []
  const log = createLog((record) => said.push(record), 'kafka', 'test')
  const connection = { brokers: 'kafka-1:9092', sasl: PLAIN }
  const { signal } = new AbortController()
  const ends = [
    new KafkaSink(sinkSettings({ ...connection, topic: 't' }), driver, { log, role: 'sink' }),
    new KafkaSource(sourceSettings({ ...connection, topics: 't', groupId: 'g' }), driver, {
      log,
      messageBytesMax: 1,
      signal,
    }),
  ]
  for (const each of ends) {
    said.length = 0
    await each.open()
    await each.close()
    const warnings = said.filter(({ level }) => level === 'warn').map(({ message }) => message)
    expect(warnings).toEqual([warningOf(connection)])
  }
})
