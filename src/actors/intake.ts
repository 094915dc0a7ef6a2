// An actor's intake: its inbounds as one. In any order it takes turns; in source order it merges them by sequence (O3).

import type { Cell } from '../kernel/cell.js'
import type { Inbound } from '../kernel/inbound.js'

/** Records taken from one inbound before the next has its turn. */
const TURN = 64

export class Intake {
  private readonly inbounds: readonly Inbound[]
  private readonly merged: boolean
  private current = 0
  private turn = 0
  /** Of the record that was looked at last. */
  private place = -1

  /** `merged`: keep source order over several inbounds, each of which is in source order. */
  constructor(inbounds: readonly Inbound[], merged: boolean) {
    this.inbounds = inbounds
    this.merged = merged && inbounds.length > 1
  }

  /** Gives the inbound whose next record is the next to take, or undefined for none now. */
  peek(): Inbound | undefined {
    if (this.merged) return this.lowest()
    const { inbounds } = this
    if (inbounds.length === 1) return inbounds[0].peek() ? inbounds[0] : undefined
    if (this.turn >= TURN) this.next()
    for (let tried = 0; tried < inbounds.length; tried++) {
      const inbound = inbounds[this.current]
      if (inbound.peek()) {
        // To look at one again that could not be taken is no turn: nothing may come of looking alone.
        if (inbound.position !== this.place) this.turn++
        this.place = inbound.position
        return inbound
      }
      this.next()
    }
    return undefined
  }

  /** The highest sequence (its low 32 bits) of which it is certain that nothing at or below it is still to be taken. */
  bound(): number {
    let bound = 0
    for (let i = 0; i < this.inbounds.length; i++) {
      const inbound = this.inbounds[i]
      // O3: the watermark first; what the tail shows after it can only be above it.
      const watermark = inbound.watermark()
      const own = inbound.peek() ? (inbound.peekSequence() - 1) | 0 : watermark
      if (i === 0 || ((own - bound) | 0) < 0) bound = own
    }
    return bound
  }

  /** Tells the cell that all that was taken is given to user code (H1). */
  gave(cell: Cell): void {
    for (let i = 0; i < this.inbounds.length; i++) cell.gave(this.inbounds[i])
  }

  /** Tells whether pins keep half of an inbound (M5). */
  get pinsTooMuch(): boolean {
    return this.inbounds.some((inbound) => inbound.pinnedBytes >= inbound.ring.capacity >> 1)
  }

  private next(): void {
    this.turn = 0
    this.current = this.current + 1 === this.inbounds.length ? 0 : this.current + 1
  }

  /** The inbound with the lowest next sequence, if no other inbound can undercut it any more. */
  private lowest(): Inbound | undefined {
    let lowest: Inbound | undefined
    let sequence = 0
    let bound = 0
    let bounded = false
    for (const inbound of this.inbounds) {
      const watermark = inbound.watermark()
      if (inbound.peek()) {
        const own = inbound.peekSequence()
        if (lowest === undefined || ((own - sequence) | 0) < 0) {
          lowest = inbound
          sequence = own
        }
      } else if (!bounded || ((watermark - bound) | 0) < 0) {
        bound = watermark
        bounded = true
      }
    }
    // All of a root takes one path, so another inbound may still be at the very sequence before it.
    return lowest !== undefined && bounded && ((sequence - bound) | 0) > 1 ? undefined : lowest
  }
}
