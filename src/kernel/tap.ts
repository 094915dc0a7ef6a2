// A tap: copies of some of the records of a mailbox, for the main thread. Nobody waits for it, and it keeps nothing back (M5).
// What lies in the mailbox it copies in place, and throws away what was released meanwhile. What is settled as soon as it comes
// is never seen there: so it asks for copies, and the consumer puts some of what it releases into the mailbox's box.
//
//   tap  > 0: so many copies are wanted    BUSY: the consumer writes into the box    FULL: the box is the tap's    0: no tap
//   box  used (words, these two included), then records: position, bytes, the record as far as it is copied, padded to 8

import { assert } from './failure.js'
import {
  alignUp,
  KIND,
  LENGTH,
  META_BYTES,
  RECORD_HEADER_BYTES,
  RELEASE_WORD,
  TAIL_WORD,
  TAP_BOX_BYTE,
  TAP_BOX_BYTES,
  TAP_CUT_WORD,
  TAP_WORD,
  VALUE_BYTES,
} from './layout.js'
import { createMailboxMemory, Ring } from './mailbox.js'
import { PADDING_KIND } from './outbound.js'

const FULL = -1
const BUSY = -2
const BOX_WORD = TAP_BOX_BYTE >>> 2
const BOX_END_WORD = (TAP_BOX_BYTE + TAP_BOX_BYTES) >>> 2
/** Of the box, and of each record in it. */
const HEAD_WORDS = 2
/** What an empty box can hold of a record. */
const COPY_BYTES_MAX = TAP_BOX_BYTES - 2 * HEAD_WORDS * 4
const SCRATCH_BYTES = 2 ** Math.ceil(Math.log2(COPY_BYTES_MAX))
const PADDING_BYTES = 8

/** A copy of a record: `at` is its first word in `ring`; where `bytes` is less than its length, its end is not there. */
export type TappedRecord = { readonly ring: Ring; readonly at: number; position: number; bytes: number }

/** Copies what is wanted of the records from `from` to `to` into the box: for the consumer, before it releases them. */
export function fillTapBox(ring: Ring, from: number, to: number): void {
  const { words, bytes } = ring
  const wanted = Atomics.load(words, TAP_WORD)
  if (wanted <= 0 || Atomics.compareExchange(words, TAP_WORD, wanted, BUSY) !== wanted) return
  let box = BOX_WORD + words[BOX_WORD]
  let left = wanted
  for (let position = from; position !== to && left > 0; ) {
    const at = ring.wordAt(position)
    if (!isPadding(ring, at)) {
      const copied = copyBytesOf(ring, at, words[TAP_CUT_WORD])
      const next = box + HEAD_WORDS + (alignUp(copied, 8) >>> 2)
      if (next > BOX_END_WORD) left = 1
      else {
        words[box] = position
        words[box + 1] = copied
        bytes.copyWithin((box + HEAD_WORDS) * 4, at * 4, at * 4 + copied)
        box = next
        words[BOX_WORD] = box - BOX_WORD
      }
      left--
    }
    position = (position + words[at + LENGTH]) | 0
  }
  // For the tap, which takes the word and then reads the box.
  Atomics.store(words, TAP_WORD, left === 0 ? FULL : left)
}

/** Gives a box back that a consumer was at when it died: for its successor. What is said to be used of it is whole. */
export function freeTapBox({ words }: Ring): void {
  Atomics.compareExchange(words, TAP_WORD, BUSY, FULL)
}

export class Tap {
  /** Bytes of records that went by unseen. */
  missedBytes = 0
  private readonly ring: Ring
  private readonly copy: TappedRecord
  private readonly fence = new Int32Array(new SharedArrayBuffer(4))
  /** Position behind the last record that was seen. */
  private next: number

  /** Begins with what lies in the mailbox. There may be one tap of a mailbox at a time. */
  constructor(memory: SharedArrayBuffer) {
    this.ring = new Ring(memory)
    const scratch = new Ring(createMailboxMemory(SCRATCH_BYTES))
    this.copy = { ring: scratch, at: scratch.wordAt(0), position: 0, bytes: 0 }
    this.next = Atomics.load(this.ring.words, RELEASE_WORD)
  }

  /**
   * Visits up to `most` records that were not seen yet, in their order, with up to `valueBytes` of each value, and asks for copies
   * of as many: of none, where `most` is 0. What is given to `see` is valid until it returns.
   */
  visit(most: number, valueBytes: number, see: (record: TappedRecord) => void): void {
    const { words } = this.ring
    const isMine = this.takeBox()
    const seen = isMine ? this.visitBox(most, see) : 0
    this.visitInPlace(most - seen, valueBytes, see)
    if (!isMine) return
    words[BOX_WORD] = HEAD_WORDS
    words[TAP_CUT_WORD] = valueBytes
    // For the consumer, which loads it and then writes into the box.
    Atomics.store(words, TAP_WORD, most)
  }

  /** Asks for no more copies. A consumer that is at it now may leave some, for nobody: they end when the box is full. */
  close(): void {
    if (this.takeBox()) Atomics.store(this.ring.words, TAP_WORD, 0)
  }

  /** Takes the box, unless the consumer is at it just now. */
  private takeBox(): boolean {
    const { words } = this.ring
    const now = Atomics.load(words, TAP_WORD)
    // From 0: nothing was ever put into it, or nothing since `close`.
    if (now === 0) words[BOX_WORD] = HEAD_WORDS
    return now === FULL || (now !== BUSY && Atomics.compareExchange(words, TAP_WORD, now, FULL) === now)
  }

  private visitBox(most: number, see: (record: TappedRecord) => void): number {
    const { words } = this.ring
    const end = BOX_WORD + words[BOX_WORD]
    let seen = 0
    for (let box = BOX_WORD + HEAD_WORDS; box < end && seen < most; ) {
      const [position, bytes] = [words[box], words[box + 1]]
      const at = box + HEAD_WORDS
      box = at + (alignUp(bytes, 8) >>> 2)
      // Or it was seen in place already.
      if (((position - this.next) | 0) < 0) continue
      this.take(at, position, bytes)
      this.passTo(position)
      this.next = (position + words[at + LENGTH]) | 0
      see(this.copy)
      seen++
    }
    return seen
  }

  private visitInPlace(most: number, valueBytes: number, see: (record: TappedRecord) => void): void {
    const { ring, copy } = this
    this.catchUp()
    const tail = Atomics.load(ring.words, TAIL_WORD)
    for (let left = most; left > 0 && this.next !== tail; ) {
      const length = this.copyInPlace(this.next, valueBytes)
      // Overtaken: so the mailbox is busy, and there will be others.
      if (!this.isHeld(this.next)) return
      assert(length >= PADDING_BYTES && length <= ((tail - this.next) | 0), 'what is published is whole')
      this.next = (this.next + length) | 0
      if (isPadding(copy.ring, copy.at)) continue
      see(copy)
      left--
    }
  }

  /** Goes to the first record that is not released, where it is not ahead of that. */
  private catchUp(): void {
    const { words } = this.ring
    const release = Atomics.load(words, RELEASE_WORD)
    const ahead = (this.next - release) | 0
    if (ahead >= 0 && ahead <= ((Atomics.load(words, TAIL_WORD) - release) | 0)) return
    this.passTo(release)
    this.next = release
  }

  /** Copies what is there now, whatever it is; gives its length. */
  private copyInPlace(position: number, valueBytes: number): number {
    const { ring } = this
    const at = ring.wordAt(position)
    const length = ring.words[at + LENGTH]
    this.take(at, position, Math.min(copyBytesOf(ring, at, valueBytes), ring.lapLeft(position)))
    return length
  }

  private take(at: number, position: number, bytes: number): void {
    const { ring, copy } = this
    copy.ring.bytes.set(new Uint8Array(ring.memory, at * 4, bytes), copy.at * 4)
    copy.position = position
    copy.bytes = bytes
  }

  /** Tells whether what lies at a position was not released until now: then what was copied is what was published there. */
  private isHeld(position: number): boolean {
    // No read above may be done after the load below: a load alone does not see to that on every processor.
    Atomics.add(this.fence, 0, 1)
    return ((position - Atomics.load(this.ring.words, RELEASE_WORD)) | 0) >= 0
  }

  private passTo(position: number): void {
    this.missedBytes += Math.max(0, (position - this.next) | 0)
  }
}

/** How much of a record is copied: what lies beside its value, and so much of that. Whatever the words say, no more than fits. */
function copyBytesOf(ring: Ring, at: number, valueBytes: number): number {
  if (isPadding(ring, at)) return PADDING_BYTES
  const { words } = ring
  const bytes = RECORD_HEADER_BYTES + words[at + META_BYTES] + Math.min(valueBytes, words[at + VALUE_BYTES])
  return Math.max(RECORD_HEADER_BYTES, Math.min(bytes, words[at + LENGTH], COPY_BYTES_MAX))
}

function isPadding({ words }: Ring, at: number): boolean {
  return (words[at + KIND] & 0xff) === PADDING_KIND
}
