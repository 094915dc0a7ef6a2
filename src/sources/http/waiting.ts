// Whom the topology owes an answer: requests by the offset of their record, and what became too late. A turn of the clock is
// counted, not measured: while the process stands still nobody's time runs out.
// They lie in a ring, and the few that outlive a lap of it in a map: were all of them in a map, each that it has outgrown would
// keep its requests from the collection of young objects, and that costs more than answering them.

import type { Exchange } from './exchange.js'

/** A request that has its answer, or has none to give it to, while its message is still on its way. */
export class Waiting {
  /** Requests that wait for their answer. */
  size = 0
  private readonly mask: number
  private readonly ring: (Exchange | undefined)[]
  /** Older than all in the ring. */
  private readonly stragglers = new Map<number, Exchange>()
  /** Ids that clients gave, by the offset of records for which nobody waits. */
  private readonly orphans = new Map<number, string>()
  /** Ids that clients gave: from their headers until their message is settled. */
  private readonly ids = new Set<string>()
  /** No offset in the ring is lower. */
  private first = 0
  private next = 0

  /** `max`: how many may wait. */
  constructor(max: number) {
    const capacity = 2 ** Math.ceil(Math.log2(2 * max))
    this.mask = capacity - 1
    this.ring = new Array<Exchange | undefined>(capacity).fill(undefined)
  }

  /** Messages on their way for which nobody waits. */
  get orphanCount(): number {
    return this.orphans.size
  }

  hasId(id: string): boolean {
    return this.ids.has(id)
  }

  reserveId(exchange: Exchange): void {
    if (exchange.isOwnId) this.ids.add(exchange.id)
  }

  releaseId(exchange: Exchange): void {
    if (exchange.isOwnId) this.ids.delete(exchange.id)
  }

  /** From now on it waits. */
  add(exchange: Exchange): void {
    if (this.next - this.first > this.mask) this.makeRoom()
    exchange.record.offset = this.next
    this.ring[this.next & this.mask] = exchange
    this.next++
    this.size++
  }

  /** The message with this offset is settled: gives the request that waits for it, or undefined where nobody does. */
  settle(offset: number): Exchange | undefined {
    const exchange = this.take(offset)
    if (exchange !== undefined) {
      this.releaseId(exchange)
      return exchange
    }
    const id = this.orphans.get(offset)
    if (id !== undefined) this.ids.delete(id)
    this.orphans.delete(offset)
    return undefined
  }

  /** Nobody waits for it any more. What the topology has goes on, and keeps its id. */
  leave(exchange: Exchange): void {
    const offset = exchange.record.offset as number
    this.take(offset)
    if (exchange.state === 'given') this.orphans.set(offset, exchange.isOwnId ? exchange.id : '')
    else this.releaseId(exchange)
  }

  /** Gives those that wait since before this turn of the clock. */
  *since(tick: number): Generator<Exchange> {
    for (const exchange of this.all()) {
      if (exchange.tick >= tick) return
      yield exchange
    }
  }

  /** Gives those of a connection. */
  *of(socket: Exchange['socket']): Generator<Exchange> {
    if (this.size === 0) return
    for (const exchange of this.all()) if (exchange.socket === socket) yield exchange
  }

  /** Gives all, the oldest first: all may wait equally long. */
  *all(): Generator<Exchange> {
    yield* this.stragglers.values()
    for (let offset = this.first; offset < this.next; offset++) {
      const exchange = this.ring[offset & this.mask]
      if (exchange !== undefined) yield exchange
    }
  }

  private take(offset: number): Exchange | undefined {
    const isInRing = offset >= this.first
    const exchange = isInRing ? this.ring[offset & this.mask] : this.stragglers.get(offset)
    if (exchange === undefined) return undefined
    if (isInRing) this.ring[offset & this.mask] = undefined
    else this.stragglers.delete(offset)
    this.size--
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
