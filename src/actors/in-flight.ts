// The in-flight table: what the reader knows of each root that is not settled yet.
// A root is complete when the XOR of the shares that came back equals its own (S2). The table keeps what is still missing.
//
// A ring of typed arrays holds the newest roots by sequence; the few that outlive a whole lap of it move to a map, so that
// one message held for an hour costs its own entry and nothing else. Sequences have no gap and only grow.

import { highHalf, offsetHalves } from '../kernel/codec.js'

/** An unsettled root that outlived a lap of the ring. */
type Straggler = {
  shareLo: number
  shareHi: number
  offsetLo: number
  offsetHi: number
  partition: number
  readAtMs: number
  nacked: boolean
}

const FREE = 0
const OPEN = 1
const OPEN_NACKED = 2

/** Where a completed root lay in its source, and how it fared: filled by `settle`. */
export type Completed = { offsetLo: number; offsetHi: number; partition: number; readAtMs: number; nacked: boolean }

export type SettleResult = 'open' | 'complete' | 'unknown'

export class InFlight {
  /** Roots that are not settled. */
  size = 0
  /** The root that `settle` completed last. */
  readonly completed: Completed = { offsetLo: 0, offsetHi: 0, partition: 0, readAtMs: 0, nacked: false }
  private base: number
  private next: number
  private readonly mask: number
  private readonly shareLo: Int32Array
  private readonly shareHi: Int32Array
  private readonly offsetLo: Int32Array
  private readonly offsetHi: Int32Array
  private readonly partition: Int32Array
  private readonly readAtMs: Float64Array
  private readonly state: Uint8Array
  private readonly stragglers = new Map<number, Straggler>()

  /** `capacity`: roots in the ring, a power of two; `nextSequence`: that of the first root. */
  constructor(capacity: number, nextSequence = 0) {
    this.mask = capacity - 1
    this.base = this.next = nextSequence
    this.shareLo = new Int32Array(capacity)
    this.shareHi = new Int32Array(capacity)
    this.offsetLo = new Int32Array(capacity)
    this.offsetHi = new Int32Array(capacity)
    this.partition = new Int32Array(capacity)
    this.readAtMs = new Float64Array(capacity)
    this.state = new Uint8Array(capacity)
  }

  /** Sequence of the next root. */
  get nextSequence(): number {
    return this.next
  }

  /** Adds the next root, with its share and its place in the source. */
  add(shareLo: number, shareHi: number, partition: number, offset: bigint | number, readAtMs: number): void {
    if (this.next - this.base > this.mask) this.makeRoom()
    const i = this.next & this.mask
    this.shareLo[i] = shareLo
    this.shareHi[i] = shareHi
    this.partition[i] = partition
    if (typeof offset === 'number') {
      this.offsetLo[i] = offset | 0
      this.offsetHi[i] = highHalf(offset)
    } else {
      const halves = offsetHalves(offset)
      this.offsetLo[i] = halves[0]
      this.offsetHi[i] = halves[1]
    }
    this.readAtMs[i] = readAtMs
    this.state[i] = OPEN
    this.next++
    this.size++
  }

  /** Takes one share of a root back. 'complete' when it was the last: then `completed` tells of the root. */
  settle(sequence: number, shareLo: number, shareHi: number, nack: boolean): SettleResult {
    if (sequence >= this.next) return 'unknown'
    if (sequence < this.base) return this.settleStraggler(sequence, shareLo, shareHi, nack)
    const i = sequence & this.mask
    if (this.state[i] === FREE) return 'unknown'
    this.shareLo[i] ^= shareLo
    this.shareHi[i] ^= shareHi
    if (nack) this.state[i] = OPEN_NACKED
    if ((this.shareLo[i] | this.shareHi[i]) !== 0) return 'open'
    this.fillCompleted(i)
    this.state[i] = FREE
    this.size--
    if (sequence === this.base) this.advance()
    return 'complete'
  }

  /** Calls `visit` for every unsettled root, lowest sequence first. */
  forEach(visit: (root: Completed, sequence: number) => void): void {
    for (const [sequence, straggler] of this.stragglers) visit(straggler, sequence)
    for (let sequence = this.base; sequence < this.next; sequence++) {
      const i = sequence & this.mask
      if (this.state[i] === FREE) continue
      this.fillCompleted(i)
      visit(this.completed, sequence)
    }
  }

  /** Tells of the unsettled root with the lowest sequence (the low watermark, R2); undefined for none. */
  lowest(): Completed | undefined {
    for (const straggler of this.stragglers.values()) return straggler
    if (this.base === this.next) return undefined
    this.fillCompleted(this.base & this.mask)
    return this.completed
  }

  private makeRoom(): void {
    const i = this.base & this.mask
    this.stragglers.set(this.base, {
      shareLo: this.shareLo[i],
      shareHi: this.shareHi[i],
      offsetLo: this.offsetLo[i],
      offsetHi: this.offsetHi[i],
      partition: this.partition[i],
      readAtMs: this.readAtMs[i],
      nacked: this.state[i] === OPEN_NACKED,
    })
    this.state[i] = FREE
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
    while (this.base < this.next && this.state[this.base & this.mask] === FREE) this.base++
  }

  private fillCompleted(i: number): void {
    const { completed } = this
    completed.offsetLo = this.offsetLo[i]
    completed.offsetHi = this.offsetHi[i]
    completed.partition = this.partition[i]
    completed.readAtMs = this.readAtMs[i]
    completed.nacked = this.state[i] === OPEN_NACKED
  }
}
