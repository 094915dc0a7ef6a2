// Says what becomes of messages whose attempts are exhausted: a line each, but not of all where they are many. The counters know all.

import type { Host } from '../kernel/actor.js'

const LINES_MAX = 10
const WITHIN_MS = 10_000

export class GiveUpLog {
  private readonly host: Host
  private sinceMs = Number.NEGATIVE_INFINITY
  private lines = 0
  private left = 0

  constructor(host: Host) {
    this.host = host
  }

  /** `outcome`: where the message goes. The first line after a flood says how many others there were. */
  say(what: string, outcome: string): void {
    const nowMs = this.host.clock.now()
    if (nowMs - this.sinceMs >= WITHIN_MS) {
      this.sinceMs = nowMs
      this.lines = 0
    }
    if (this.lines++ >= LINES_MAX) {
      this.left++
      return
    }
    this.host.log.warn(what, { outcome, ...(this.left > 0 && { notLogged: this.left }) })
    this.left = 0
  }
}
