// The messages on their way, by the offset of their record, and who waits for them. A turn of the clock is counted, not measured:
// while the process stands still nobody's time runs out.
// They lie in a ring, and the few that outlive a lap of it in a map: were all of them in a map, each that it has outgrown would
// keep its requests from the collection of young objects, and that costs more than answering them.

import type { Exchange } from './exchange.js'

export class Waiting {
  /** Messages whose outcome somebody wants. */
  size = 0
  /** Messages for which nobody waits any more. */
  orphanCount = 0
  private readonly mask: number
  private readonly ring: (Exchange | undefined)[]
  /** Older than all in the ring; and those of an earlier life, which have numbers of their own. */
  private readonly stragglers = new Map<number, Exchange>()
  /** By ids that clients gave: from their headers until their message is settled. */
  private readonly ids = new Map<string, Exchange>()
  /** Those that wait for the answer to another. */
  private readonly joined = new Set<Exchange>()
  /** Those whose body is there, and that are no message yet. */
  private readonly arrived = new Set<Exchange>()
  /** No offset in the ring is lower. */
  private first = 0
  private next = 0

  /** `max`: how many may wait. */
  constructor(max: number) {
    const capacity = 2 ** Math.ceil(Math.log2(2 * max))
    this.mask = capacity - 1
    this.ring = new Array<Exchange | undefined>(capacity).fill(undefined)
  }

  /** Requests that wait for the answer to another. */
  get joinedCount(): number {
    return this.joined.size
  }

  /** Requests whose body is there, and that are not answered. */
  get requestCount(): number {
    return this.size + this.arrived.size + this.joined.size
  }

  get arrivedCount(): number {
    return this.arrived.size
  }

  /** Gives the one in flight with this id, if a client gave it. */
  byId(id: string): Exchange | undefined {
    return this.ids.get(id)
  }

  /** The first with an id has it until its end. */
  reserveId(exchange: Exchange): void {
    if ((exchange.isOwnId || exchange.isAsync) && !this.ids.has(exchange.id))
      this.ids.set(exchange.id, exchange)
  }

  releaseId(exchange: Exchange): void {
    if ((exchange.isOwnId || exchange.isAsync) && this.ids.get(exchange.id) === exchange)
      this.ids.delete(exchange.id)
  }

  /** Something is done with it before it is a message. */
  prepare(exchange: Exchange): void {
    this.arrived.add(exchange)
  }

  /** It is one now, or never will be. */
  prepared(exchange: Exchange): void {
    if (this.arrived.size > 0) this.arrived.delete(exchange)
  }

  /** From now on it is a message on its way. */
  add(exchange: Exchange): void {
    this.size++
    const { record } = exchange
    if (record.partition !== undefined) {
      this.stragglers.set(record.offset as number, exchange)
      return
    }
    if (this.next - this.first > this.mask) this.makeRoom()
    record.offset = this.next
    this.ring[this.next & this.mask] = exchange
    this.next++
  }

  /** From now on it waits for the answer to another. */
  join(exchange: Exchange, first: Exchange): void {
    exchange.state = 'joined'
    exchange.first = first
    first.joined ??= new Set()
    first.joined.add(exchange)
    this.joined.add(exchange)
  }

  /** It waits for the other's answer no more. */
  part(exchange: Exchange): void {
    this.joined.delete(exchange)
    exchange.first?.joined?.delete(exchange)
  }

  /** The message with this offset is settled, or was never read: it is on its way no more. */
  settle(offset: number): Exchange | undefined {
    const exchange = this.take(offset)
    if (exchange === undefined) return undefined
    this.releaseId(exchange)
    for (const joined of exchange.joined ?? []) this.joined.delete(joined)
    if (exchange.state === 'orphaned') this.orphanCount--
    else this.size--
    return exchange
  }

  /** Nobody wants the outcome of what the topology has: it goes on, and keeps its id. */
  orphan(exchange: Exchange): void {
    this.size--
    this.orphanCount++
    exchange.state = 'orphaned'
    exchange.socket = undefined
    exchange.dueTick = Number.POSITIVE_INFINITY
  }

  /** Gives those whose time was over before this turn of the clock. */
  *overdue(tick: number): Generator<Exchange> {
    for (const exchange of this.all()) if (exchange.dueTick < tick) yield exchange
    for (const exchange of this.arrived) if (exchange.dueTick < tick) yield exchange
    for (const exchange of this.joined) if (exchange.dueTick < tick) yield exchange
  }

  /** Gives those that wait on a connection. */
  *of(socket: Exchange['socket']): Generator<Exchange> {
    if (this.size === 0 && this.joined.size === 0) return
    for (const exchange of this.all()) if (exchange.socket === socket) yield exchange
    for (const exchange of this.joined) if (exchange.socket === socket) yield exchange
  }

  /** Gives all that are answered by themselves: messages on their way, and what is to be one. */
  *everybody(): Generator<Exchange> {
    yield* this.all()
    yield* this.arrived
  }

  /** Gives all messages on their way, the oldest first. */
  *all(): Generator<Exchange> {
    yield* this.stragglers.values()
    for (let offset = this.first; offset < this.next; offset++) {
      const exchange = this.ring[offset & this.mask]
      if (exchange !== undefined) yield exchange
    }
  }

  private take(offset: number): Exchange | undefined {
    const isInRing = offset >= this.first && offset < this.next
    const exchange = isInRing ? this.ring[offset & this.mask] : this.stragglers.get(offset)
    // Of an earlier life of the source there may be offsets that are not reached yet, or again.
    if (exchange === undefined || exchange.record.offset !== offset) return undefined
    if (isInRing) this.ring[offset & this.mask] = undefined
    else this.stragglers.delete(offset)
    if (offset === this.first) this.advance()
    return exchange
  }

  private makeRoom(): void {
    const oldest = this.ring[this.first & this.mask] as Exchange
    this.ring[this.first & this.mask] = undefined
    this.stragglers.set(this.first, oldest)
    this.advance()
  }

  private advance(): void {
    while (this.first < this.next && this.ring[this.first & this.mask] === undefined) this.first++
  }
}
