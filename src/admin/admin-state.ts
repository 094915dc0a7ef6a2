// What the admin port remembers between two requests: samples of a second, and who listens to streams.

import type { AdminView } from './admin-view.js'
import { EventStream } from './event-stream.js'
import { Heartbeat } from './heartbeat.js'
import { PendingHistory } from './pending-history.js'

const TICK_MS = 1_000

export class AdminState {
  readonly pending = new PendingHistory()
  readonly heartbeat: Heartbeat
  readonly events: EventStream
  /** Aborted when the topology has ended: streams say so, and end. */
  readonly ended: AbortSignal
  private readonly abort = new AbortController()
  private readonly view: AdminView
  private readonly timer: NodeJS.Timeout

  constructor(view: AdminView) {
    this.view = view
    this.ended = this.abort.signal
    this.heartbeat = new Heartbeat()
    this.events = new EventStream(() => view.inspect())
    this.timer = setInterval(() => this.tick(), TICK_MS)
    this.timer.unref()
    this.tick()
  }

  close(): void {
    clearInterval(this.timer)
    this.heartbeat.close()
    this.events.close()
    this.abort.abort()
  }

  private tick(): void {
    this.heartbeat.tick()
    const { pending, unit } = this.view.inspect().progress
    if (pending !== undefined && unit === 'records') this.pending.add(pending)
    this.events.tell()
  }
}
