// Parking (P1): where a message waits that would pin its mailbox. It is a mailbox from the actor to itself, both ends in its own
// commit cell: so moving a record here, and settling it where it came from, is one commit, and survives the actor's death.
// Records leave in any order; their order in the ring is the order of arrival (P2). One that waits for long would pin what was
// behind it, so now and then all that wait are copied behind the tail, in their order and in one commit: as a log is compacted.

import { copy, FULL } from '../kernel/codec.js'
import { crashPoint } from '../kernel/crash.js'
import { assert } from '../kernel/failure.js'
import type { Inbound } from '../kernel/inbound.js'
import { ATTEMPT, DUE_DOUBLE, KIND, LENGTH, SHARE_HI, SHARE_LO, STATE } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'
import { stateOfCopy } from '../kernel/suspicion.js'

/** Who waits here. */
export interface Tenant {
  /** Where the message lies now: parking moves it. */
  message: Message
  /** True while somebody may read it where it lies. */
  readonly isFixed: boolean
}

export class Parking<T extends Tenant = Tenant> {
  readonly inbound: Inbound
  private readonly outbound: Outbound
  /** In the order of the ring. */
  private readonly tenants = new Set<T>()
  private liveBytes = 0
  /** Bytes of those that have left since the last compaction. */
  private leftBytes = 0
  private largestBytes = 0
  private refused = false
  /** Those that found no room, with those behind them. */
  private readonly outside = new Map<T, readonly T[]>()

  /** The two ends of one mailbox. */
  constructor(inbound: Inbound, outbound: Outbound) {
    this.inbound = inbound
    this.outbound = outbound
  }

  /** Tells whether the next commit may give room that somebody waits for. */
  get wantsRoom(): boolean {
    return this.outside.size > 0 || this.leftBytes >= this.outbound.ring.capacity >> 3
  }

  /** Tells whether the last message found no room, and those that are here will make some. */
  get full(): boolean {
    return this.refused && this.tenants.size > 0
  }

  /** Moves a tenant's message here, with its state, and settles the original with this commit; false where there is no room. */
  put(tenant: T, commitNumber: number): boolean {
    const { message } = tenant
    const parked = this.copyOf(message)
    this.refused = parked === undefined
    if (parked === undefined) return false
    message.inbound.settle(message.place, commitNumber)
    tenant.message = parked
    this.admit(tenant)
    return true
  }

  /**
   * Moves one that waits here, and those behind it in its lane, in their order, as far as there is room; the others come when
   * there is (`tidy`).
   */
  putLane(holder: T, lane: readonly T[], commitNumber: number): void {
    this.outside.delete(holder)
    // Nobody is moved before one that may be read where it lies: what lies here is in order.
    const isIn = (tenant: T) =>
      this.holds(tenant.message) || (!tenant.isFixed && this.put(tenant, commitNumber))
    // From the head of the lane on, whoever it is that waits: a successor takes what lies here before what does not (P2).
    const isAllIn = lane.length === 0 ? isIn(holder) : lane.every(isIn)
    if (!isAllIn) this.outside.set(holder, lane)
  }

  /** Makes room, and moves those here that found none; says whether anything is to be committed. */
  tidy(commitNumber: number): boolean {
    const compacted = this.compact(commitNumber)
    return this.putOutside(commitNumber) || compacted
  }

  private putOutside(commitNumber: number): boolean {
    if (this.outside.size === 0 || this.full) return false
    const before = this.tenants.size
    for (const [holder, lane] of [...this.outside]) {
      if (holder.isFixed) this.outside.delete(holder)
      else this.putLane(holder, lane, commitNumber)
      if (this.full) break
    }
    return this.tenants.size > before
  }

  /** Tells whether a message lies here. */
  holds(message: Message): boolean {
    return message.inbound === this.inbound
  }

  /** A tenant's message is settled, wherever it lay. */
  leave(tenant: T): void {
    this.outside.delete(tenant)
    if (!this.tenants.delete(tenant)) return
    const bytes = lengthOf(tenant.message)
    this.liveBytes -= bytes
    this.leftBytes += bytes
    this.refused = false
  }

  /** Gives all messages that a predecessor left here, oldest first; each must be `admit`ted with its tenant. */
  recover(): Message[] {
    const messages: Message[] = []
    while (this.inbound.peek()) messages.push(new Message(this.inbound, this.inbound.take()))
    return messages
  }

  /** Takes a tenant in whose message lies here. */
  admit(tenant: T): void {
    const bytes = lengthOf(tenant.message)
    this.tenants.add(tenant)
    this.liveBytes += bytes
    this.largestBytes = Math.max(this.largestBytes, bytes)
  }

  /** Frees what lies between those that wait, if that is worth while; says whether anything is to be committed. */
  compact(commitNumber: number): boolean {
    const { outbound } = this
    // What is copied is at most half of the ring, once for each eighth of it that has left.
    if (this.leftBytes < outbound.ring.capacity >> 3) return false
    const [first] = this.tenants
    if (first === undefined) this.leftBytes = 0
    if (first === undefined || first.isFixed) return false
    // A quarter is what a producer that was refused waits for.
    const wantedBytes = Math.max(this.liveBytes + 2 * this.largestBytes, outbound.ring.capacity >> 2)
    if (outbound.freeBytes < wantedBytes) return false
    for (const tenant of [...this.tenants]) if (!tenant.isFixed) this.move(tenant, commitNumber)
    this.leftBytes = 0
    this.refused = false
    crashPoint('parking.compacted')
    return true
  }

  private move(tenant: T, commitNumber: number): void {
    const { message } = tenant
    const moved = this.copyOf(message)
    assert(moved !== undefined, 'there is room for all that is moved')
    this.inbound.settle(message.place, commitNumber)
    tenant.message = moved
    this.tenants.delete(tenant)
    this.tenants.add(tenant)
  }

  private copyOf(message: Message): Message | undefined {
    const from = message.inbound.ring
    const { at } = message
    const { words } = from
    const to = copy(
      this.outbound,
      words[at + KIND],
      from,
      at,
      words[at + SHARE_LO],
      words[at + SHARE_HI],
      undefined,
      0,
    )
    if (to === FULL) return undefined
    const { ring } = this.outbound
    ring.words[to + STATE] = stateOfCopy(words, at)
    ring.words[to + ATTEMPT] = words[at + ATTEMPT]
    ring.doubles[(to >>> 1) + DUE_DOUBLE] = from.doubles[(at >>> 1) + DUE_DOUBLE]
    const copied = new Message(this.inbound, this.outbound.positionOf(to))
    this.inbound.admit(this.outbound.tail)
    return copied
  }
}

function lengthOf(message: Message): number {
  return message.inbound.ring.words[message.at + LENGTH]
}
