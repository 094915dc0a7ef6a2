// All taps of a topology: a mailbox is looked at once for all of its clients, every so often, and only while it has some.

import type { ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../kernel/clock.js'
import { messageOf } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import { Tap } from '../kernel/tap.js'
import type { TapQuery } from './tap-query.js'
import { TapStream } from './tap-stream.js'

export const TAPS_MAX = 4
const LOOK_MS = 50

type Tapped = { tap: Tap; clients: Map<TapStream, { missedBefore: number }> }

export class TapHub {
  private readonly mailboxes: readonly SharedArrayBuffer[]
  private readonly log: Log
  private readonly clock: Clock
  private readonly tapped = new Map<number, Tapped>()
  private timer: NodeJS.Timeout | undefined

  constructor(mailboxes: readonly SharedArrayBuffer[], log: Log, clock: Clock = systemClock) {
    this.mailboxes = mailboxes
    this.log = log
    this.clock = clock
  }

  get isFull(): boolean {
    let count = 0
    for (const { clients } of this.tapped.values()) count += clients.size
    return count >= TAPS_MAX
  }

  /** Shows a client what passes mailbox `number`, until it goes or `ended` is aborted. */
  add(number: number, name: string, query: TapQuery, response: ServerResponse, ended: AbortSignal): void {
    const tapped = this.tapped.get(number) ?? { tap: new Tap(this.mailboxes[number]), clients: new Map() }
    this.tapped.set(number, tapped)
    const stream = new TapStream(response, name, query, this.clock.now())
    tapped.clients.set(stream, { missedBefore: tapped.tap.missedBytes })
    const over = () => this.end(number, stream, 'the topology has ended')
    ended.addEventListener('abort', over)
    response.once('close', () => {
      ended.removeEventListener('abort', over)
      this.remove(number, stream)
    })
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref()
    this.lookAt(number, tapped)
  }

  /** Looks at all mailboxes that have clients. */
  look(): void {
    for (const [number, tapped] of this.tapped) this.lookAt(number, tapped)
  }

  private lookAt(number: number, { tap, clients }: Tapped): void {
    const nowMs = this.clock.now()
    let most = 0
    let bytes = 0
    for (const client of clients.keys()) {
      most = Math.max(most, client.room(nowMs))
      if (client.query.hasValues) bytes = Math.max(bytes, client.query.bytes)
    }
    try {
      // Also where nobody wants any now: what was copied for them would be old by the time they do.
      tap.visit(most, bytes, (record) => {
        for (const client of clients.keys()) client.offer(record, nowMs)
      })
    } catch (error) {
      this.log.error(`a tap has failed: ${messageOf(error)}`)
      for (const client of clients.keys()) this.end(number, client, 'it has failed')
    }
  }

  private end(number: number, stream: TapStream, reason: string): void {
    const tapped = this.tapped.get(number)
    const client = tapped?.clients.get(stream)
    if (tapped === undefined || client === undefined) return
    stream.end(reason, tapped.tap.missedBytes - client.missedBefore)
    this.remove(number, stream)
  }

  private remove(number: number, stream: TapStream): void {
    const tapped = this.tapped.get(number)
    if (tapped === undefined || !tapped.clients.delete(stream) || tapped.clients.size > 0) return
    tapped.tap.close()
    this.tapped.delete(number)
    if (this.tapped.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
