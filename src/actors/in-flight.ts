// The in-flight table: what the reader knows of each root that is not settled yet.
// A root is complete when the XOR of the shares that came back equals its own (S2). The table keeps what is still missing.
//
// A ring of typed arrays holds the newest roots by sequence; the few that outlive a whole lap of it move to a map, so that
// one message held for an hour costs its own entry and nothing else. Sequences have no gap and only grow.

import { highHalf, offsetHalves } from '../kernel/codec.js'

const FREE = 0
const OPEN = 1
const OPEN_NACKED = 2

// An entry's words, and its one double, counted from its first.
const ENTRY_WORDS = 8
const SHARE_LO = 0
const SHARE_HI = 1
const OFFSET_LO = 2
const OFFSET_HI = 3
const PARTITION = 4
const STATE = 5
const READ_AT_DOUBLE = 3

/** Where a completed root lay in its source, and how it fared: filled by `settle`. */
export type Completed = {
  offsetLo: number
  offsetHi: number
  partition: number
  readAtMs: number
  nacked: boolean
}

/** An unsettled root that outlived a lap of the ring. */
type Straggler = Completed & { shareLo: number; shareHi: number }

export type SettleResult = 'open' | 'complete' | 'unknown'

export class InFlight {
  /** Roots that are not settled. */
  size = 0
  /** The root that `settle` completed last. */
  readonly completed: Completed = { offsetLo: 0, offsetHi: 0, partition: 0, readAtMs: 0, nacked: false }
  private base: number
  private next: number
  private readonly mask: number
  /** Entries of 32 bytes: share, offset, partition, state (words), time of reading (double). */
  private readonly words: Int32Array
  private readonly doubles: Float64Array
  private readonly stragglers = new Map<number, Straggler>()

  /** `capacity`: roots in the ring, a power of two; `nextSequence`: that of the first root. */
  constructor(capacity: number, nextSequence = 0) {
    this.mask = capacity - 1
    this.base = this.next = nextSequence
    this.words = new Int32Array(capacity * ENTRY_WORDS)
    this.doubles = new Float64Array(this.words.buffer)
  }

  /** Sequence of the next root. */
  get nextSequence(): number {
    return this.next
  }

  /** Adds the next root, with its share and its place in the source. */
  add(shareLo: number, shareHi: number, partition: number, offset: bigint | number, readAtMs: number): void {
    if (this.next - this.base > this.mask) this.makeRoom()
    const i = this.entry(this.next)
    const { words } = this
    words[i + SHARE_LO] = shareLo
    words[i + SHARE_HI] = shareHi
    words[i + PARTITION] = partition
    if (typeof offset === 'number') {
      words[i + OFFSET_LO] = offset | 0
      words[i + OFFSET_HI] = highHalf(offset)
    } else {
      const halves = offsetHalves(offset)
      words[i + OFFSET_LO] = halves[0]
      words[i + OFFSET_HI] = halves[1]
    }
    this.doubles[(i >>> 1) + READ_AT_DOUBLE] = readAtMs
    words[i + STATE] = OPEN
    this.next++
    this.size++
  }

  /** Takes one share of a root back. 'complete' when it was the last: then `completed` tells of the root. */
  settle(sequence: number, shareLo: number, shareHi: number, nack: boolean): SettleResult {
    if (sequence >= this.next) return 'unknown'
    if (sequence < this.base) return this.settleStraggler(sequence, shareLo, shareHi, nack)
    const { words } = this
    const i = this.entry(sequence)
    if (words[i + STATE] === FREE) return 'unknown'
    const lo = words[i + SHARE_LO] ^ shareLo
    const hi = words[i + SHARE_HI] ^ shareHi
    if (nack) words[i + STATE] = OPEN_NACKED
    if ((lo | hi) !== 0) {
      words[i + SHARE_LO] = lo
      words[i + SHARE_HI] = hi
      return 'open'
    }
    this.fillCompleted(i)
    words[i + STATE] = FREE
    this.size--
    if (sequence === this.base) this.advance()
    return 'complete'
  }

  /** Calls `visit` for every unsettled root, lowest sequence first. */
  forEach(visit: (root: Completed, sequence: number) => void): void {
    for (const [sequence, straggler] of this.stragglers) visit(straggler, sequence)
    for (let sequence = this.base; sequence < this.next; sequence++) {
      const i = this.entry(sequence)
      if (this.words[i + STATE] === FREE) continue
      this.fillCompleted(i)
      visit(this.completed, sequence)
    }
  }

  /** Tells of the unsettled root with the lowest sequence (the low watermark, R2); undefined for none. */
  lowest(): Completed | undefined {
    for (const straggler of this.stragglers.values()) return straggler
    if (this.base === this.next) return undefined
    this.fillCompleted(this.entry(this.base))
    return this.completed
  }

  private makeRoom(): void {
    const i = this.entry(this.base)
    this.fillCompleted(i)
    const shareLo = this.words[i + SHARE_LO]
    const shareHi = this.words[i + SHARE_HI]
    this.stragglers.set(this.base, { ...this.completed, shareLo, shareHi })
    this.words[i + STATE] = FREE
    this.advance()
  }

  private settleStraggler(sequence: number, shareLo: number, shareHi: number, nack: boolean): SettleResult {
    const straggler = this.stragglers.get(sequence)
    if (straggler === undefined) return 'unknown'
    straggler.shareLo ^= shareLo
    straggler.shareHi ^= shareHi
    if (nack) straggler.nacked = true
    if ((straggler.shareLo | straggler.shareHi) !== 0) return 'open'
    Object.assign(this.completed, straggler)
    this.stragglers.delete(sequence)
    this.size--
    return 'complete'
  }

  private advance(): void {
    while (this.base < this.next && this.words[this.entry(this.base) + STATE] === FREE) this.base++
  }

  private fillCompleted(i: number): void {
    const { completed } = this
    const { words } = this
    completed.offsetLo = words[i + OFFSET_LO]
    completed.offsetHi = words[i + OFFSET_HI]
    completed.partition = words[i + PARTITION]
    completed.readAtMs = this.doubles[(i >>> 1) + READ_AT_DOUBLE]
    completed.nacked = words[i + STATE] === OPEN_NACKED
  }

  /** First word of a root's entry. */
  private entry(sequence: number): number {
    return (sequence & this.mask) * ENTRY_WORDS
  }
}
