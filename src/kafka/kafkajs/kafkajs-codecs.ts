// Teaches kafkajs the codecs that it leaves to others.

import kafkajs from 'kafkajs'
import type { Compression } from '../codecs/compression.js'
import type { Codec } from '../connection.js'
import type { Compress } from '../record-batch.js'

const { CompressionCodecs, CompressionTypes } = kafkajs

const TYPES: Record<Codec, number> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

type Encoder = { buffer: Buffer }

/** Each is loaded when a batch needs it. A record whose codec is missing would end the consumer. */
export function registerCodecs(): void {
  add(CompressionTypes.Snappy, async () => (await import('../codecs/snappy.js')).snappyCompression)
  add(CompressionTypes.LZ4, async () => (await import('../codecs/lz4.js')).lz4Compression)
  add(CompressionTypes.ZSTD, async () => await (await import('../codecs/zstd.js')).loadZstd())
}

/** Gives what compresses the records of a batch. */
export function compressorOf(codec: Codec): Compress {
  return async (buffer) => {
    const codecs: Record<number, () => { compress(encoder: Encoder): Promise<Buffer> }> = CompressionCodecs
    return await codecs[TYPES[codec]]().compress({ buffer })
  }
}

function add(type: number, load: () => Promise<Compression>): void {
  let loaded: Promise<Compression> | undefined
  const codec = {
    async compress({ buffer }: Encoder): Promise<Buffer> {
      loaded ??= load()
      return asBuffer((await loaded).compress(buffer))
    },
    async decompress(data: Buffer): Promise<Buffer> {
      loaded ??= load()
      return asBuffer((await loaded).decompress(data))
    },
  }
  const codecs: Record<number, () => unknown> = CompressionCodecs
  codecs[type] = () => codec
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
