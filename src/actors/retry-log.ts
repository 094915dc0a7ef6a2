// Says now and then why attempts fail that are tried again: one line in so long a time, for debugging and for whoever looks at the
// topology. What fails for good has lines of its own.

import type { Host } from '../kernel/actor.js'
import { messageOf } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'

const AGAIN_MS = 1_000

export class RetryLog {
  private readonly name: string
  private readonly host: Host
  private saidMs = Number.NEGATIVE_INFINITY

  constructor(name: string, host: Host) {
    this.name = name
    this.host = host
  }

  failed(message: Message, error: unknown, attempts: number): void {
    const nowMs = this.host.clock.now()
    if (nowMs - this.saidMs < AGAIN_MS) return
    this.saidMs = nowMs
    const what = `${this.name}: message ${message.id}: ${messageOf(error)} (attempt ${attempts}; it is tried again)`
    this.host.log.debug(what, { outcome: 'retry' })
  }
}
