// Teaches kafkajs the codecs that it leaves to others, and a limit to all of them.

import kafkajs from 'kafkajs'
import type { Compression } from '../codecs/compression.js'
import { decompressWithin, plainBytesMax } from '../codecs/within-bytes.js'
import type { Codec } from '../connection.js'
import { KafkaError } from '../kafka-error.js'
import type { Compress } from '../record-batch.js'

const { CompressionCodecs, CompressionTypes } = kafkajs

const TYPES: Record<Codec, number> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}
/** Of a batch of format 2, which lies before its records. */
const HEAD_BYTES = 61
const MAGIC_AT = 16
const MAGIC = 2
const LAST_OFFSET_AT = 23

type Encoder = { buffer: Buffer }
type KafkajsCodec = {
  compress(encoder: Encoder): Promise<Buffer>
  decompress(data: Buffer): Promise<Buffer>
}

const codecs = CompressionCodecs as Record<number, () => KafkajsCodec>
/** kafkajs has one codec for all of its consumers: the one that may read most counts. */
let bytesMax = plainBytesMax(0)

/** A batch that becomes too large. kafkajs does not say whose it is. */
class LargeBatch extends KafkaError {
  /** Of its last record. */
  readonly offset: bigint

  constructor({ kind, message }: KafkaError, first: bigint, last: bigint) {
    super(kind, `offsets ${first} to ${last}: ${message}`)
    this.offset = last
  }
}

/** Each is loaded when a batch needs it. A record whose codec is missing would end the consumer. */
export function registerCodecs(): void {
  const { compress } = codecs[TYPES.gzip]()
  codecs[TYPES.gzip] = () => ({ compress, decompress: async (data) => decompressed('gzip', data) })
  add('snappy', async () => (await import('../codecs/snappy.js')).snappyCompression)
  add('lz4', async () => (await import('../codecs/lz4.js')).lz4Compression)
  add('zstd', async () => await (await import('../codecs/zstd.js')).loadZstd())
}

/** A consumer fetches so much at once: it may read a batch of it. */
export function allowFetch(fetchBytesMax: number): void {
  bytesMax = Math.max(bytesMax, plainBytesMax(fetchBytesMax))
}

/** Gives what compresses the records of a batch. */
export function compressorOf(codec: Codec): Compress {
  return async (buffer) => await codecs[TYPES[codec]]().compress({ buffer })
}

/** Of a batch that becomes too large: says where it may lie, in a partition whose position is not behind it. */
export function withPlace(
  error: KafkaError,
  partitions: Iterable<{ name: string; isHeld: boolean; isPaused: boolean; position: bigint }>,
): KafkaError {
  if (!(error instanceof LargeBatch)) return error
  const places = [...partitions]
    .filter(({ isHeld, isPaused, position }) => !isHeld && !isPaused && position <= error.offset)
    .map(({ name }) => name)
  return new KafkaError(error.kind, `${places.join(' or ')}: ${error.message}`)
}

function add(name: Codec, load: () => Promise<Compression>): void {
  let loaded: Promise<Compression> | undefined
  const codec: KafkajsCodec = {
    async compress({ buffer }) {
      loaded ??= load()
      return asBuffer((await loaded).compress(buffer))
    },
    async decompress(data) {
      loaded ??= load()
      const { decompress } = await loaded
      return decompressed(name, data, decompress)
    },
  }
  codecs[TYPES[name]] = () => codec
}

function decompressed(codec: Codec, data: Buffer, decompress: Compression['decompress'] = asBuffer): Buffer {
  try {
    return asBuffer(decompressWithin(bytesMax, codec, data, decompress))
  } catch (error) {
    throw error instanceof KafkaError ? placed(error, data) : error
  }
}

function placed(error: KafkaError, data: Buffer): KafkaError {
  if (data.byteOffset < HEAD_BYTES) return error
  const head = Buffer.from(data.buffer, data.byteOffset - HEAD_BYTES, HEAD_BYTES)
  if (head[MAGIC_AT] !== MAGIC) return error
  const first = head.readBigInt64BE(0)
  return new LargeBatch(error, first, first + BigInt(head.readInt32BE(LAST_OFFSET_AT)))
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
