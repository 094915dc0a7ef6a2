// What compressed records may become, with the compressors of both clients, and with frames that lie.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lz4Compression } from '../../../../src/kafka/codecs/lz4.js'
import { mostBytes } from '../../../../src/kafka/codecs/most-bytes.js'
import { snappyCompression } from '../../../../src/kafka/codecs/snappy.js'
import { decompressWithin, plainBytesMax } from '../../../../src/kafka/codecs/within-bytes.js'
import { loadZstd } from '../../../../src/kafka/codecs/zstd.js'
import type { Codec } from '../../../../src/kafka/connection.js'
import { KafkaError } from '../../../../src/kafka/kafka-error.js'
import { CLIENTS } from '../platformatic/clients.js'

type Tested = [name: string, codec: Codec, compress: (data: Buffer) => Buffer]

const { compressionsAlgorithms: theirs } = await CLIENTS[0].load()
const zstd = await loadZstd({})
const TESTED: Tested[] = [
  ['gzip', 'gzip', (data) => gzipSync(data)],
  ['snappy', 'snappy', (data) => Buffer.from(snappyCompression.compress(data))],
  ["Java's snappy", 'snappy', javaSnappy],
  ["the other client's snappy", 'snappy', (data) => Buffer.from(theirs.snappy.compressSync(data))],
  ['lz4', 'lz4', (data) => Buffer.from(lz4Compression.compress(data))],
  ["the other client's lz4", 'lz4', (data) => Buffer.from(theirs.lz4.compressSync(data))],
  ['zstd', 'zstd', (data) => Buffer.from(zstd.compress(data))],
]
const MIB = 1_048_576
const never = () => expect.fail('it is decompressed')

describe.each(TESTED)('%s', (_, codec, compress) => {
  test.each([MIB, 10 * MIB])('%i bytes become so many and not more', (bytes) => {
    const bomb = compress(Buffer.alloc(bytes))
    expect(() => decompressWithin(bytes - 1, codec, bomb, never)).toThrow(KafkaError)
    expect(() => decompressWithin(bytes - 1, codec, bomb, never)).toThrow(
      /^[\d,]+ bytes of .* become more than/,
    )
    // A last block counts as a whole one.
    const plain = decompressWithin(bytes + MIB / 4, codec, bomb, () => Buffer.alloc(bytes))
    expect(plain.length).toBe(bytes)
  })

  test('it never becomes more than is said', () => {
    // Nobody compresses nothing: the other client's compressors may throw at it.
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 })
    const parts = fc.array(fc.tuple(bytes, fc.integer({ min: 1, max: 4_000 })), { minLength: 1 })
    fc.assert(
      fc.property(parts, (some) => {
        const data = Buffer.concat(some.flatMap(([bytes, times]) => new Array(times).fill(bytes)))
        if (codec !== 'gzip') expect(mostBytes(codec, compress(data))).toBeGreaterThanOrEqual(data.length)
      }),
      { numRuns: 40 },
    )
  })

  test('any bytes are looked at without an error', () => {
    const start = compress(Buffer.from('some text')).subarray(0, 12)
    const lies = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 60 }))
    fc.assert(
      fc.property(lies, ([kept, rest]) => {
        expect(mostBytes(codec, Buffer.concat([start.subarray(0, kept), rest]))).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

test('frames one behind the other are all counted', () => {
  const frame = Buffer.from(zstd.compress(Buffer.alloc(MIB)))
  expect(mostBytes('zstd', Buffer.concat([frame, frame, frame]))).toBeGreaterThanOrEqual(3 * MIB)
  const lz4 = Buffer.from(lz4Compression.compress(Buffer.alloc(MIB)))
  expect(mostBytes('lz4', Buffer.concat([lz4, lz4, lz4]))).toBeGreaterThanOrEqual(3 * MIB)
})

/** Nothing that is to be read, to be passed over by who knows it. */
const SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])
/** LZ4 as it was before its frames had a format. */
const LEGACY = Buffer.from([0x02, 0x21, 0x4c, 0x18, 1, 0, 0, 0, 0])

test.each<[string, Codec, (frame: Buffer) => Buffer]>([
  ['zstd behind what is passed over', 'zstd', (frame) => Buffer.concat([SKIPPABLE, frame])],
  ['zstd before and behind it', 'zstd', (frame) => Buffer.concat([frame, SKIPPABLE, frame])],
  ['lz4 behind what is passed over', 'lz4', (frame) => Buffer.concat([SKIPPABLE, frame])],
  ['an old frame of lz4', 'lz4', () => LEGACY],
  ['an old frame of lz4 behind a new one', 'lz4', (frame) => Buffer.concat([frame, LEGACY])],
])('%s is not decompressed', (_, codec, hidden) => {
  const compression = codec === 'zstd' ? zstd : lz4Compression
  const data = hidden(Buffer.from(compression.compress(Buffer.alloc(MIB))))
  expect(() => decompressWithin(1_000 * MIB, codec, data, never)).toThrow(
    /are no frames that clients of Kafka write/,
  )
})

test('a frame of zstd that claims much, and has little', () => {
  const claim = Buffer.alloc(8)
  claim.writeBigUInt64LE(1n << 40n)
  const frame = Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0b1110_0000]),
    claim,
    Buffer.from([1, 0, 0]),
  ])
  expect(mostBytes('zstd', frame)).toBe(2 ** 40)
  const window = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xff, 1, 0, 0])
  expect(mostBytes('zstd', window)).toBeGreaterThan(2 ** 40)
})

test('the limit is what a fetch brings, and no less than 128 MiB', () => {
  expect(plainBytesMax(10 * MIB)).toBe(128 * MIB)
  expect(plainBytesMax(200 * MIB)).toBe(200 * MIB)
})

function javaSnappy(data: Buffer): Buffer {
  const blocks: Buffer[] = [
    Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
  ]
  for (let at = 0; at < data.length; at += 32_768) {
    const block = snappyCompression.compress(data.subarray(at, at + 32_768))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    blocks.push(length, Buffer.from(block))
  }
  return Buffer.concat(blocks)
}
