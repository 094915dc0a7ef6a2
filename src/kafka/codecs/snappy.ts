// Snappy, in both of the forms that clients of Kafka write: a bare block, or Java's stream of blocks.

import snappy from 'snappyjs'
import type { Compression } from './compression.js'

/** How Java's stream begins: its name, and two versions of four bytes each. */
const STREAM_START = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
export const STREAM_HEADER_BYTES = 16

/** Tells whether it is Java's form. */
export const isStream = (data: Buffer): boolean => data.subarray(0, STREAM_START.length).equals(STREAM_START)

export const snappyCompression: Compression = {
  compress: (data) => snappy.compress(data),
  decompress(data) {
    if (!isStream(data)) return snappy.uncompress(data)
    const blocks: Uint8Array[] = []
    for (let at = STREAM_HEADER_BYTES; at < data.length; ) {
      const length = data.readInt32BE(at)
      at += 4
      blocks.push(snappy.uncompress(data.subarray(at, at + length)))
      at += length
    }
    return Buffer.concat(blocks)
  },
}
