// The consumer's end of a mailbox: reads ahead, settles in any order, releases contiguously.
// Writes: the consumer words of records, the release position. The cursor is published by the actor's commit.
//
//   release ≤ cursor ≤ next ≤ tail        released │ settled, not yet released │ read, some settled │ not read
//
// A record settled out of order is marked with the number of the commit that will publish it; the mark counts
// only if that commit was published (C3). A record settled in order needs no mark: the cursor passes it.

import { crashPoint } from './crash.js'
import type { Doorbell } from './doorbell.js'
import { assert } from './failure.js'
import {
  KIND,
  LENGTH,
  MARK_DOUBLE,
  RELEASE_WORD,
  SEQUENCE_DOUBLE,
  STATE,
  STATE_ALONE,
  STATE_BEGUN,
  STATE_DELIVERIES_SHIFT,
  STATE_SUSPECT,
  TAIL_WORD,
  TAP_WORD,
  WANTED_WORD,
  WATERMARK_WORD,
} from './layout.js'
import { type Mailbox, Ring } from './mailbox.js'
import type { Message } from './message.js'
import { PADDING_KIND } from './outbound.js'
import { fillTapBox, freeTapBox } from './tap.js'

export class Inbound {
  readonly ring: Ring
  /** Its number in its actor's cell, from 1. */
  number = 0
  /** Gives the signal of a message that lies here, where its consumer aborts any. */
  signalOf: ((message: Message) => AbortSignal) | undefined
  /** Everything below it is settled; the cell publishes it. */
  cursor: number
  private readonly producerBell: Doorbell
  private next: number
  private released: number
  private owesRing = false
  /** The published tail as it was last looked up: it only grows, so an old one is safe. */
  private tailSeen: number
  /** Positions of settled records whose bytes somebody still reads (M5); almost always empty. */
  private readonly pins: number[] = []

  constructor(mailbox: Mailbox) {
    this.ring = new Ring(mailbox.memory)
    this.producerBell = mailbox.producerBell
    this.released = Atomics.load(this.ring.words, RELEASE_WORD)
    this.cursor = this.next = this.tailSeen = this.released
  }

  /** Tells whether there is a record to read; `take` reads it. Padding and records settled already are passed over. */
  peek(): boolean {
    const { words } = this.ring
    for (;;) {
      if (this.next === this.tailSeen) {
        this.tailSeen = Atomics.load(words, TAIL_WORD)
        if (this.next === this.tailSeen) return false
      }
      const at = this.ring.wordAt(this.next)
      if ((words[at + KIND] & 0xff) !== PADDING_KIND && this.ring.doubles[(at >>> 1) + MARK_DOUBLE] === 0)
        return true
      this.skip(words[at + LENGTH])
    }
  }

  /**
   * Passes what is settled already: a predecessor may have settled it out of order. Before a commit, as nobody may have anything
   * to commit after it, and the producer may wait for these bytes.
   */
  pass(): void {
    const { words, doubles } = this.ring
    while (this.next !== this.tailSeen) {
      const at = this.ring.wordAt(this.next)
      if ((words[at + KIND] & 0xff) !== PADDING_KIND && doubles[(at >>> 1) + MARK_DOUBLE] === 0) return
      this.skip(words[at + LENGTH])
    }
  }

  /** Position of the record that `peek` found. */
  get position(): number {
    return this.next
  }

  /** Low 32 bits of the sequence of the record that `peek` found. */
  peekSequence(): number {
    return this.ring.doubles[(this.ring.wordAt(this.next) >>> 1) + SEQUENCE_DOUBLE] | 0
  }

  /** Visits the next records that are there, at most so many, without reading them; gives the position behind the last. */
  lookAhead(most: number, visit: (at: number) => void): number {
    const { ring } = this
    let position = this.next
    for (let i = 0; i < most && position !== this.tailSeen; i++) {
      const at = ring.wordAt(position)
      if ((ring.words[at + KIND] & 0xff) !== PADDING_KIND) visit(at)
      position = (position + ring.words[at + LENGTH]) | 0
    }
    return position
  }

  /** The order watermark. Read it before `peek` (O3). */
  watermark(): number {
    return Atomics.load(this.ring.words, WATERMARK_WORD)
  }

  /** Reads the record that `peek` found: it must be settled later. */
  take(): number {
    const position = this.next
    this.next = (position + this.ring.words[this.ring.wordAt(position) + LENGTH]) | 0
    return position
  }

  /** Takes `take` of the last record back. */
  untake(position: number): void {
    this.next = position
  }

  /** Counts everything below `tail` as taken: for an actor's mailbox to itself, whose records it knows when it claims them. */
  admit(tail: number): void {
    const idle = this.cursor === this.next
    this.next = this.tailSeen = tail
    if (idle) this.passSettled()
  }

  /** Settles a record that was taken; `commitNumber` is the number of the commit that will publish it. */
  settle(position: number, commitNumber: number): void {
    const { ring } = this
    const at = ring.wordAt(position)
    if (position !== this.cursor) {
      crashPoint('inbound.before-mark')
      ring.doubles[(at >>> 1) + MARK_DOUBLE] = commitNumber
      crashPoint('inbound.after-mark')
      return
    }
    this.cursor = (position + ring.words[at + LENGTH]) | 0
    if (this.cursor !== this.next) this.passSettled()
  }

  /** Keeps the bytes of a record after it is settled: somebody still reads them (M5). */
  pin(position: number): void {
    this.pins.push(position)
  }

  /** Takes `pin` back; `release` gives the bytes free. */
  unpin(position: number): void {
    const index = this.pins.indexOf(position)
    assert(index >= 0, 'only a pinned record can be unpinned')
    this.pins.splice(index, 1)
  }

  /** Bytes that are settled, and kept by pins. */
  get pinnedBytes(): number {
    return this.pins.length === 0 ? 0 : (this.cursor - this.lowestPin()) | 0
  }

  /** Gives the bytes below the published cursor, and below all pins, back to the producer (M5). */
  release(): void {
    const to = this.pins.length === 0 ? this.cursor : this.lowestPin()
    if (to === this.released) return
    const { words } = this.ring
    // Nearly always 0. After the store below these bytes may be written again.
    if (Atomics.load(words, TAP_WORD) > 0) fillTapBox(this.ring, this.released, to)
    if (fillReleased) this.fill(to)
    // For the producer, which loads the release position and then writes below it.
    Atomics.store(words, RELEASE_WORD, to)
    this.released = to
    this.owesRing = true
  }

  /** Wakes the producer, if it waits for bytes that were released since the last call. */
  wakeProducer(): void {
    if (!this.owesRing) return
    this.owesRing = false
    const { words } = this.ring
    if (Atomics.load(words, WANTED_WORD) === 1 && Atomics.exchange(words, WANTED_WORD, 0) === 1)
      this.producerBell.ring()
  }

  /**
   * Opens the mailbox as the successor of an actor that may have died at any store: goes to the cell's cursor, wipes the
   * marks of commits that were never published (C3), and turns what was in user code into suspects (H1): what says so itself,
   * and what lies below `given`.
   */
  recover(cursor: number, published: number, given: number, isBlamed: boolean): void {
    const { ring } = this
    this.cursor = this.next = cursor
    this.tailSeen = Atomics.load(ring.words, TAIL_WORD)
    for (let position = cursor; position !== this.tailSeen; ) {
      const at = ring.wordAt(position)
      if ((ring.words[at + KIND] & 0xff) !== PADDING_KIND) {
        crashPoint('inbound.recover-record')
        this.wipeLargerMark(at, published)
        this.suspectIfBegun(at, ((position - given) | 0) < 0, isBlamed)
      }
      position = (position + ring.words[at + LENGTH]) | 0
    }
    freeTapBox(ring)
    this.release()
    this.producerBell.signal()
  }

  /** H1: when the owner died, user code for this record was on its stack. */
  begin(cursor: number, position: number): void {
    const { words } = this.ring
    // What was parked by a commit that was never published is not there.
    const tail = Atomics.load(words, TAIL_WORD)
    if (((position - cursor) | 0) < 0 || ((position - tail) | 0) >= 0) return
    words[this.ring.wordAt(position) + STATE] |= STATE_BEGUN | STATE_ALONE
  }

  /** C3: a mark of a commit that was never published would count once a later commit has its number. */
  private wipeLargerMark(at: number, published: number): void {
    const { doubles } = this.ring
    if (doubles[(at >>> 1) + MARK_DOUBLE] > published) doubles[(at >>> 1) + MARK_DOUBLE] = 0
  }

  /** H1: in one store, so that it is counted once; a delivery counts only where the record was alone in user code. */
  private suspectIfBegun(at: number, wasGiven: boolean, isBlamed: boolean): void {
    const { words } = this.ring
    const state = words[at + STATE]
    const begun = STATE_BEGUN | STATE_ALONE
    const delivery = isBlamed && (state & begun) === begun ? 1 << STATE_DELIVERIES_SHIFT : 0
    if (wasGiven || state & STATE_BEGUN) words[at + STATE] = ((state & ~begun) | STATE_SUSPECT) + delivery
  }

  /** Moves the cursor over what needs no settling any more: padding, and records whose mark counts. */
  private passSettled(): void {
    const { words, doubles } = this.ring
    while (this.cursor !== this.next) {
      const at = this.ring.wordAt(this.cursor)
      if ((words[at + KIND] & 0xff) !== PADDING_KIND && doubles[(at >>> 1) + MARK_DOUBLE] === 0) return
      this.cursor = (this.cursor + words[at + LENGTH]) | 0
    }
  }

  private skip(length: number): void {
    const atCursor = this.cursor === this.next
    this.next = (this.next + length) | 0
    if (atCursor) this.cursor = this.next
  }

  private lowestPin(): number {
    let lowest = this.cursor
    for (const pin of this.pins) if (((pin - lowest) | 0) < 0) lowest = pin
    return lowest
  }

  private fill(to: number): void {
    for (let from = this.released; from !== to; ) {
      const at = this.ring.wordAt(from)
      const length = this.ring.words[at + LENGTH]
      this.ring.bytes.fill(0xdd, at * 4 + 8, at * 4 + length)
      from = (from + length) | 0
    }
  }
}

/** With MILLRACE_DEBUG=1, released bytes are filled: a handler that reads a value too late sees it at once. */
const fillReleased = process.env.MILLRACE_DEBUG === '1'
