// What a fetch gave of one partition, as a batch of the seam: without control records, without those of aborted transactions,
// and without those before the position, which come along where they lie in one compressed batch.

import type { RawBatch, RawHeaders, RawRecord } from '../driver.js'
import type { FetchedBatch, FetchedPartition, FetchedRecord } from './client.js'

const IS_LOG_APPEND_TIME = 1 << 3
const IS_TRANSACTIONAL = 1 << 4
const IS_CONTROL = 1 << 5
const ABORT = 0
const NO_HEADERS: RawHeaders = []

type Place = Pick<RawBatch, 'topic' | 'partition' | 'generation' | 'fetchOffset'>

/** Undefined where there is nothing. */
export function fetchedBatch(place: Place, fetched: FetchedPartition): RawBatch | undefined {
  const batches = fetched.records ?? []
  if (batches.length === 0) return undefined
  const last = batches[batches.length - 1]
  const nextOffset = last.firstOffset + BigInt(last.lastOffsetDelta) + 1n
  if (nextOffset <= place.fetchOffset) return undefined
  const aborted = new Aborted(fetched)
  const records: RawRecord[] = []
  for (const batch of batches) if (aborted.lets(batch)) addRecords(batch, place.fetchOffset, records)
  return { ...place, nextOffset, highWatermark: endOf(fetched), records }
}

/** Of a log with open transactions, only what is before them can be read. */
function endOf({ highWatermark, lastStableOffset }: FetchedPartition): bigint {
  return lastStableOffset >= 0n && lastStableOffset < highWatermark ? lastStableOffset : highWatermark
}

/**
 * Tells which batches are to be read. The client's own filter is not used: one producer's second aborted transaction lets those
 * of the first pass, and a fetch that begins at an abort marker ends in a TypeError
 * (https://github.com/platformatic/kafka/issues/391).
 */
class Aborted {
  readonly #coming: { producerId: bigint; firstOffset: bigint }[]
  readonly #open = new Set<bigint>()

  constructor({ abortedTransactions }: FetchedPartition) {
    const byOffset = (a: { firstOffset: bigint }, b: { firstOffset: bigint }) =>
      a.firstOffset < b.firstOffset ? -1 : 1
    this.#coming = [...(abortedTransactions ?? [])].sort(byOffset)
  }

  lets({ attributes, producerId, firstOffset, lastOffsetDelta, records }: FetchedBatch): boolean {
    const lastOffset = firstOffset + BigInt(lastOffsetDelta)
    while (this.#coming.length > 0 && this.#coming[0].firstOffset <= lastOffset)
      this.#open.add((this.#coming.shift() as { producerId: bigint }).producerId)
    if (attributes & IS_CONTROL) {
      if (records[0]?.key?.readInt16BE(2) === ABORT) this.#open.delete(producerId)
      return false
    }
    return (attributes & IS_TRANSACTIONAL) === 0 || !this.#open.has(producerId)
  }
}

function addRecords(batch: FetchedBatch, fetchOffset: bigint, to: RawRecord[]): void {
  const { attributes, firstOffset, firstTimestamp, maxTimestamp, records } = batch
  const hasOneTime = (attributes & IS_LOG_APPEND_TIME) !== 0
  const baseMs = Number(hasOneTime ? maxTimestamp : firstTimestamp)
  for (const record of records) {
    const offset = firstOffset + BigInt(record.offsetDelta)
    if (offset < fetchOffset) continue
    const timestamp = hasOneTime ? baseMs : baseMs + Number(record.timestampDelta)
    to.push({ offset, timestamp, key: record.key, value: record.value, headers: headersOf(record) })
  }
}

function headersOf({ headers }: FetchedRecord): RawHeaders {
  if (headers.length === 0) return NO_HEADERS
  return headers.map(([name, value]) => [name === null ? '' : name.toString('utf8'), value])
}
