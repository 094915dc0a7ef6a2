// How a sink fares, in words: one line when it begins to fail, one now and then while it does, one when it works again.
// A sink fails while batch after batch has no message accepted: one that refuses some messages works.

import type { Host } from '../kernel/actor.js'
import type { Counters } from '../kernel/counters.js'
import { messageOf } from '../kernel/failure.js'

/** Between two lines about the same trouble. */
const AGAIN_MS = 30_000

export class SinkHealth {
  private readonly name: string
  private readonly host: Host
  private readonly counters: Counters
  private sinceMs = 0
  private saidMs = 0
  private batches = 0

  constructor(name: string, host: Host, counters: Counters) {
    this.name = name
    this.host = host
    this.counters = counters
    counters.set('failingSince', 0)
  }

  get isFailing(): boolean {
    return this.batches > 0
  }

  /** A batch of which nothing was accepted. */
  failed(error: unknown): void {
    const nowMs = this.host.clock.now()
    if (this.batches++ === 0) {
      this.sinceMs = nowMs
      this.counters.set('failingSince', nowMs)
      this.say(`fails: ${messageOf(error)}; it is tried again, and what is read waits`, nowMs)
    } else if (nowMs - this.saidMs >= AGAIN_MS) {
      const seconds = Math.round((nowMs - this.sinceMs) / 1_000)
      this.say(`has failed for ${seconds} s, ${this.batches} batches: ${messageOf(error)}`, nowMs)
    }
  }

  /** Something was accepted again. */
  worked(): void {
    const seconds = ((this.host.clock.now() - this.sinceMs) / 1_000).toFixed(1)
    this.host.log.info(`${this.name} works again after ${seconds} s`, { batches: this.batches })
    this.batches = 0
    this.counters.set('failingSince', 0)
  }

  private say(what: string, nowMs: number): void {
    this.saidMs = nowMs
    this.host.log.warn(`${this.name} ${what}`)
  }
}
