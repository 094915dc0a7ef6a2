// Connections whose request was refused for want of room: for a moment they are not read. Who asks again at once, whatever
// Retry-After said, would else keep the thread busy with refusals, and those who were let in would wait for it.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Turns of the clock, and as long as this at least. */
const REST_MS = 250

export class Resting {
  private sockets: { socket: Socket; untilTick: number }[] = []
  private readonly ticks: number

  constructor(tickMs: number) {
    this.ticks = Math.ceil(REST_MS / tickMs)
  }

  get size(): number {
    return this.sockets.length
  }

  /** From the end of the request on: what is left of it is read. */
  add(request: IncomingMessage, tick: number): void {
    const { socket } = request
    this.sockets.push({ socket, untilTick: tick + this.ticks })
    request.once('close', () => socket.pause())
  }

  /** A turn of the clock: whose rest is over is read again. */
  turn(tick: number): void {
    let count = 0
    while (count < this.sockets.length && this.sockets[count].untilTick <= tick)
      this.sockets[count++].socket.resume()
    if (count > 0) this.sockets = this.sockets.slice(count)
  }

  /** Nobody rests any more. */
  end(): void {
    this.turn(Number.POSITIVE_INFINITY)
  }
}
