// LZ4 frames of independent blocks, the only ones that Java reads. (The library's own frames say that theirs are dependent.)

import lz4 from 'lz4js'
import type { Compression } from './compression.js'

/** Magic number, version 1 with independent blocks, blocks of 4 MiB, and the check of these two. */
const FRAME_START = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73])
const FRAME_END = Buffer.alloc(4)
const BLOCK_BYTES = 4_194_304
const IS_PLAIN = 0x8000_0000
const HASHES = 65_536

export const lz4Compression: Compression = {
  compress(data) {
    const parts: Uint8Array[] = [FRAME_START]
    for (let at = 0; at < data.length; at += BLOCK_BYTES)
      parts.push(...blockOf(data.subarray(at, at + BLOCK_BYTES)))
    return Buffer.concat([...parts, FRAME_END])
  },
  decompress: (data) => lz4.decompress(data),
}

/** The length of the block, and the block. */
function blockOf(data: Uint8Array): Uint8Array[] {
  const compressed = Buffer.allocUnsafe(lz4.compressBound(data.length))
  const bytes = lz4.compressBlock(data, compressed, 0, data.length, new Uint32Array(HASHES))
  const length = Buffer.alloc(4)
  // Nothing found to compress.
  if (bytes === 0 || bytes >= data.length) {
    length.writeUInt32LE((data.length | IS_PLAIN) >>> 0)
    return [length, data]
  }
  length.writeUInt32LE(bytes)
  return [length, compressed.subarray(0, bytes)]
}
