// What a fetch gave of one partition, as a batch of the seam: without control records, without those of aborted transactions,
// and without those before the position, which come along where they lie in one compressed batch.

import type { RawBatch, RawRecord } from '../driver.js'
import { type Decompress, type ReadBatch, readBatches } from '../read-records.js'
import type { FetchedPartition } from './fetch-response.js'

const ABORT = 0

type Place = Pick<RawBatch, 'topic' | 'partition' | 'generation' | 'fetchOffset'>

/** Undefined where there is nothing. `hasRoom`: more may be decompressed. */
export function fetchedBatch(
  place: Place,
  fetched: FetchedPartition,
  decompress: Decompress,
  hasRoom: () => boolean,
): RawBatch | undefined {
  const aborted = new Aborted(fetched)
  const records: RawRecord[] = []
  let nextOffset = place.fetchOffset
  for (const batch of readBatches(fetched.records, decompress)) {
    // The rest is fetched again.
    if (!hasRoom()) break
    const { length } = records
    try {
      if (aborted.lets(batch)) batch.addTo(records, place.fetchOffset)
    } catch (error) {
      if (nextOffset === place.fetchOffset) throw error
      // What is before it is read, and the next fetch begins at it.
      records.length = length
      break
    }
    if (batch.lastOffset >= nextOffset) nextOffset = batch.lastOffset + 1n
  }
  if (nextOffset === place.fetchOffset) return undefined
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
    this.#coming = [...abortedTransactions].sort(byOffset)
  }

  lets(batch: ReadBatch): boolean {
    const { producerId } = batch
    while (this.#coming.length > 0 && this.#coming[0].firstOffset <= batch.lastOffset)
      this.#open.add((this.#coming.shift() as { producerId: bigint }).producerId)
    if (batch.isControl) {
      if (markerOf(batch) === ABORT) this.#open.delete(producerId)
      return false
    }
    return !batch.isTransactional || !this.#open.has(producerId)
  }
}

/** Its key: version and kind, 16 bits each. */
function markerOf(batch: ReadBatch): number | undefined {
  const records: RawRecord[] = []
  batch.addTo(records, batch.firstOffset)
  return records[0]?.key?.readInt16BE(2)
}
