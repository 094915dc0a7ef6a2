// The watchdog: tells how long a thread's loop has been stuck in one call of user code, seen from another thread (H2).
// It counts what it has seen itself, look by look: a process that was stopped for a minute has nobody stuck in it.

import { callOf } from './cell.js'
import type { Pulse } from './pulse.js'

export class Watchdog {
  private readonly pulse: Pulse
  private readonly cells: readonly SharedArrayBuffer[]
  private seen = ''
  private seenMs = 0
  private stuckMs = 0

  /** The pulse of a thread, and the cells of its actors. */
  constructor(pulse: Pulse, cells: readonly SharedArrayBuffer[]) {
    this.pulse = pulse
    this.cells = cells
  }

  /** Looks, at least each `everyMs`; gives for how long nothing has moved. */
  look(nowMs: number, everyMs: number): number {
    const now = `${this.pulse.turns} ${this.cells.map(callOf).join(' ')}`
    if (now === this.seen) this.stuckMs += Math.min(nowMs - this.seenMs, 2 * everyMs)
    else this.stuckMs = 0
    this.seen = now
    this.seenMs = nowMs
    return this.stuckMs
  }
}
