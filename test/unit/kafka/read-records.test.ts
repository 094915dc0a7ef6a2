// The encoder is checked against the clients' decoders (record-batch.test.ts), and this decoder against the encoder.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../../../src/kafka/crc32c.js'
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
  timestamp: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
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

/** The checksum is to be right: something else is not. */
function sign(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch, 21), 17)
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
    sign(batch)
    const found = read(batch, 0n, (codec, all) => {
      expect(codec).toBe('zstd')
      return reversed(all)
    })
    expect(found.map(({ timestamp }) => timestamp)).toEqual([77, 77, 77])
  })

  test('with a wrong checksum are refused, wherever one bit is another', async () => {
    const [batch] = await logOf([[{ key: null, value: Buffer.from('value'), headers: [], timestamp: 1 }]], 0n)
    // What comes before the checksum is not in it.
    for (let bit = 17 * 8; bit < batch.length * 8; bit++) {
      const changed = Buffer.from(batch)
      changed[bit >> 3] ^= 1 << (bit & 7)
      expect(() => read(changed, 0n), String(bit)).toThrow('a record lies in a batch with a wrong checksum')
    }
  })

  test('that cannot be read are refused, whatever is wrong with them', async () => {
    const [batch] = await logOf([[{ key: null, value: Buffer.from('value'), headers: [], timestamp: 1 }]], 0n)
    const kindOf = (change: (batch: Buffer) => Buffer | number | undefined): string => {
      const changed = Buffer.from(batch)
      const given = change(changed)
      sign(changed)
      try {
        read(Buffer.isBuffer(given) ? given : changed, 0n)
        return 'none'
      } catch (error) {
        return error instanceof KafkaError ? error.kind : String(error)
      }
    }
    expect(kindOf(() => undefined)).toBe('none')
    expect(kindOf((each) => each.writeInt8(1, 16))).toBe('unusable')
    expect(kindOf((each) => each.writeInt16BE(7, 21))).toBe('unusable')
    for (const count of [0, -1, 2]) expect(kindOf((each) => each.writeInt32BE(count, 57))).toBe('retriable')
    expect(kindOf((each) => each.writeInt32BE(0x7fff_ffff, 57))).toBe('retriable')
    expect(kindOf((each) => each.writeInt8(126, 61))).toBe('retriable')
    expect(kindOf((each) => each.writeInt8(2, 61))).toBe('retriable')
    expect(kindOf((each) => each.writeInt32BE(1, 8))).toBe('retriable')
    // Not even the first one is whole.
    for (const bytes of [1, 61, batch.length - 1])
      expect(
        kindOf((each) => each.subarray(0, bytes)),
        String(bytes),
      ).toBe('retriable')
    // The record and its value are one byte longer than there is.
    const longer = (each: Buffer) => {
      each[61] += 2
      each[66] += 2
      return each
    }
    expect(batch[66]).toBe(2 * 'value'.length)
    expect(kindOf(longer)).toBe('retriable')
    // Headers: one too many, fewer than none, a number without an end.
    for (const number of [2, 1]) expect(kindOf((each) => each.writeUInt8(number, 72))).toBe('retriable')
    expect(kindOf((each) => each.fill(0xff, 72))).toBe('retriable')
    // More of them than anybody could wait for.
    const endless = (each: Buffer) => {
      each[66] = 0
      each.set([0xfe, 0xff, 0xff, 0xff, 0xff, 0x1f], 67)
      return each
    }
    expect(kindOf(endless)).toBe('retriable')
  })
})
