// A record as the suite saw it: copied at once, since the source may use its objects again.

import type { SourceRecord } from '../sources/source.js'
import { counted, described, preview } from './breach.js'

export type Seen = {
  partition: number
  /** Undefined where the source gave none, or one that is none. */
  offset: bigint | undefined
  /** Partition and offset as one text: what a record is known by. */
  at: string
  value: Buffer | null
  /** What is wrong with its offset or partition. */
  misplaced: string | undefined
  /** What is wrong with the rest of it. */
  malformed: string | undefined
}

const PLACES_MAX = 10
const INT64_MAX = 2n ** 63n - 1n
const INT32_MAX = 2 ** 31 - 1

/** Copies a record; `index` is its number among all that were read, and stands in for a missing offset. */
export function seenOf(record: SourceRecord, index: number, messageBytesMax: number): Seen {
  const { partition, value } = record
  const misplaced = misplacementOf(record)
  const offset = misplaced === undefined && record.offset !== undefined ? BigInt(record.offset) : undefined
  const at = offset === undefined ? `record ${index} (no offset)` : placeOf(partition, offset)
  return {
    partition: partition ?? 0,
    offset,
    at,
    value: value === null ? null : Buffer.from(isValue(value) ? value : described(value)),
    misplaced,
    malformed: malformationOf(record, messageBytesMax),
  }
}

/** Gives where records lie, for a message: at most ten of them, the partitions apart. */
export function places(records: readonly Seen[]): string {
  const groups = new Map<string, string[]>()
  for (const { at } of records.slice(0, PLACES_MAX)) {
    const [, group, offset] = /^(.*?) ?offset (.*)$/.exec(at) ?? [at, at]
    groups.set(group, [...(groups.get(group) ?? []), ...(offset === undefined ? [] : [offset])])
  }
  const shown = [...groups].map(([group, offsets]) => {
    if (offsets.length === 0) return group
    return `${group} offset${offsets.length === 1 ? '' : 's'} ${offsets.join(', ')}`.trim()
  })
  if (records.length > PLACES_MAX) shown.push(`and ${records.length - PLACES_MAX} more`)
  return shown.join(', ')
}

/** Tells whether two values are the same bytes. */
export function sameValue(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

/** Gives a key that is equal for equal values. */
export function valueKey(value: string | Uint8Array | null): string {
  return value === null ? 'null' : `=${Buffer.from(value).toString('latin1')}`
}

function placeOf(partition: number | undefined, offset: bigint): string {
  return partition === undefined ? `offset ${offset}` : `partition ${partition} offset ${offset}`
}

function misplacementOf({ offset, partition }: SourceRecord): string | undefined {
  if (partition !== undefined && !isWithin(partition, INT32_MAX)) {
    return `the partition ${described(partition)}, not a whole number from 0 to 2^31 - 1`
  }
  if (offset === undefined) return undefined
  if (typeof offset === 'bigint') {
    return offset >= -INT64_MAX - 1n && offset <= INT64_MAX
      ? undefined
      : `the offset ${offset}, more than 64 bits`
  }
  return Number.isSafeInteger(offset)
    ? undefined
    : `the offset ${described(offset)}, neither a bigint nor a safe integer`
}

function malformationOf(record: SourceRecord, messageBytesMax: number): string | undefined {
  const { value, keys, tags, headers } = record
  if (!isValue(value) && value !== null) return `the value ${described(value)}, not a string, bytes or null`
  if (value !== null && Buffer.byteLength(value) > messageBytesMax) {
    return `a value of ${counted(Buffer.byteLength(value), 'byte')}, more than messageBytesMax = ${messageBytesMax}`
  }
  for (const [name, list] of Object.entries({ keys, tags })) {
    if (list === undefined || (Array.isArray(list) && list.every(isString))) continue
    return `${name} that are ${described(list)}, not a list of strings`
  }
  for (const name of ['id', 'trace'] as const) {
    if (record[name] !== undefined && !isString(record[name]))
      return `the ${name} ${described(record[name])}, not a string`
  }
  for (const name of ['eventTime', 'deadline'] as const) {
    if (record[name] !== undefined && !Number.isFinite(record[name]))
      return `the ${name} ${described(record[name])}, not ms`
  }
  for (const [name, header] of Object.entries(headers ?? {})) {
    if (!isValue(header)) return `the header ${preview(name)} ${described(header)}, not a string or bytes`
  }
  return undefined
}

function isWithin(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function isValue(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}
