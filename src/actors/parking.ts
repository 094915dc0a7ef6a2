// Parking (P1): where a message waits that would pin its mailbox. It is a mailbox from the actor to itself, both ends in its own
// commit cell: so moving a record here, and settling it where it came from, is one commit, and survives the actor's death.
// Records leave in any order; their order in the ring is the order of arrival.

import { copy, FULL } from '../kernel/codec.js'
import type { Inbound } from '../kernel/inbound.js'
import { ATTEMPT, DUE_DOUBLE, KIND, SHARE_HI, SHARE_LO, STATE, STATE_BEGUN } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'

export class Parking {
  readonly inbound: Inbound
  private readonly outbound: Outbound
  private count = 0
  private refused = false

  /** The two ends of one mailbox. */
  constructor(inbound: Inbound, outbound: Outbound) {
    this.inbound = inbound
    this.outbound = outbound
  }

  /** Copies a message here, with its state; gives the copy, or undefined when it is full. The caller settles the original. */
  put(message: Message): Message | undefined {
    const from = message.inbound.ring
    const { at } = message
    const to = copy(
      this.outbound,
      from.words[at + KIND],
      from,
      at,
      from.words[at + SHARE_LO],
      from.words[at + SHARE_HI],
      undefined,
      0,
    )
    this.refused = to === FULL
    if (to === FULL) return undefined
    this.count++
    const { ring } = this.outbound
    ring.words[to + STATE] = from.words[at + STATE] & ~STATE_BEGUN
    ring.words[to + ATTEMPT] = from.words[at + ATTEMPT]
    ring.doubles[(to >>> 1) + DUE_DOUBLE] = from.doubles[(at >>> 1) + DUE_DOUBLE]
    const parked = new Message(this.inbound, this.outbound.positionOf(to))
    this.inbound.admit(this.outbound.tail)
    return parked
  }

  /** Tells whether the last message found no room, and those that are here will make some. */
  get full(): boolean {
    return this.refused && this.count > 0
  }

  /** A message that lies here is settled. */
  leave(): void {
    this.count--
    this.refused = false
  }

  /** Tells whether a message lies here. */
  holds(message: Message): boolean {
    return message.inbound === this.inbound
  }

  /** Gives all messages that a predecessor left here, oldest first. */
  recover(): Message[] {
    const messages: Message[] = []
    while (this.inbound.peek()) messages.push(new Message(this.inbound, this.inbound.take()))
    this.count = messages.length
    return messages
  }
}
