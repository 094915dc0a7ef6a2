// The producer's end of a mailbox. Writes: records above the published tail, the tail, the watermark, `wanted`.
// What is claimed lies above the published tail until the actor's commit publishes it as a whole (M2, C1).

import type { Doorbell } from './doorbell.js'
import { assert } from './failure.js'
import { KIND, LENGTH, RELEASE_WORD, TAIL_WORD, WANTED_WORD, WATERMARK_WORD } from './layout.js'
import { type Mailbox, Ring } from './mailbox.js'

export const PADDING_KIND = 0
/** A signal costs as much as hundreds of messages: a busy producer wakes a parked consumer once for so many bytes. */
const RING_BYTES = 64 * 1024

export class Outbound {
  readonly ring: Ring
  /** Position after the last record that was claimed; the cell publishes it. */
  tail: number
  private readonly producerBell: Doorbell
  private readonly consumerBell: Doorbell
  private published: number
  /** Where the tail was when the consumer was last woken. */
  private rung: number
  private owesRing = false
  private stopped = false
  private watermark: number
  /** The release position as it was last looked up: it only grows, so an old one is safe. */
  private releaseSeen: number

  constructor(mailbox: Mailbox) {
    this.ring = new Ring(mailbox.memory)
    this.producerBell = mailbox.producerBell
    this.consumerBell = mailbox.consumerBell
    this.tail = this.published = this.rung = Atomics.load(this.ring.words, TAIL_WORD)
    this.releaseSeen = Atomics.load(this.ring.words, RELEASE_WORD)
    this.watermark = Atomics.load(this.ring.words, WATERMARK_WORD)
  }

  /** Reserves a record of `length` bytes (a multiple of 8); gives its first word, or -1 when the mailbox is full. */
  claim(length: number): number {
    const { ring } = this
    const lapLeft = ring.lapLeft(this.tail)
    const wanted = length <= lapLeft ? length : length + lapLeft
    if (!this.hasFree(wanted)) return -1
    if (length > lapLeft) {
      const at = ring.wordAt(this.tail)
      ring.words[at + LENGTH] = lapLeft
      ring.words[at + KIND] = PADDING_KIND
      this.tail = (this.tail + lapLeft) | 0
    }
    const at = ring.wordAt(this.tail)
    this.tail = (this.tail + length) | 0
    return at
  }

  /** Gives the position of the record that was claimed last. */
  positionOf(at: number): number {
    return (this.tail - this.ring.words[at + LENGTH]) | 0
  }

  /** Takes back everything claimed since the tail was at `position`: nobody has seen it. */
  abort(position: number): void {
    assert(((position - this.published) | 0) >= 0, 'a published record cannot be aborted')
    this.tail = position
  }

  /** Tells whether the mailbox holds nothing, published or not: then a record that does not fit now never will. */
  get empty(): boolean {
    this.releaseSeen = Atomics.load(this.ring.words, RELEASE_WORD)
    return this.tail === this.releaseSeen
  }

  /** Looks what the consumer has released. */
  look(): void {
    this.releaseSeen = Atomics.load(this.ring.words, RELEASE_WORD)
  }

  /** Bytes that are claimed, or were still the consumer's at the last look. */
  get heldBytes(): number {
    return (this.tail - this.releaseSeen) | 0
  }

  /** Bytes that are neither claimed nor still the consumer's. */
  get freeBytes(): number {
    this.look()
    return this.ring.capacity - this.heldBytes
  }

  /**
   * Asks the consumer to ring when it releases bytes. What it released just before, it did not ring for: then this thread rings
   * its own bell, as the step that found no room may be the last one before the wait (W2).
   */
  want(): void {
    Atomics.store(this.ring.words, WANTED_WORD, 1)
    const seen = this.releaseSeen
    this.releaseSeen = Atomics.load(this.ring.words, RELEASE_WORD)
    if (this.releaseSeen !== seen) this.producerBell.ring()
  }

  /** Publishes the tail and the order watermark that the actor's commit made true. `wakeConsumer` is owed. */
  publish(watermark: number): void {
    if (this.tail === this.published && watermark === this.watermark) return
    if (this.tail !== this.published) {
      // M2: for the consumer, which loads the tail and then reads the records below it.
      Atomics.store(this.ring.words, TAIL_WORD, this.tail)
      this.published = this.tail
    }
    if (watermark !== this.watermark) {
      // O3: after the tail, for a consumer that reads the watermark first.
      Atomics.store(this.ring.words, WATERMARK_WORD, watermark)
      this.watermark = watermark
    }
    this.owesRing = true
    // A consumer that sleeps over this much wakes at once, to work beside the producer.
    if (((this.tail - this.rung) | 0) >= RING_BYTES) this.wakeConsumer()
  }

  /** Wakes the consumer if it is parked and something was published since the last call (W2). */
  wakeConsumer(): void {
    if (!this.owesRing) return
    this.owesRing = false
    this.rung = this.tail
    this.consumerBell.ring()
  }

  /** Copies what the cell says again, as the successor of an actor that died in between, and wakes the consumer. */
  recover(tail: number, watermark: number): void {
    Atomics.store(this.ring.words, TAIL_WORD, tail)
    Atomics.store(this.ring.words, WATERMARK_WORD, watermark)
    this.tail = this.published = this.rung = tail
    this.watermark = watermark
    this.consumerBell.signal()
  }

  /**
   * Tells whether so many bytes are free. The shared word is looked up only when the old one does not suffice. A producer that
   * was stopped goes on when there is room for many records: a few at a time would cost a wake-up each.
   */
  private hasFree(bytes: number): boolean {
    const { capacity } = this.ring
    if (!this.stopped && bytes <= capacity - ((this.tail - this.releaseSeen) | 0)) return true
    this.releaseSeen = Atomics.load(this.ring.words, RELEASE_WORD)
    const free = capacity - ((this.tail - this.releaseSeen) | 0)
    this.stopped = bytes > free || (this.stopped && free < capacity >> 2)
    return !this.stopped
  }
}
