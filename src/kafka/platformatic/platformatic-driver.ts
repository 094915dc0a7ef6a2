// The driver of @platformatic/kafka, versions 1.35 and 2. Of its consumer only the group is used: a stream of its own can be
// paused only as a whole.

import { isStream, snappyCompression } from '../codecs/snappy.js'
import { loadZstd } from '../codecs/zstd.js'
import type { Driver } from '../driver.js'
import type { Platformatic } from './client.js'
import { PlatformaticConsumer } from './platformatic-consumer.js'
import { PlatformaticProducer } from './platformatic-producer.js'

const PARTS = [
  'Consumer',
  'Producer',
  'ConnectionPool',
  'Writer',
  'compressionsAlgorithms',
  'protocolErrorsCodesById',
  'produceV8',
] as const

/** Makes the driver of a loaded package. */
export async function platformaticDriver(client: Platformatic): Promise<Driver> {
  checkParts(client)
  await mendCodecs(client)
  return {
    name: 'platformatic',
    consumer: (options, events, log) => new PlatformaticConsumer(client, options, events, log),
    producer: (options) => new PlatformaticProducer(client, options),
  }
}

/** Requests go below its own clients: another version may lack what they are made of. */
function checkParts(client: Platformatic): void {
  const missing = PARTS.filter((name) => client[name] === undefined)
  if (missing.length > 0) throw new Error(`it has no ${missing.join(', ')}: versions 1.35 and 2 have it`)
}

async function mendCodecs({ compressionsAlgorithms: { snappy, zstd } }: Platformatic): Promise<void> {
  // https://github.com/platformatic/kafka/issues/282: what Java compresses cannot be read.
  const { decompressSync } = snappy
  snappy.decompressSync = (data) => {
    const bytes = bufferOf(data)
    return isStream(bytes) ? snappyCompression.decompress(bytes) : decompressSync(data)
  }
  // It has none of its own before Node 22.15.
  if (zstd.available !== false) return
  const { compress, decompress } = await loadZstd()
  zstd.compressSync = (data) => asBuffer(compress(bufferOf(data)))
  zstd.decompressSync = (data) => asBuffer(decompress(bufferOf(data)))
  zstd.available = true
}

function bufferOf(data: Buffer | { buffer: Buffer }): Buffer {
  return Buffer.isBuffer(data) ? data : data.buffer
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
