// The threads of the plan, each with its keeper.

import { systemClock } from '../kernel/clock.js'
import type { Threads } from '../kernel/threads.js'
import type { Hands, Reports, ThreadHandsOptions, ThreadView } from './hands.js'
import { endsWithin } from './last-resort.js'
import { ThreadKeeper } from './thread-keeper.js'
import { shortestLimitMs } from './user-code.js'

/** How often the watchdog looks: a fifth of the shortest time-out, within bounds. */
const LOOK_MS_MIN = 20
const LOOK_MS_MAX = 250
/** How long threads may take to exit at the end. */
const EXIT_MS = 3_000

export class ThreadHands implements Hands {
  private readonly options: ThreadHandsOptions
  private readonly pool: Threads
  private keepers: ThreadKeeper[] = []
  private watch: NodeJS.Timeout | undefined

  constructor(options: ThreadHandsOptions, pool: Threads) {
    this.options = options
    this.pool = pool
  }

  get threads(): ThreadView[] {
    return this.keepers.map(({ view }) => view)
  }

  async open(reports: Reports): Promise<void> {
    const { options, pool } = this
    this.keepers = options.plan.threads.map(
      (thread) => new ThreadKeeper({ ...options, thread }, pool, this.reportsOf(reports)),
    )
    await Promise.all(this.keepers.map((keeper) => keeper.open()))
  }

  start(): void {
    for (const keeper of this.keepers) keeper.start()
    const { topology, plan } = this.options
    const everyMs = Math.max(LOOK_MS_MIN, Math.min(LOOK_MS_MAX, shortestLimitMs(topology, plan) / 5))
    this.watch = setInterval(() => {
      const nowMs = systemClock.now()
      for (const keeper of this.keepers) keeper.look(nowMs, everyMs)
    }, everyMs)
  }

  drain(): void {
    for (const keeper of this.keepers) keeper.drain()
  }

  async abandon(reason: string): Promise<void> {
    await Promise.allSettled(this.keepers.map((keeper) => keeper.abandon(reason)))
  }

  async stop(): Promise<void> {
    clearInterval(this.watch)
    // A thread that is dead cannot be closed; the others can.
    const stopped = await Promise.allSettled(this.keepers.map((keeper) => keeper.stop()))
    const rejected = stopped.find((result) => result.status === 'rejected')
    if (rejected !== undefined) throw rejected.reason
  }

  async kill(): Promise<void> {
    clearInterval(this.watch)
    for (const keeper of this.keepers) keeper.leave()
    await endsWithin(
      EXIT_MS,
      this.pool.destroy(),
      'a thread cannot be ended: it is in a native call that blocks',
    )
  }

  /** Of a source that runs on several threads, the ends of all are one. */
  private reportsOf(reports: Reports): Reports {
    return {
      ...reports,
      done: () => {
        if (this.keepers.every(({ isDone }) => isDone)) reports.done()
      },
    }
  }
}
