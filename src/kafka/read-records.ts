// Batches of records as they lie in a log (format 2; see record-batch.ts), read from the bytes of a fetch. The clients' own
// decoders make bigints and objects for each number on the way.

import { CODECS, type Codec } from './connection.js'
import { crc32c } from './crc32c.js'
import type { RawHeaders, RawRecord } from './driver.js'
import { KafkaError } from './kafka-error.js'
import { VarintReader } from './varint.js'

/** Gives the records of a batch as they were before they were compressed. Throws a KafkaError where they are too large. */
export type Decompress = (codec: Codec, records: Buffer) => Uint8Array

const LENGTH_AT = 8
const LENGTH_END = 12
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_OFFSET_AT = 23
const FIRST_TIME_AT = 27
const MAX_TIME_AT = 35
const PRODUCER_AT = 43
const COUNT_AT = 57
const HEAD_BYTES = 61
const MAGIC = 2
const CODEC_BITS = 0b111
const IS_LOG_APPEND_TIME = 1 << 3
const IS_TRANSACTIONAL = 1 << 4
const IS_CONTROL = 1 << 5
const NO_HEADERS: RawHeaders = []

/** One batch, of which nothing but the head is decoded yet. */
export class ReadBatch {
  readonly firstOffset: bigint
  readonly lastOffset: bigint
  readonly producerId: bigint
  readonly isTransactional: boolean
  /** Its one record is a marker of the log's own. */
  readonly isControl: boolean
  readonly #bytes: Buffer
  readonly #decompress: Decompress
  readonly #attributes: number

  constructor(bytes: Buffer, decompress: Decompress) {
    this.#bytes = bytes
    this.#decompress = decompress
    this.firstOffset = bytes.readBigInt64BE(0)
    this.lastOffset = this.firstOffset + BigInt(bytes.readInt32BE(LAST_OFFSET_AT))
    this.producerId = bytes.readBigInt64BE(PRODUCER_AT)
    this.#attributes = bytes.readInt16BE(ATTRIBUTES_AT)
    this.isTransactional = (this.#attributes & IS_TRANSACTIONAL) !== 0
    this.isControl = (this.#attributes & IS_CONTROL) !== 0
  }

  /** Adds those of its records that lie at or above an offset. */
  addTo(records: RawRecord[], from: bigint): void {
    const bytes = this.#bytes
    if (crc32c(bytes, ATTRIBUTES_AT) !== bytes.readUInt32BE(CRC_AT))
      throw broken('lies in a batch with a wrong checksum')
    const hasOneTime = (this.#attributes & IS_LOG_APPEND_TIME) !== 0
    const baseMs = Number(bytes.readBigInt64BE(hasOneTime ? MAX_TIME_AT : FIRST_TIME_AT))
    const first = Number(this.firstOffset)
    const least = Number(from)
    const reader = new VarintReader(this.#records())
    for (let left = bytes.readInt32BE(COUNT_AT); left > 0; left--) {
      const length = reader.number()
      const end = reader.at + length
      reader.at++ // attributes: none are defined
      const afterMs = reader.number()
      const offset = first + reader.number()
      const key = reader.slice()
      const value = reader.slice()
      const headers = headersOf(reader, end)
      if (reader.at !== end) throw broken('does not end where it says')
      const timestamp = hasOneTime ? baseMs : baseMs + afterMs
      if (offset >= least) records.push({ offset: BigInt(offset), timestamp, key, value, headers })
    }
    if (reader.at !== reader.bytes.length) throw broken('does not end with its batch')
  }

  #records(): Buffer {
    const bytes = this.#bytes.subarray(HEAD_BYTES)
    const codec = CODECS[this.#attributes & CODEC_BITS]
    if (codec === 'none') return bytes
    if (codec === undefined) throw new KafkaError('unusable', 'records of a codec that is not known here')
    const plain = this.#plain(codec, bytes)
    return Buffer.from(plain.buffer, plain.byteOffset, plain.length)
  }

  #plain(codec: Codec, bytes: Buffer): Uint8Array {
    try {
      return this.#decompress(codec, bytes)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      throw new KafkaError(error.kind, `offsets ${this.firstOffset} to ${this.lastOffset}: ${error.message}`)
    }
  }
}

/** Gives the whole batches. A fetch may end within one, but not within the first: a broker gives that whole, or nothing. */
export function readBatches(bytes: Buffer, decompress: Decompress): ReadBatch[] {
  const batches: ReadBatch[] = []
  let at = 0
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + LENGTH_AT)
    if (end > bytes.length) break
    const magic = bytes[at + MAGIC_AT]
    if (magic !== MAGIC)
      throw new KafkaError(
        'unusable',
        `records of format ${magic}, wanted ${MAGIC}; the driver kafkajs reads them`,
      )
    if (end < at + HEAD_BYTES) throw broken('lies in a batch that is too short')
    batches.push(new ReadBatch(bytes.subarray(at, end), decompress))
    at = end
  }
  if (at === 0 && bytes.length > 0) throw broken('lies in a batch that is not whole')
  return batches
}

function headersOf(reader: VarintReader, end: number): RawHeaders {
  const count = reader.number()
  if (count === 0) return NO_HEADERS
  const headers: [string, Buffer | null][] = []
  for (let left = count; left !== 0; left--) {
    if (reader.at >= end) throw broken('has another number of headers than it says')
    const name = reader.slice()
    headers.push([name === null ? '' : name.toString('utf8'), reader.slice()])
  }
  return headers
}

function broken(how: string): KafkaError {
  return new KafkaError('retriable', `a record ${how}`)
}
