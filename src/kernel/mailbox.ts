// A mailbox: a single-producer single-consumer ring in shared memory that outlives both of its actors (M1).
// A record is in it from its producer's commit until its consumer has settled it and nobody reads it any more.
// This file makes the memory and the views; outbound.ts is the producer's end, inbound.ts the consumer's.

import type { Doorbell } from './doorbell.js'
import { assert } from './failure.js'
import {
  alignUp,
  CAPACITY_BYTES_MAX,
  MAILBOX_HEADER_BYTES,
  RECORD_HEADER_BYTES,
  RELEASE_WORD,
  TAIL_WORD,
  WATERMARK_WORD,
} from './layout.js'

/** Room for keys, headers and the like of one message, beside its value. */
export const META_BYTES_MAX = 128 * 1024

/** A mailbox's memory, and the bells of the threads at its two ends. */
export type Mailbox = { memory: SharedArrayBuffer; producerBell: Doorbell; consumerBell: Doorbell }

/**
 * Gives the capacity for messages of up to `messageBytes`: a power of two, at least twice the largest record, so that
 * an empty ring takes any record even behind its padding (M3).
 */
export function capacityFor(messageBytes: number): number {
  let capacity = 1024
  while (capacity < 2 * alignUp(RECORD_HEADER_BYTES + META_BYTES_MAX + messageBytes, 8)) capacity *= 2
  return capacity
}

/** Makes the memory of an empty mailbox; `start` is the position of its first record (tests begin near the wrap). */
export function createMailboxMemory(capacityBytes: number, start = 0, sequence = 0): SharedArrayBuffer {
  assert(
    capacityBytes >= 64 && capacityBytes <= CAPACITY_BYTES_MAX && (capacityBytes & (capacityBytes - 1)) === 0,
    `a mailbox's capacity is a power of two up to 2^30, not ${capacityBytes}`,
  )
  assert(start % 8 === 0, `a position is a multiple of 8, not ${start}`)
  const memory = new SharedArrayBuffer(MAILBOX_HEADER_BYTES + capacityBytes)
  const words = new Int32Array(memory)
  words[TAIL_WORD] = start
  words[RELEASE_WORD] = start
  words[WATERMARK_WORD] = sequence
  return memory
}

/** Typed views of one mailbox's memory. Word, double and byte indices count from the start of the memory. */
export class Ring {
  readonly memory: SharedArrayBuffer
  readonly capacity: number
  readonly words: Int32Array
  readonly doubles: Float64Array
  readonly bytes: Buffer
  private readonly mask: number

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.capacity = memory.byteLength - MAILBOX_HEADER_BYTES
    this.mask = this.capacity - 1
    this.words = new Int32Array(memory)
    this.doubles = new Float64Array(memory)
    this.bytes = Buffer.from(memory)
  }

  /** Gives the byte index of a position. */
  byteAt(position: number): number {
    return MAILBOX_HEADER_BYTES + (position & this.mask)
  }

  /** Gives the word index of a position. */
  wordAt(position: number): number {
    return this.byteAt(position) >>> 2
  }

  /** Gives the bytes from a position to the end of its lap. */
  lapLeft(position: number): number {
    return this.capacity - (position & this.mask)
  }
}
