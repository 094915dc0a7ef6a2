// Records as they lie in a log: one batch of format 2, which the clients' own encoders make with an object or more for each record.
//
//   offset 0: int64 │ bytes from here: int32 │ leader epoch: int32 │ 2: int8 │ CRC of all behind it: uint32 │ attributes: int16 │
//   last offset: int32 │ first and largest time: int64 each │ producer, its epoch, first sequence: none │ count: int32 │ records
//   record = bytes │ 0: int8 │ time and offset from the first one's │ key │ value │ headers, each name and value; all lengths varints

import type { Codec } from './connection.js'
import { CODECS } from './connection.js'
import { crc32c } from './crc32c.js'
import type { OutRecord } from './driver.js'
import { varintBytes, writeVarint } from './varint.js'

/** Gives the records of a batch compressed. */
export type Compress = (records: Buffer) => Uint8Array | Promise<Uint8Array>

const LENGTH_AT = 8
const EPOCH_AT = 12
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
const TWO_32 = 0x1_0000_0000
const NULL_LENGTH = -1

/** Encodes records, of which there is at least one, as a batch of their own. Those without a time get `nowMs`. */
export async function encodeBatch(
  records: readonly OutRecord[],
  nowMs: number,
  codec: Codec,
  compress: Compress,
): Promise<Buffer> {
  const plain = encodePlain(records, nowMs)
  if (codec === 'none') return finished(plain, codec)
  const compressed = await compress(plain.subarray(HEAD_BYTES))
  return finished(Buffer.concat([plain.subarray(0, HEAD_BYTES), compressed]), codec)
}

function encodePlain(records: readonly OutRecord[], nowMs: number): Buffer {
  const firstMs = timeOf(records[0], nowMs)
  let maxMs = firstMs
  let bytes = HEAD_BYTES
  for (let i = 0; i < records.length; i++) {
    const body = bodyBytesOf(records[i], i, timeOf(records[i], nowMs) - firstMs)
    bytes += varintBytes(body) + body
  }
  const to = Buffer.allocUnsafe(bytes)
  let at = HEAD_BYTES
  for (let i = 0; i < records.length; i++) {
    const timeMs = timeOf(records[i], nowMs)
    if (timeMs > maxMs) maxMs = timeMs
    at = writeRecord(to, at, records[i], i, timeMs - firstMs)
  }
  to.fill(0, 0, LENGTH_AT)
  to.writeInt32BE(-1, EPOCH_AT)
  to[MAGIC_AT] = MAGIC
  to.writeInt32BE(records.length - 1, LAST_OFFSET_AT)
  writeInt64(to, firstMs, FIRST_TIME_AT)
  writeInt64(to, maxMs, MAX_TIME_AT)
  to.fill(0xff, PRODUCER_AT, COUNT_AT)
  to.writeInt32BE(records.length, COUNT_AT)
  return to
}

/** Fills in what depends on the bytes that are sent. */
function finished(batch: Buffer, codec: Codec): Buffer {
  batch.writeInt32BE(batch.length - EPOCH_AT, LENGTH_AT)
  batch.writeInt16BE(CODECS.indexOf(codec), ATTRIBUTES_AT)
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT), CRC_AT)
  return batch
}

function timeOf({ timestamp }: OutRecord, nowMs: number): number {
  return timestamp ?? nowMs
}

function bodyBytesOf({ key, value, headers }: OutRecord, offset: number, afterMs: number): number {
  let bytes = 1 + varintBytes(afterMs) + varintBytes(offset) + bytesOf(key) + bytesOf(value)
  bytes += varintBytes(headers.length)
  for (const [name, content] of headers) bytes += bytesOf(name) + bytesOf(content)
  return bytes
}

function writeRecord(to: Buffer, at: number, record: OutRecord, offset: number, afterMs: number): number {
  const { key, value, headers } = record
  at = writeVarint(to, at, bodyBytesOf(record, offset, afterMs))
  to[at++] = 0
  at = writeVarint(to, at, afterMs)
  at = writeVarint(to, at, offset)
  at = write(to, at, key)
  at = write(to, at, value)
  at = writeVarint(to, at, headers.length)
  for (const [name, content] of headers) at = write(to, write(to, at, name), content)
  return at
}

function bytesOf(value: Uint8Array | string | null): number {
  if (value === null) return varintBytes(NULL_LENGTH)
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  return varintBytes(bytes) + bytes
}

function write(to: Buffer, at: number, value: Uint8Array | string | null): number {
  if (value === null) return writeVarint(to, at, NULL_LENGTH)
  if (typeof value === 'string') {
    at = writeVarint(to, at, Buffer.byteLength(value))
    return at + to.write(value, at)
  }
  at = writeVarint(to, at, value.length)
  to.set(value, at)
  return at + value.length
}

function writeInt64(to: Buffer, value: number, at: number): void {
  to.writeInt32BE(Math.floor(value / TWO_32), at)
  // The low half: `>>>` takes a number modulo 2^32.
  to.writeUInt32BE(value >>> 0, at + 4)
}
