// The same snapshot for all pages that are open, once a second, as server-sent events. It is made only while somebody listens; who
// reads slowly gets fewer, and never more memory.

import type { ServerResponse } from 'node:http'

const CLIENTS_MAX = 32
/** How soon a page asks again when the connection is gone. */
const RETRY_MS = 1_000

export class EventStream {
  private readonly clients = new Set<ServerResponse>()
  private readonly snapshot: () => object

  constructor(snapshot: () => object) {
    this.snapshot = snapshot
  }

  get isFull(): boolean {
    return this.clients.size >= CLIENTS_MAX
  }

  /** Tells it a first snapshot at once, and one a second from then on. */
  add(client: ServerResponse): void {
    client.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    client.write(`retry: ${RETRY_MS}\n\n${this.event()}`)
    this.clients.add(client)
    client.once('close', () => this.clients.delete(client))
  }

  tell(): void {
    if (this.clients.size === 0) return
    const event = this.event()
    for (const client of this.clients) if (!client.writableNeedDrain) client.write(event)
  }

  /** Tells how it ended. */
  close(): void {
    const event = this.clients.size > 0 ? this.event() : ''
    for (const client of this.clients) client.end(event)
    this.clients.clear()
  }

  private event(): string {
    return `data: ${JSON.stringify(this.snapshot())}\n\n`
  }
}
