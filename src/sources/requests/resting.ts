// Connections whose request was refused for want of room: for a moment they are not read. Who asks again at once, whatever
// Retry-After said, would else keep the thread busy with refusals, and those who were let in would wait for it. What came
// meanwhile has waited already: it is let in only where nobody is refused any more, so that those who are let in are answered soon.
// If not, its connection does not rest again at once: what comes now has not waited.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { systemClock } from '../../kernel/clock.js'
import { Ticker } from './ticker.js'

/** The least that Retry-After says, in ms. */
const REST_MS = 1_000
/** They are read again a few at a time: many at once would be a burst of work, for which all others wait. */
const TURN_MS = 10
/** What comes so soon after a rest has come in it; and who was refused so lately was one of many. */
const SOON_MS = 100
/** When a connection was read again. */
const RESTED = Symbol('rested')
type Rested = Socket & { [RESTED]?: number | undefined }

export class Resting {
  private sockets: { socket: Rested; untilMs: number }[] = []
  private ticker: Ticker | undefined
  private refusedMs = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.sockets.length
  }

  /** From the end of the request on: what is left of it is read. */
  add(request: IncomingMessage): void {
    const { socket } = request
    this.refusedMs = systemClock.now()
    this.sockets.push({ socket, untilMs: this.refusedMs + REST_MS })
    request.once('close', () => socket.pause())
    this.ticker ??= new Ticker(TURN_MS, () => this.turn(systemClock.now()))
  }

  /** True while requests that have not waited are refused. */
  get isCrowded(): boolean {
    return systemClock.now() - this.refusedMs <= SOON_MS
  }

  /** Tells whether a request came while its connection rested: at most the first one after it. */
  takeRested({ socket }: IncomingMessage): boolean {
    const rested = socket as Rested
    const restedMs = rested[RESTED]
    if (restedMs === undefined) return false
    rested[RESTED] = undefined
    return systemClock.now() - restedMs <= SOON_MS
  }

  /** Nobody rests any more. */
  end(): void {
    this.turn(Number.POSITIVE_INFINITY)
  }

  /** Whose rest is over is read again. */
  private turn(nowMs: number): void {
    const { sockets } = this
    let count = 0
    for (; count < sockets.length && sockets[count].untilMs <= nowMs; count++) {
      const { socket } = sockets[count]
      socket[RESTED] = nowMs
      socket.resume()
    }
    if (count > 0) this.sockets = sockets.slice(count)
    if (this.sockets.length > 0) return
    this.ticker?.stop()
    this.ticker = undefined
  }
}
