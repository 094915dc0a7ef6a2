// Which of several outbounds a message without a lane takes: all in turn, but for those whose consumer lags far behind the
// others, as one whose thread is being started again does.

import type { Outbound } from '../kernel/outbound.js'

/** So much more than the one that holds least is no lag. */
const SLACK_BYTES = 128 * 1024

export class Spread {
  private readonly outbounds: readonly Outbound[]
  private readonly ready: Outbound[] = []

  constructor(outbounds: readonly Outbound[]) {
    this.outbounds = outbounds
    this.look()
  }

  /** Looks who lags; to be called once for many messages. */
  look(): void {
    const { outbounds, ready } = this
    let least = Number.POSITIVE_INFINITY
    for (const { ring, freeBytes } of outbounds) least = Math.min(least, ring.capacity - freeBytes)
    ready.length = 0
    for (const out of outbounds) {
      if (out.ring.capacity - out.freeBytes <= 2 * least + SLACK_BYTES) ready.push(out)
    }
  }

  /** Gives the outbound for the next message. */
  pick(sequence: number): Outbound {
    return this.ready[sequence % this.ready.length]
  }
}
