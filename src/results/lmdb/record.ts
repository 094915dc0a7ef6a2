// An entry as it lies in the file:
//
//   | 1: format | 1: state | 8: since when, ms since 1970 | 4: length of the id | id, UTF-16 | bytes … |
//
// Its checksum is the store's affair.

import type { Entry } from '../shelf.js'

const FORMAT = 1
const STATES = ['accepted', 'finished'] as const
const STATE_AT = 1
const TIME_AT = 2
const ID_LENGTH_AT = 10
const ID_AT = 14
/** UTF-16 keeps any string as it is. */
const ID_ENCODING = 'utf16le'

/** Copies the bytes into a record of an id. */
export function encodeRecord(state: Entry['state'], id: string, bytes: Uint8Array): Buffer {
  const bytesAt = ID_AT + 2 * id.length
  // Not of the pool: a small record would keep 8 KiB of it.
  const record = Buffer.allocUnsafeSlow(bytesAt + bytes.length)
  record[0] = FORMAT
  record[STATE_AT] = STATES.indexOf(state)
  record.writeUInt32LE(2 * id.length, ID_LENGTH_AT)
  record.write(id, ID_AT, ID_ENCODING)
  record.set(bytes, bytesAt)
  return record
}

/** Writes into a record since when it is so. */
export function setTime(record: Buffer, atMs: number): void {
  record.writeDoubleLE(atMs, TIME_AT)
}

/** Gives the entry of a record, whose bytes it shares; undefined where it is none of ours. */
export function decodeRecord(key: string, stored: Uint8Array): Entry | undefined {
  const record = Buffer.from(stored.buffer, stored.byteOffset, stored.length)
  if (record.length < ID_AT || record[0] !== FORMAT) return undefined
  const state = STATES[record[STATE_AT]]
  const bytesAt = ID_AT + record.readUInt32LE(ID_LENGTH_AT)
  if (state === undefined || bytesAt > record.length) return undefined
  const id = record.toString(ID_ENCODING, ID_AT, bytesAt)
  return { state, id, bytes: record.subarray(bytesAt), atMs: record.readDoubleLE(TIME_AT), key }
}
