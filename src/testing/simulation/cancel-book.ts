// The model of cancellations (R5): a slot holds the last record that was cancelled there, until a record that belongs there is given.
// What it holds is not begun any more; and nobody hears of a cancellation that was none.

import { cancelSlotsFor } from '../../kernel/cancellation-memory.js'
import type { Giving } from './ledger-types.js'

export class CancelBook {
  private readonly slots = new Map<string, Giving>()
  private readonly positions = new Set<string>()
  private readonly count: number

  constructor(inFlightMax: number) {
    this.count = cancelSlotsFor(inFlightMax)
  }

  given(giving: Giving): void {
    this.slots.delete(this.slotOf(giving))
  }

  cancelled(giving: Giving): void {
    giving.wasCancelled = true
    this.positions.add(giving.position)
    this.slots.set(this.slotOf(giving), giving)
  }

  /** Tells whether no handler may be called for it. */
  holds(giving: Giving): boolean {
    return this.slots.get(this.slotOf(giving)) === giving
  }

  /**
   * Tells whether its record was ever cancelled. If so, and a thread dies before the nack is committed, what is left of a dead epoch may
   * be begun after all, when those behind it in its lane have been begun once.
   */
  wasEver({ position }: Giving): boolean {
    return this.positions.has(position)
  }

  /** Where there are several readers, each has a partition, and a ring. */
  private slotOf({ position }: Giving): string {
    const [partition, offset] = position.split(':')
    return `${partition}:${Number(offset) % this.count}`
  }
}
