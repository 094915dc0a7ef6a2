import { expect, test } from 'vitest'
import { kafka } from '../../../../src/kafka.js'
import { type KafkaSourceOptions, settingsOf } from '../../../../src/sources/kafka/settings.js'

const GOOD: KafkaSourceOptions = { brokers: 'a:1, b:2', topics: 't', groupId: 'g' }
const SECRET = 'a-secret'

test('defaults', () => {
  const settings = settingsOf(GOOD)
  expect(settings).toMatchObject({ topics: ['t'], start: 'earliest', keys: 'key', commitEveryMs: 1_000 })
  expect(settings.connection).toMatchObject({ brokers: ['a:1', 'b:2'], clientId: 'millrace' })
})

test.each<[Record<string, unknown>, string]>([
  [{ brokers: 'localhost' }, 'kafka: brokers: got "localhost", wanted \'host:port\', or a list of them'],
  [{ brokers: [] }, 'kafka: brokers: got []'],
  [{ topics: [] }, 'kafka: topics: got []'],
  [{ topics: ['a', 'a'] }, 'kafka: topics: got "a", wanted each topic once'],
  [{ topics: ['a b'] }, 'kafka: topics[0]: got "a b"'],
  [{ groupId: '' }, 'kafka: groupId'],
  [{ groupId: 'a b' }, 'kafka: groupId: got "a b", wanted the name of the group, without blanks'],
  [{ brokers: 'a:0' }, 'kafka: brokers: got "a:0"'],
  [{ brokers: '[::1]:65536' }, 'kafka: brokers: got "[::1]:65536"'],
  [{ brokers: [['a:1']] }, 'kafka: brokers: got [["a:1"]]'],
  [{ topcs: 'x' }, 'kafka: unknown option topcs; did you mean topics?'],
  [{ start: { timestamp: -1 } }, 'kafka: start'],
  [{ start: { timestamp: 1.5 } }, 'kafka: start'],
  [{ start: { offset: 1, ofset: 2 } }, 'kafka: start'],
  [{ start: 'first' }, 'kafka: start: got "first"'],
  [{ commitEvery: 0 }, 'kafka: commitEvery: got 0, wanted a whole number from 1 to'],
  [{ heartbeatMs: 20_000 }, 'wanted at most half of sessionTimeoutMs'],
  [{ fetch: { wait: 1 } }, 'kafka: fetch: unknown option wait; did you mean waitMs?'],
  [{ driver: 'librdkafka' }, 'kafka: driver: got "librdkafka", wanted one of kafkajs, platformatic'],
  [{ tls: SECRET }, 'kafka: tls: got "a value of type string"'],
  [{ tls: [] }, 'kafka: tls: got "a list"'],
  [{ connectTimeoutMs: 1 }, 'kafka: connectTimeoutMs: got 1, wanted a whole number from 100 to'],
  [{ sasl: { mechanism: 'gssapi' } }, 'kafka: sasl.mechanism: got "gssapi"'],
  [{ sasl: { mechanism: 'plain', username: 'u' } }, 'kafka: sasl.password: got "a value of type undefined"'],
  [{ sasl: { mechanism: 'plain', username: 7, password: SECRET } }, 'kafka: sasl.username'],
  [{ sasl: SECRET }, 'kafka: sasl: got "string"'],
  [
    { sasl: { mechanism: 'plain', username: 'u', password: SECRET, passwrd: SECRET } },
    'kafka: sasl: unknown option passwrd; did you mean password?',
  ],
  [
    { sasl: { mechanism: 'oauthbearer', token: () => SECRET, username: SECRET } },
    'kafka: sasl: unknown option username; known here: mechanism and token',
  ],
])('%j is refused', (options, wanted) => {
  let message = ''
  try {
    settingsOf({ ...GOOD, ...options } as KafkaSourceOptions)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toContain(wanted)
  expect(message).not.toContain(SECRET)
})

test.each([
  [{ timestamp: 7 }, { timestamp: 7 }],
  [{ timestamp: new Date(7) }, { timestamp: 7 }],
  [{ offset: 7 }, { offset: 7n }],
  [{ offset: 1n << 70n }, { offset: 1n << 70n }],
])('start: %o', (start, wanted) => {
  expect(settingsOf({ ...GOOD, start }).start).toEqual(wanted)
})

test('a port is the highest that there is', () => {
  expect(settingsOf({ ...GOOD, brokers: '[::1]:65535' }).connection.brokers).toEqual(['[::1]:65535'])
})

test('one name makes both ends', () => {
  expect(kafka(GOOD).name).toBe('kafka')
  expect('read' in kafka(GOOD)).toBe(true)
  expect('write' in kafka({ brokers: 'a:1', topic: 't' })).toBe(true)
})

test.each([
  [{ brokers: 'a:1' }, 'neither `topics` nor `topic`'],
  [{ brokers: 'a:1', topic: 't', topics: 't', groupId: 'g' }, '`topic` and `topics` or `groupId`'],
  [undefined, 'neither `topics` nor `topic`'],
])('%j is neither', (options, wanted) => {
  expect(() => kafka(options as never)).toThrow(wanted)
})
