// Connections whose request was refused for want of room: for a moment they are not read. Who asks again at once, whatever
// Retry-After said, would else keep the thread busy with refusals, and those who were let in would wait for it. What came
// meanwhile has waited already: it is let in only where nobody is refused any more, so that those who are let in are answered soon.
// If not, its connection does not rest again at once: what comes now has not waited. But its next rest is longer.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { systemClock } from '../../kernel/clock.js'
import { Ticker } from './ticker.js'

/** The least that Retry-After says, in ms. */
const REST_MS = 1_000
/** Who comes in each rest rests twice as long each time, up to this. */
const REST_MS_MAX = 4_000
/** They are read again a few at a time: many at once would be a burst of work, for which all others wait. */
const TURN_MS = 10
/** What comes so soon after a rest has come in it; and who was refused so lately was one of many. */
const SOON_MS = 100
const REST = Symbol('rest')
/** `endedMs`: when it was read again; NaN: it rests, or its first request since then has come. `nextMs`: its next rest. */
type Rest = { untilMs: number; endedMs: number; nextMs: number }
type Rested = Socket & { [REST]?: Rest }

export class Resting {
  private sockets: Rested[] = []
  private ticker: Ticker | undefined
  private refusedMs = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.sockets.length
  }

  /** From the end of the request on: what is left of it is read. */
  add(request: IncomingMessage): void {
    const socket: Rested = request.socket
    this.refusedMs = systemClock.now()
    socket[REST] ??= { untilMs: 0, endedMs: Number.NaN, nextMs: REST_MS }
    socket[REST].untilMs = this.refusedMs + socket[REST].nextMs
    this.sockets.push(socket)
    request.once('close', () => socket.pause())
    this.ticker ??= new Ticker(TURN_MS, () => this.turn(systemClock.now()))
  }

  /** True while requests that have not waited are refused. */
  get isCrowded(): boolean {
    return systemClock.now() - this.refusedMs <= SOON_MS
  }

  /** Tells whether a request came while its connection rested: at most the first one after it. */
  takeRested({ socket }: IncomingMessage): boolean {
    const rest = (socket as Rested)[REST]
    if (rest === undefined || Number.isNaN(rest.endedMs)) return false
    const hasRested = systemClock.now() - rest.endedMs <= SOON_MS
    rest.endedMs = Number.NaN
    rest.nextMs = hasRested ? Math.min(REST_MS_MAX, 2 * rest.nextMs) : REST_MS
    return hasRested
  }

  /** Nobody rests any more. */
  end(): void {
    this.turn(Number.POSITIVE_INFINITY)
  }

  /** Whose rest is over is read again. Who is gone needs none. */
  private turn(nowMs: number): void {
    this.sockets = this.sockets.filter((socket) => {
      if (socket.destroyed) return false
      const rest = socket[REST] as Rest
      if (rest.untilMs > nowMs) return true
      rest.endedMs = nowMs
      socket.resume()
      return false
    })
    if (this.sockets.length > 0) return
    this.ticker?.stop()
    this.ticker = undefined
  }
}
