// The most that compressed records can become, by what their frames say of each block: whoever decompresses them takes that much
// memory before it is seen how much they are.

import type { Codec } from '../connection.js'
import { isStream, STREAM_HEADER_BYTES } from './snappy.js'

/**
 * Gives it, of whole frames; Infinity where there is anything else than those that clients of Kafka write: some decoders know more
 * kinds, and would make as much of them as they like. Not of gzip, which says nothing before its end.
 */
export function mostBytes(codec: Codec, data: Buffer): number {
  if (codec === 'snappy') return snappyBytes(data)
  if (codec === 'lz4') return lz4Bytes(data)
  if (codec === 'zstd') return zstdBytes(data)
  return 0
}

function snappyBytes(data: Buffer): number {
  if (!isStream(data)) return claimOf(data)
  let bytes = 0
  for (let at = STREAM_HEADER_BYTES; at + 4 <= data.length; at += 4 + data.readUInt32BE(at))
    bytes += claimOf(data.subarray(at + 4))
  return bytes
}

/** A block of snappy begins with how much it becomes: seven bits of it in each byte. */
function claimOf(block: Buffer): number {
  let claim = 0
  for (let i = 0; i < Math.min(5, block.length); i++) {
    claim += (block[i] & 0x7f) * 2 ** (7 * i)
    if (block[i] < 0x80) break
  }
  return claim
}

const LZ4_MAGIC = 0x184d2204
const LZ4_HAS_BLOCK_SUMS = 1 << 4
const LZ4_HAS_SIZE = 1 << 3
const LZ4_HAS_SUM = 1 << 2
const LZ4_HAS_DICTIONARY = 1
/** A block says that it is not compressed. */
const LZ4_IS_PLAIN = 0x8000_0000
/** A byte of a length stands for so many at most. */
const LZ4_RATIO_MAX = 255

function lz4Bytes(data: Buffer): number {
  let bytes = 0
  let at = 0
  while (at + 7 <= data.length && data.readUInt32LE(at) === LZ4_MAGIC) {
    const flags = data[at + 4]
    const blockMax = 2 ** (8 + 2 * ((data[at + 5] >> 4) & 7))
    at += 7 + (flags & LZ4_HAS_SIZE ? 8 : 0) + (flags & LZ4_HAS_DICTIONARY ? 4 : 0)
    while (at + 4 <= data.length) {
      const head = data.readUInt32LE(at)
      at += 4
      if (head === 0) break
      const length = head % LZ4_IS_PLAIN
      bytes += head >= LZ4_IS_PLAIN ? length : Math.min(blockMax, LZ4_RATIO_MAX * (length + 1))
      at += length + (flags & LZ4_HAS_BLOCK_SUMS ? 4 : 0)
    }
    at += flags & LZ4_HAS_SUM ? 4 : 0
  }
  return at < data.length ? Number.POSITIVE_INFINITY : bytes
}

const ZSTD_MAGIC = 0xfd2fb528
const ZSTD_HAS_SUM = 1 << 2
/** It is a whole, and its size is its window. */
const ZSTD_IS_ONE = 1 << 5
const ZSTD_BLOCK_MAX = 131_072
const ZSTD_COMPRESSED = 2
const ZSTD_REPEATED = 1
const ZSTD_DICTIONARY_BYTES = [0, 1, 2, 4]
const ZSTD_SIZE_BYTES = [0, 2, 4, 8]

function zstdBytes(data: Buffer): number {
  let bytes = 0
  let at = 0
  while (at + 6 <= data.length && data.readUInt32LE(at) === ZSTD_MAGIC) {
    const flags = data[at + 4]
    const isOne = (flags & ZSTD_IS_ONE) !== 0
    const window = isOne ? 0 : windowOf(data[at + 5])
    at += 5 + (isOne ? 0 : 1) + ZSTD_DICTIONARY_BYTES[flags & 3]
    const sizeBytes = ZSTD_SIZE_BYTES[flags >> 6] || (isOne ? 1 : 0)
    const claim = sizeBytes > 0 && at + sizeBytes <= data.length ? littleEndian(data, at, sizeBytes) : 0
    at += sizeBytes
    let blocks = 0
    for (let isLast = false; !isLast && at + 3 <= data.length; ) {
      const head = data.readUIntLE(at, 3)
      const [kind, length] = [(head >> 1) & 3, head >> 3]
      isLast = (head & 1) !== 0
      blocks += kind === ZSTD_COMPRESSED ? ZSTD_BLOCK_MAX : length
      at += 3 + (kind === ZSTD_REPEATED ? 1 : length)
    }
    at += flags & ZSTD_HAS_SUM ? 4 : 0
    // A decoder makes room for what is claimed, and for its window.
    bytes += Math.max(blocks, claim, window)
  }
  return at < data.length ? Number.POSITIVE_INFINITY : bytes
}

/** Five bits of exponent, and three of eighths. */
function windowOf(descriptor: number): number {
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8)
}

function littleEndian(data: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(data.readBigUInt64LE(at))
  return data.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0)
}
