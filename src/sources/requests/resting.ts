// Connections whose request was refused for want of room: for a moment they are not read. Who asks again at once, whatever
// Retry-After said, would else keep the thread busy with refusals, and those who were let in would wait for it. What came
// meanwhile has waited already: it is let in only where there is much room, so that those who are let in are answered soon.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Turns of the clock, and as long as this at least. */
const REST_MS = 250
/** The turn of the clock at which a connection was read again. */
const RESTED = Symbol('rested')
type Rested = Socket & { [RESTED]?: number }

export class Resting {
  private sockets: { socket: Rested; untilTick: number }[] = []
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
    for (; count < this.sockets.length && this.sockets[count].untilTick <= tick; count++) {
      const { socket } = this.sockets[count]
      socket[RESTED] = tick
      socket.resume()
    }
    if (count > 0) this.sockets = this.sockets.slice(count)
  }

  /** Tells whether a request came while its connection rested. */
  hasRested({ socket }: IncomingMessage, tick: number): boolean {
    const restedTick = (socket as Rested)[RESTED]
    return restedTick !== undefined && tick - restedTick <= 1
  }

  /** Nobody rests any more. */
  end(): void {
    this.turn(Number.POSITIVE_INFINITY)
  }
}
