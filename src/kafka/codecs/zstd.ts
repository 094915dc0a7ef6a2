// Zstandard: Node's own from 22.15 on; before that in WASM (writing) and in JavaScript (reading, which takes the frames
// without a size that Java writes).

import zlib from 'node:zlib'
import type { Compression } from './compression.js'

type ZstdSync = (data: Uint8Array) => Buffer
type Native = { zstdCompressSync?: ZstdSync; zstdDecompressSync?: ZstdSync }

/** Loads what this Node needs. */
export async function loadZstd(native: Native = zlib as Native): Promise<Compression> {
  const { zstdCompressSync, zstdDecompressSync } = native
  if (zstdCompressSync !== undefined && zstdDecompressSync !== undefined) {
    return {
      compress: (data) => zstdCompressSync(data),
      decompress: (data) => zstdDecompressSync(data),
    }
  }
  const [{ Zstd }, { decompress }] = await Promise.all([import('@hpcc-js/wasm-zstd'), import('fzstd')])
  const zstd = await Zstd.load()
  return { compress: (data) => zstd.compress(data), decompress: (data) => decompress(data) }
}
