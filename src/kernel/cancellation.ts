// Which records nobody waits for any more: written on the source's thread, read on every map thread.
// A ring of keys, by the low bits of the offset; 0 is none. A key is one store, so nobody sees half of one. The reader empties the
// slot of each record that it is given (R5): what is left of another never cancels it. A slot is not kept for its record, so a
// cancellation may come to nothing. Beside the ring: how often somebody cancelled, and how many signals each listener awaits.
// Where there are several readers each has a ring to itself, and the epoch of a record tells which is its own.

import { checkOffset, fixedSection, flagsAt, HAS_OFFSET, HAS_PARTITION, offsetHalves } from './codec.js'
import { readerOf } from './epoch.js'
import { CANCEL_AWAITED_WORD, CANCEL_COUNT_WORD, cancelRingByte, EPOCH } from './layout.js'
import type { Ring } from './mailbox.js'

/** Why a record that was cancelled is nacked. */
export const CANCELLED = 'cancelled: nobody waits for its answer'

export class Cancellation {
  private readonly words: Int32Array
  private readonly keys: BigInt64Array
  /** The halves of the keys. */
  private readonly halves: Int32Array
  private readonly mask: number
  private readonly readers: number
  private readonly reader: number

  /** `reader`: whose records are cancelled here, of so many `readers`; who only looks need not say. */
  constructor(memory: SharedArrayBuffer, listeners: number, readers = 1, reader = 0) {
    this.words = new Int32Array(memory)
    this.keys = new BigInt64Array(memory, cancelRingByte(listeners))
    this.halves = new Int32Array(memory, cancelRingByte(listeners))
    this.mask = this.keys.length / readers - 1
    this.readers = readers
    this.reader = reader
  }

  /** Says that nobody waits for a record. On the source's thread. Throws TypeError for what is no position. */
  cancel(partition: number, offset: bigint | number): void {
    checkOffset(offset)
    if ((partition | 0) !== partition)
      throw new TypeError(`a partition is an integer of 32 bits, not ${String(partition)}`)
    const lo = lowHalf(offset)
    Atomics.store(this.keys, this.slotOf(lo, this.reader), keyOf(partition, lo))
    // After the key: whoever sees that it has changed looks at the keys.
    Atomics.add(this.words, CANCEL_COUNT_WORD, 1)
  }

  /** R5: a record with this offset was given. On the source's thread. */
  clear(offset: bigint | number): void {
    const slot = this.slotOf(lowHalf(offset), this.reader)
    if (!this.isFree(slot)) Atomics.store(this.keys, slot, 0n)
  }

  /** Tells whether the record was cancelled. */
  isCancelled(ring: Ring, at: number): boolean {
    const flags = flagsAt(ring, at)
    if ((flags & HAS_OFFSET) === 0) return false
    const { words } = ring
    const lo = words[fixedSection(flags, at, HAS_OFFSET) >>> 2]
    const slot = this.slotOf(lo, readerOf(words[at + EPOCH], this.readers))
    if (this.isFree(slot)) return false
    const hasPartition = (flags & HAS_PARTITION) !== 0
    const partition = hasPartition ? words[fixedSection(flags, at, HAS_PARTITION) >>> 2] : 0
    return Atomics.load(this.keys, slot) === keyOf(partition, lo)
  }

  /** Changes with each cancellation. */
  get count(): number {
    return Atomics.load(this.words, CANCEL_COUNT_WORD)
  }

  /** Says how many signals a listener awaits. It must look for cancellations after it (W5). */
  awaits(listener: number, signals: number): void {
    Atomics.store(this.words, CANCEL_AWAITED_WORD + listener, signals)
  }

  /** Tells whether a listener is to be woken after a cancellation. */
  isAwaitedBy(listener: number): boolean {
    return Atomics.load(this.words, CANCEL_AWAITED_WORD + listener) !== 0
  }

  private slotOf(lo: number, reader: number): number {
    return reader * (this.mask + 1) + (lo & this.mask)
  }

  /** Most are: so no key is made to be compared with. */
  private isFree(slot: number): boolean {
    return (Atomics.load(this.halves, 2 * slot) | Atomics.load(this.halves, 2 * slot + 1)) === 0
  }
}

/** The lowest bit of an offset is known by its slot; here it says that the slot is not free. */
function keyOf(partition: number, lo: number): bigint {
  return (BigInt(partition) << 32n) | BigInt((lo | 1) >>> 0)
}

function lowHalf(offset: bigint | number): number {
  return typeof offset === 'number' ? offset | 0 : offsetHalves(offset)[0]
}
