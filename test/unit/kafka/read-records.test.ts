// The encoder is checked against the clients' decoders (record-batch.test.ts), and this decoder against the encoder.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutRecord, RawRecord } from '../../../src/kafka/driver.js'
import { KafkaError } from '../../../src/kafka/kafka-error.js'
import { type Decompress, readBatches } from '../../../src/kafka/read-records.js'
import { encodeBatch } from '../../../src/kafka/record-batch.js'

const NOW_MS = 1_700_000_000_123
const plain = (bytes: Buffer) => bytes
const none: Decompress = () => expect.fail('nothing is compressed')

const bytes = fc
  .uint8Array({ maxLength: 300 })
  .map((array) => Buffer.from(array.buffer, array.byteOffset, array.length))
const record: fc.Arbitrary<OutRecord> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), bytes), { maxLength: 3 }),
  timestamp: fc.integer({ min: 0, max: 2 ** 52 }),
})
const records = fc.array(record, { minLength: 1, maxLength: 100 })

/** As a broker keeps it: from this offset on. */
async function logOf(lists: readonly (readonly OutRecord[])[], first: bigint): Promise<Buffer[]> {
  let offset = first
  const batches: Buffer[] = []
  for (const list of lists) {
    const batch = await encodeBatch(list, NOW_MS, 'none', plain)
    batch.writeBigInt64BE(offset, 0)
    offset += BigInt(list.length)
    batches.push(batch)
  }
  return batches
}

function read(log: Buffer, from: bigint, decompress: Decompress = none): RawRecord[] {
  const found: RawRecord[] = []
  for (const batch of readBatches(log, decompress)) batch.addTo(found, from)
  return found
}

const wantedOf = (list: readonly OutRecord[], first: bigint) =>
  list.map(({ key, value, headers, timestamp }, i) => ({
    offset: first + BigInt(i),
    key,
    value,
    headers,
    timestamp,
  }))

describe('batches', () => {
  test('are read as they were written, from an offset on, up to the last whole one', async () => {
    const first = fc.bigInt({ min: 0n, max: 2n ** 52n })
    await fc.assert(
      fc.asyncProperty(
        fc.array(records, { minLength: 1, maxLength: 4 }),
        first,
        fc.nat(150),
        fc.nat(99),
        async (lists, offset, skipped, cut) => {
          const log = await logOf(lists, offset)
          const torn = log[0].subarray(0, Math.floor((log[0].length * cut) / 100))
          const from = offset + BigInt(skipped)
          expect(read(Buffer.concat([...log, torn]), from)).toEqual(
            wantedOf(lists.flat(), offset).slice(skipped),
          )
        },
      ),
    )
  })

  test('of one codec are given to it; a time of the log is that of all', async () => {
    const list = [1, 2, 3].map((timestamp) => ({
      key: null,
      value: Buffer.from('v'),
      headers: [],
      timestamp,
    }))
    const reversed = (all: Uint8Array) => Buffer.from(all).reverse()
    const batch = await encodeBatch(list, NOW_MS, 'zstd', reversed)
    batch.writeInt16BE(batch.readInt16BE(21) | 8, 21)
    batch.writeBigInt64BE(77n, 35)
    const found = read(batch, 0n, (codec, all) => {
      expect(codec).toBe('zstd')
      return reversed(all)
    })
    expect(found.map(({ timestamp }) => timestamp)).toEqual([77, 77, 77])
  })

  test('that cannot be read are refused, whatever is wrong with them', async () => {
    const [batch] = await logOf([[{ key: null, value: Buffer.from('value'), headers: [], timestamp: 1 }]], 0n)
    const kindOf = (change: (batch: Buffer) => void): string => {
      const changed = Buffer.from(batch)
      change(changed)
      try {
        read(changed, 0n)
        return 'none'
      } catch (error) {
        return error instanceof KafkaError ? error.kind : String(error)
      }
    }
    expect(kindOf(() => undefined)).toBe('none')
    expect(kindOf((each) => each.writeInt8(1, 16))).toBe('unusable')
    expect(kindOf((each) => each.writeInt16BE(7, 21))).toBe('retriable')
    expect(kindOf((each) => each.writeInt32BE(2, 57))).toBe('retriable')
    expect(kindOf((each) => each.writeInt32BE(0x7fff_ffff, 57))).toBe('retriable')
    expect(kindOf((each) => each.writeInt8(126, 61))).toBe('retriable')
    expect(kindOf((each) => each.writeInt8(2, 61))).toBe('retriable')
    expect(kindOf((each) => each.writeInt32BE(1, 8))).toBe('retriable')
  })
})
