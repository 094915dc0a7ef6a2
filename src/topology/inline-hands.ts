// Everything in one loop of the calling thread.

import { MillraceError } from '../kernel/failure.js'
import { Crew } from './crew.js'
import type { Hands, HandsOptions, Reports, ThreadView } from './hands.js'
import { INLINE_THREAD } from './plan.js'

export class InlineHands implements Hands {
  private readonly options: HandsOptions
  readonly threads: ThreadView[] = [{ thread: INLINE_THREAD, isDown: false, restarts: 0 }]
  private crew: Crew | undefined

  constructor(options: HandsOptions) {
    this.options = options
  }

  async open(reports: Reports): Promise<void> {
    this.crew = new Crew({
      ...this.options,
      thread: INLINE_THREAD,
      done: () => reports.done(),
      failed: (error) => reports.failed(error),
      stats: (stats) => reports.stats(stats),
      broken: (error) => reports.failed(error),
      // There is no other thread that could go on.
      renew: (reason) => reports.failed(new MillraceError('ERR_THREAD', reason)),
    })
    await this.crew.open()
  }

  start(): void {
    this.crew?.start()
  }

  drain(): void {
    this.crew?.drain()
  }

  async abandon(reason: string): Promise<void> {
    await this.crew?.abandon(reason)
  }

  async stop(): Promise<void> {
    await this.crew?.stop()
  }

  async kill(): Promise<void> {}
}
