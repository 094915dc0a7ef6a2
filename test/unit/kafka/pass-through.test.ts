// What the source makes of a record, and the sink of the message: the record again.

import { expect, test } from 'vitest'
import type { RawRecord } from '../../../src/kafka/driver.js'
import { outRecord } from '../../../src/sinks/kafka/out-record.js'
import { Lane } from '../../../src/sources/kafka/lane.js'
import { type KafkaSourceOptions, settingsOf } from '../../../src/sources/kafka/settings.js'
import { RecordMaker } from '../../../src/sources/kafka/to-record.js'
import type { SourceRecord } from '../../../src/sources/source.js'
import { createRecord } from '../../../src/sources/support/record.js'
import { makeMessage } from '../../support/messages.js'

const BINARY = Buffer.from([0xff, 0, 0xfe])
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function madeOf(raw: Partial<RawRecord>, options: Partial<KafkaSourceOptions> = {}): SourceRecord {
  const topics = options.topics ?? 'orders'
  const maker = new RecordMaker(settingsOf({ brokers: 'a:1', groupId: 'g', ...options, topics }))
  const record = createRecord(Buffer.alloc(0))
  const lane = new Lane({ topic: 'orders', partition: 2 }, 2)
  maker.fill(
    record,
    { offset: 7n, timestamp: 1_000, key: null, value: Buffer.from('v'), headers: [], ...raw },
    lane,
  )
  return record
}

const messageOf = (record: SourceRecord, more = {}) => makeMessage({ ...record, ...more })

test('a plain record', () => {
  const made = madeOf({ key: Buffer.from('k') })
  expect(made).toMatchObject({ partition: 2, offset: 7, eventTime: 1_000, keys: ['k'], id: undefined })
  expect({ ...made.headers }).toEqual({ 'millrace-topic': 'orders' })
  const out = outRecord(messageOf(made), undefined)
  expect(out).toMatchObject({ key: Buffer.from('k'), timestamp: 1_000, headers: [] })
  expect(Buffer.compare(out.value as Buffer, Buffer.from('v'))).toBe(0)
})

test('neither key nor value', () => {
  const made = madeOf({ value: null })
  expect(made.keys).toBeUndefined()
  expect(outRecord(messageOf(made), undefined)).toMatchObject({ key: null, value: null })
})

test('a key that is no text keeps its bytes, until the message gets other keys', () => {
  const made = madeOf({ key: BINARY })
  expect(outRecord(messageOf(made), undefined).key).toEqual(BINARY)
  expect(outRecord(messageOf(made, { keys: ['other'] }), undefined).key).toEqual(Buffer.from('other'))
})

test('keys that are chosen change the order, and not the key', () => {
  const byPartition = madeOf({ key: Buffer.from('k') }, { keys: 'partition' })
  expect(byPartition.keys).toEqual(['orders-2'])
  expect(outRecord(messageOf(byPartition), undefined).key).toEqual(Buffer.from('k'))
  const byFunction = madeOf({ key: null }, { keys: ({ value }) => [String(value), 'x'] })
  expect(byFunction.keys).toEqual(['v', 'x'])
  expect(outRecord(messageOf(byFunction), undefined).key).toEqual(Buffer.from('v:x'))
  expect(() => madeOf({}, { keys: (() => 'k') as never })).toThrow(
    'kafka: keys: record 7 of orders-2: got a value of type string, wanted a list of strings',
  )
})

test('headers pass, but for those that nobody outside may set; one may have any name', () => {
  const headers: RawRecord['headers'] = [
    ['text', Buffer.from('größe')],
    ['bytes', BINARY],
    ['null', null],
    ['__proto__', Buffer.from('p')],
    ['millrace-topic', Buffer.from('forged')],
    ['millrace-key', Buffer.from('forged')],
    ['millrace-keys', Buffer.alloc(0)],
  ]
  const made = madeOf({ headers })
  expect(made.headers?.text).toBe('größe')
  expect(made.headers?.['millrace-topic']).toBe('orders')
  const out = outRecord(messageOf(made), undefined)
  const texts = out.headers.map(([name, value]) => [name, Buffer.from(value as string).toString('latin1')])
  expect(texts).toEqual([
    ['text', Buffer.from('größe').toString('latin1')],
    ['bytes', BINARY.toString('latin1')],
    ['null', ''],
    ['__proto__', 'p'],
  ])
  expect(out.key).toBeNull()
})

test('a time that Kafka cannot hold is told; a dead letter goes without', () => {
  const made = madeOf({})
  for (const eventTime of [2 ** 51, -(2 ** 51), 0.5])
    expect(outRecord(messageOf(made, { eventTime }), undefined).timestamp).toBe(Math.floor(eventTime))
  for (const eventTime of [Number.POSITIVE_INFINITY, -(2 ** 52)]) {
    expect(() => outRecord(messageOf(made, { eventTime }), undefined)).toThrow(
      `kafka: its event time is ${eventTime}, wanted ms since 1970`,
    )
    const letter = outRecord(messageOf(made, { eventTime, reason: 'why' }), undefined)
    expect(letter.timestamp).toBeUndefined()
    expect(Object.fromEntries(letter.headers)['millrace-origin-timestamp']).toBe(String(eventTime))
  }
})

test('a trace goes on', () => {
  const headers: RawRecord['headers'] = [
    ['traceparent', Buffer.from(TRACE)],
    ['tracestate', Buffer.from('a=1')],
  ]
  const made = madeOf({ headers })
  expect(made.trace).toBe(`${TRACE}\na=1`)
  expect(outRecord(messageOf(made), undefined).headers).toEqual([
    ['traceparent', TRACE],
    ['tracestate', 'a=1'],
  ])
  expect(madeOf({ headers: [['traceparent', Buffer.from('nonsense')]] }).trace).toBeUndefined()
})

test('with several topics a record has a name of its own, and its partition in a header', () => {
  const made = madeOf({}, { topics: ['orders', 'returns'] })
  expect(made.id).toBe('orders-2-7')
  expect({ ...made.headers }).toEqual({ 'millrace-topic': 'orders', 'millrace-partition': '2' })
})

test('a dead letter has its tags; sent again, and written at last, it says no more that it was one', () => {
  const headers = {
    'millrace-topic': 'orders',
    'millrace-stage': 'map',
    'millrace-tags': '["old"]',
    mine: 'm',
  }
  const namesOf = (more: object) =>
    Object.fromEntries(outRecord(messageOf(madeOf({}), { headers, ...more }), undefined).headers)
  expect(namesOf({ reason: 'why', tags: ['a', 'b'] })).toMatchObject({
    'millrace-tags': '["a","b"]',
    'millrace-stage': 'map',
    mine: 'm',
  })
  expect(namesOf({})).toMatchObject({ 'millrace-stage': 'map', 'millrace-tags': '["old"]' })
  expect(namesOf({ headers: { ...headers, 'millrace-replays': '1' } })).toEqual({ mine: 'm' })
})

test('a dead letter has its origin, and keeps its first one', () => {
  const made = madeOf({})
  const dead = { reason: 'why', headers: { ...made.headers, 'millrace-reason': 'why' } }
  const origin = {
    'millrace-reason': 'why',
    'millrace-origin-topic': 'orders',
    'millrace-origin-id': '2-7',
    'millrace-origin-partition': '2',
    'millrace-origin-offset': '7',
    'millrace-origin-timestamp': '1000',
  }
  expect(Object.fromEntries(outRecord(messageOf(made, dead), undefined).headers)).toEqual(origin)
  const again = { reason: 'why', headers: { ...made.headers, 'millrace-origin-topic': 'first' } }
  expect(Object.fromEntries(outRecord(messageOf(made, again), undefined).headers)).toEqual({
    'millrace-origin-topic': 'first',
  })
})

test('a key that is neither text nor bytes', () => {
  for (const key of [5, {}, undefined])
    expect(() => outRecord(messageOf(madeOf({})), (() => key) as never)).toThrow(
      /^kafka: key: got .*, wanted text/,
    )
  expect(outRecord(messageOf(madeOf({})), () => null).key).toBeNull()
})
