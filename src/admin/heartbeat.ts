// How late the main thread's event loop has been lately: it serves this port, looks after the threads and writes the log.

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 20
/** Seconds that are looked back on: longer than most scrapes are apart. */
const SECONDS = 15

export class Heartbeat {
  private readonly delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  /** The longest of each second, in s. */
  private readonly longest: number[] = []

  constructor() {
    this.delays.enable()
  }

  /** A second is over. */
  tick(): void {
    const { count, max } = this.delays
    this.longest.push(count === 0 ? 0 : Math.max(0, max / 1e9 - RESOLUTION_MS / 1e3))
    if (this.longest.length > SECONDS) this.longest.shift()
    this.delays.reset()
  }

  /** The longest delay of the last seconds, in s. */
  get lagSeconds(): number {
    return Math.max(0, ...this.longest)
  }

  close(): void {
    this.delays.disable()
  }
}
