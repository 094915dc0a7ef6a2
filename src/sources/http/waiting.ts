// Whom the topology owes an answer: requests by the offset of their record, and what became too late. A turn of the clock is
// counted, not measured: while the process stands still nobody's time runs out.

import type { Exchange } from './exchange.js'

/** A request that has its answer, or has none to give it to, while its message is still on its way. */
export class Waiting {
  /** The oldest first: all may wait equally long. */
  private readonly exchanges = new Map<number, Exchange>()
  /** Ids that clients gave, by the offset of records for which nobody waits. */
  private readonly orphans = new Map<number, string>()
  /** Ids that clients gave: from their headers until their message is settled. */
  private readonly ids = new Set<string>()
  private nextOffset = 0

  /** Requests that wait for their answer. */
  get size(): number {
    return this.exchanges.size
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
    const offset = this.nextOffset++
    exchange.record.offset = offset
    this.exchanges.set(offset, exchange)
  }

  /** The message with this offset is settled: gives the request that waits for it, or undefined where nobody does. */
  settle(offset: number): Exchange | undefined {
    const exchange = this.exchanges.get(offset)
    if (exchange !== undefined) {
      this.exchanges.delete(offset)
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
    this.exchanges.delete(offset)
    if (exchange.state === 'given') this.orphans.set(offset, exchange.isOwnId ? exchange.id : '')
    else this.releaseId(exchange)
  }

  /** Gives those that wait since before this turn of the clock. */
  *since(tick: number): Generator<Exchange> {
    for (const exchange of this.exchanges.values()) {
      if (exchange.tick >= tick) return
      yield exchange
    }
  }

  /** Gives those of a connection. */
  *of(socket: Exchange['socket']): Generator<Exchange> {
    for (const exchange of this.exchanges.values()) if (exchange.socket === socket) yield exchange
  }

  all(): IterableIterator<Exchange> {
    return this.exchanges.values()
  }
}
