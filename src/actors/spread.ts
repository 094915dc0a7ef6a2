// Which of several outbounds a message without a lane takes: the one that holds least. So all consumers end about together, however
// slow one is, and one whose thread is being started again gets nothing until the others have as much to do.

import type { Outbound } from '../kernel/outbound.js'

export class Spread {
  private readonly outbounds: readonly Outbound[]

  constructor(outbounds: readonly Outbound[]) {
    this.outbounds = outbounds
  }

  /** Looks what the consumers have released; to be called once for many messages. */
  look(): void {
    for (const out of this.outbounds) out.look()
  }

  /** Gives the outbound for the next message; of those that hold the same, each in turn. */
  pick(sequence: number): Outbound {
    const { outbounds } = this
    let least = outbounds[sequence % outbounds.length]
    for (const out of outbounds) if (out.heldBytes < least.heldBytes) least = out
    return least
  }

  /** Asks all consumers to ring: whichever releases bytes first, the next message may go there. */
  want(): void {
    for (const out of this.outbounds) out.want()
  }
}
