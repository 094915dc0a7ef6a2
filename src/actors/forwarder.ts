// The forwarder: routes messages by their tags to sinks, to the fallback, to onSuccess, or drops them.
// A copy for each of several destinations is an output of its own: the share is split over them (S1, S4).
// It emits in input order, so that order by key and by source hold for each destination (O3).

import { type Actor, type Host, MORE } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import { copy, FULL, MARKER, TO_FALLBACK } from '../kernel/codec.js'
import type { Counters } from '../kernel/counters.js'
import { KIND, SHARE_HI, SHARE_LO } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import type { Outbound } from '../kernel/outbound.js'
import type { Shares } from '../kernel/shares.js'
import type { Intake } from './intake.js'
import type { Order } from './order.js'
import { type Share, writeMarker } from './records.js'

/** Gives the numbers of the outbounds that a message with these tags goes to; an empty list drops it. */
export type RouteFunction = (tags: readonly string[]) => readonly number[]

export type ForwarderOptions = {
  name: string
  route: RouteFunction
  order: Order
  /** Number of the outbound to the fallback sink, or -1. */
  fallback: number
  valueBytesMax: number
}

export type ForwarderMemory = {
  cell: Cell
  intake: Intake
  /** The first one is the ordinary sink's: markers go there to be settled. */
  outbounds: readonly Outbound[]
  shares: Shares
  counters: Counters
}

const STEP_MAX = 512

export class Forwarder implements Actor {
  readonly name: string
  private readonly options: ForwarderOptions
  private readonly memory: ForwarderMemory
  private readonly saved: number[]
  private readonly rest: Share = { lo: 0, hi: 0 }

  constructor(options: ForwarderOptions, memory: ForwarderMemory, _host: Host) {
    this.name = options.name
    this.options = options
    this.memory = memory
    this.saved = memory.outbounds.map(() => 0)
  }

  step(): number {
    const { cell, intake, counters } = this.memory
    let work = 0
    while (work < STEP_MAX) {
      const inbound = intake.peek()
      if (inbound === undefined) break
      const message = new Message(inbound, inbound.position)
      if (!this.forward(message)) break
      inbound.take()
      inbound.settle(message.place, cell.pending)
      work++
    }
    const raised = this.options.order === 'source' && this.raiseWatermark()
    if (work > 0 || raised) cell.commit()
    counters.add('forwarded', work)
    return work < STEP_MAX ? work : work + MORE
  }

  ring(): void {
    this.memory.cell.ring()
  }

  dueMs(): number {
    return Number.POSITIVE_INFINITY
  }

  private forward(message: Message): boolean {
    const { words } = message.inbound.ring
    const kind = words[message.at + KIND]
    this.rest.lo = words[message.at + SHARE_LO]
    this.rest.hi = words[message.at + SHARE_HI]
    if ((kind & 0xff) === MARKER) return this.write(message, 0, this.rest)
    const { fallback, route } = this.options
    if (kind === TO_FALLBACK)
      return this.count('fallback', this.write(message, Math.max(0, fallback), this.rest))
    const destinations = route(message.tags)
    if (destinations.length === 0) return this.drop(message)
    const placed =
      destinations.length === 1
        ? this.write(message, destinations[0], this.rest)
        : this.split(message, destinations)
    if (placed && destinations.includes(fallback)) this.memory.counters.add('fallback')
    return placed
  }

  private drop(message: Message): boolean {
    const out = this.memory.outbounds[0]
    const written = writeMarker(out, message, this.rest, 'dropped', 'dropped by a route')
    if (written === FULL) out.want()
    return this.count('dropped', written !== FULL)
  }

  /** All copies are placed, or none (C4). */
  private split(message: Message, destinations: readonly number[]): boolean {
    const { outbounds, shares } = this.memory
    for (let i = 0; i < outbounds.length; i++) this.saved[i] = outbounds[i].tail
    for (let i = 0; i < destinations.length; i++) {
      const last = i === destinations.length - 1
      if (!last) shares.next()
      const share = last ? this.rest : { lo: shares.lo, hi: shares.hi }
      if (!this.write(message, destinations[i], share)) {
        for (let k = 0; k < outbounds.length; k++) outbounds[k].abort(this.saved[k])
        return false
      }
      if (last) break
      this.rest.lo ^= share.lo
      this.rest.hi ^= share.hi
    }
    return true
  }

  private write(message: Message, destination: number, share: Share): boolean {
    const out = this.memory.outbounds[destination]
    const { ring } = message.inbound
    const kind = ring.words[message.at + KIND]
    const written = copy(
      out,
      kind,
      ring,
      message.at,
      share.lo,
      share.hi,
      undefined,
      this.options.valueBytesMax,
    )
    if (written === FULL) out.want()
    return written !== FULL
  }

  private count(counter: 'fallback' | 'dropped', placed: boolean): boolean {
    if (placed) this.memory.counters.add(counter)
    return placed
  }

  private raiseWatermark(): boolean {
    const { cell, intake } = this.memory
    const bound = intake.bound()
    if (((bound - cell.watermark) | 0) <= 0) return false
    cell.watermark = bound
    return true
  }
}
