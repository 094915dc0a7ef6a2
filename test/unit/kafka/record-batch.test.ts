// What is encoded here is read by the decoders of both clients: they are the reference.

import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutRecord } from '../../../src/kafka/driver.js'
import { encodeBatch } from '../../../src/kafka/record-batch.js'

const require = createRequire(import.meta.url)
const Decoder = require('kafkajs/src/protocol/decoder.js')
const decodeByKafkajs = require('kafkajs/src/protocol/recordBatch/v0/decoder.js')
const crcByKafkajs = require('kafkajs/src/protocol/recordBatch/crc32C')
const { Reader, readRecordsBatch } = (await import('platformatic-kafka-1')) as unknown as {
  Reader: { from(bytes: Buffer): unknown }
  readRecordsBatch(reader: unknown): {
    lastOffsetDelta: number
    firstTimestamp: bigint
    maxTimestamp: bigint
    records: {
      timestampDelta: bigint
      offsetDelta: number
      key: Buffer
      value: Buffer
      headers: Buffer[][]
    }[]
  }
}

const NOW_MS = 1_700_000_000_123
const plain = (bytes: Buffer) => bytes

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array.buffer, array.byteOffset, array.length))
const record: fc.Arbitrary<OutRecord> = fc.record({
  key: fc.option(bytes(300)),
  value: fc.option(bytes(20_000)),
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.oneof(fc.string(), bytes(200))), {
    maxLength: 3,
  }),
  timestamp: fc.option(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), { nil: undefined }),
})
const records = fc.array(record, { minLength: 1, maxLength: 200 })
const asBuffer = (value: Uint8Array | string) => Buffer.from(value as Uint8Array)

describe('a batch', () => {
  test('is what the decoder of @platformatic/kafka reads', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        const batch = readRecordsBatch(Reader.from(await encodeBatch(given, NOW_MS, 'none', plain)))
        expect(batch.lastOffsetDelta).toBe(given.length - 1)
        const times = given.map(({ timestamp }) => timestamp ?? NOW_MS)
        expect([Number(batch.firstTimestamp), Number(batch.maxTimestamp)]).toEqual([
          times[0],
          Math.max(...times),
        ])
        const read = batch.records.map(({ timestampDelta, offsetDelta, key, value, headers }) => ({
          time: Number(batch.firstTimestamp + timestampDelta),
          offsetDelta,
          // Empty and null are one to this decoder.
          key: key ?? null,
          value: value ?? null,
          headers: headers.map(([name, content]) => [String(name ?? ''), content ?? Buffer.alloc(0)]),
        }))
        const wanted = given.map(({ key, value, headers }, i) => ({
          time: times[i],
          offsetDelta: i,
          key,
          value,
          headers: headers.map(([name, content]) => [name, asBuffer(content)]),
        }))
        expect(read).toEqual(wanted)
      }),
    )
  })

  test('is what the decoder of kafkajs reads, with the checksum of its encoder', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (given) => {
        const batch = await encodeBatch(given, NOW_MS, 'none', plain)
        expect(batch.readUInt32BE(17)).toBe(crcByKafkajs(batch.subarray(21)))
        const read = await decodeByKafkajs(new Decoder(batch))
        expect(read.records.map((each: { key: Buffer | null }) => each.key)).toEqual(
          given.map(({ key }) => key),
        )
        expect(read.records.map((each: { value: Buffer | null }) => each.value)).toEqual(
          given.map(({ value }) => value),
        )
        expect(read.records.map((each: { timestamp: string }) => Number(each.timestamp))).toEqual(
          given.map(({ timestamp }) => timestamp ?? NOW_MS),
        )
      }),
    )
  })

  test('says its codec, and holds what the compressor gave', async () => {
    const given = [{ key: null, value: Buffer.from('abc'), headers: [] }]
    const batch = await encodeBatch(given, NOW_MS, 'lz4', (all) => Buffer.from(all).reverse())
    const whole = await encodeBatch(given, NOW_MS, 'none', plain)
    expect(batch.readInt16BE(21)).toBe(3)
    expect(batch.subarray(61)).toEqual(Buffer.from(whole.subarray(61)).reverse())
    expect(batch.readUInt32BE(17)).toBe(crcByKafkajs(batch.subarray(21)))
  })
})
