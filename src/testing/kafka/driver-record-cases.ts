// What of a record must come through: everything.

import { CODECS } from '../../kafka/connection.js'
import type { OutRecord } from '../../kafka/driver.js'
import { type DriverCase, requireEqual } from './driver-case.js'
import { batchOf, type DriverKit, numbered, plain, valuesOf } from './driver-kit.js'

const NOW = 1_767_225_600_123

export const RECORD_CASES: readonly DriverCase[] = [
  { name: 'key, value, headers and time come through', check: wholeRecord },
  { name: 'null and empty are two things', check: nullAndEmpty },
  { name: 'each codec is written and read', check: codecs },
  { name: 'a header may come twice', check: headerTwice },
  { name: 'a header may have any name', check: headerNames },
  { name: 'records of aborted transactions are left out, and passed over', check: transactions },
]

async function wholeRecord(kit: DriverKit, rule: string): Promise<void> {
  const key = Buffer.from([0, 255, 1])
  const value = Buffer.from([1, 2, 254])
  const headers: OutRecord['headers'] = [
    ['text', 'größe'],
    ['bytes', new Uint8Array([255, 0])],
  ]
  const record = await writtenAndRead(kit, { key, value, headers, timestamp: NOW })
  requireEqual(rule, 'the key', record.key, key)
  requireEqual(rule, 'the value', record.value, value)
  requireEqual(rule, 'the time', record.timestamp, NOW)
  const wanted = [
    ['text', Buffer.from('größe')],
    ['bytes', Buffer.from([255, 0])],
  ]
  requireEqual(rule, 'the headers', record.headers, wanted)
}

async function nullAndEmpty(kit: DriverKit, rule: string): Promise<void> {
  const empty = Buffer.alloc(0)
  for (const [key, value] of [
    [null, null],
    [empty, null],
    [null, empty],
    [empty, empty],
  ]) {
    const record = await writtenAndRead(kit, { key, value, headers: [] })
    requireEqual(rule, 'the key', record.key, key)
    requireEqual(rule, 'the value', record.value, value)
  }
}

async function codecs(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic()
  const values = numbered(300)
  for (const codec of CODECS) await kit.write(topic, values, 0, codec)
  const member = await kit.joined(topic)
  const count = CODECS.length * values.length
  await kit.until('all are read', () => member.records.length >= count)
  requireEqual(
    rule,
    'what is read',
    valuesOf(member.records),
    CODECS.flatMap(() => values),
  )
}

async function headerTwice(kit: DriverKit, rule: string): Promise<void> {
  const headers: OutRecord['headers'] = [
    ['name', 'first'],
    ['name', 'second'],
  ]
  const record = await writtenAndRead(kit, { key: null, value: null, headers })
  const wanted = [
    ['name', Buffer.from('first')],
    ['name', Buffer.from('second')],
  ]
  requireEqual(rule, 'the headers', record.headers, wanted)
}

async function headerNames(kit: DriverKit, rule: string): Promise<void> {
  const value = Buffer.from('value')
  const headers = ['constructor', '__proto__', 'toString', 'größe', ''].map((name) => [name, value] as const)
  const record = await writtenAndRead(kit, { key: null, value: null, headers })
  requireEqual(rule, 'the headers', record.headers, headers)
}

async function transactions(kit: DriverKit, rule: string): Promise<void> {
  const topic = await kit.topic()
  const producer = kit.kafka.producer({ idempotent: true, maxInFlightRequests: 1, transactionalId: topic })
  await producer.connect()
  try {
    for (const [value, ends] of [
      ['one', 'commit'],
      ['two', 'abort'],
      ['three', 'abort'],
      ['four', 'commit'],
      ['five', 'abort'],
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value }] })
      await transaction[ends]()
    }
  } finally {
    await producer.disconnect()
  }
  const member = await kit.joined(topic)
  const [end] = await member.consumer.offsets([{ topic, partition: 0 }], 'latest')
  await kit.until('all is passed', () => member.batches.at(-1)?.nextOffset === end)
  requireEqual(rule, 'what is read', valuesOf(member.records), ['one', 'four'])
  // Beginning at an abort marker.
  for (let offset = 0n; offset < end; offset++) {
    member.batches.length = 0
    member.consumer.seek({ topic, partition: 0, offset })
    await kit.until('all is passed again', () => member.batches.at(-1)?.nextOffset === end)
    const again = valuesOf(member.records)
    const wanted = offset < 1n ? ['one', 'four'] : offset <= 6n ? ['four'] : []
    requireEqual(rule, `what is read from ${offset} on`, again, wanted)
  }
}

async function writtenAndRead(kit: DriverKit, record: OutRecord) {
  const topic = await kit.topic()
  const producer = kit.producer()
  await producer.open()
  const [error] = await producer.send([batchOf(topic, 0, record, plain('last'))])
  if (error !== undefined) throw error
  const member = await kit.joined(topic)
  await kit.until('both are read', () => member.records.length === 2)
  return member.records[0]
}
