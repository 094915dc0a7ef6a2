// How requests fared, as numbers by name; and now and then a line about what a person should know of.

import type { Log } from '../../kernel/log.js'

/** Turns of the clock between two lines of one kind. */
const QUIET_TICKS = 40

export class Tally {
  /** Messages that were settled when nobody waited any more. */
  late = 0
  private readonly log: Log
  private ok = 0
  private goneCount = 0
  private badAnswers = 0
  private readonly byStatus = new Map<number, number>()
  private untoldGone = 0
  private quietTicks = 0
  private lastBadAnswer = ''

  constructor(log: Log) {
    this.log = log
  }

  /** A request was answered with this status; 0: its connection was ended without an answer. */
  count(status: number): void {
    if (status === 200) this.ok++
    else this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1)
  }

  gone(): void {
    this.goneCount++
    this.untoldGone++
  }

  /** A sink gave an answer that is none. */
  badAnswer(why: string): void {
    this.badAnswers++
    if (why !== this.lastBadAnswer) this.log.error(`an answer of a sink cannot be sent: ${why}`)
    this.lastBadAnswer = why
  }

  /** Called at each turn of the clock. */
  tell(): void {
    if (this.quietTicks > 0) this.quietTicks--
    else if (this.untoldGone > 0) {
      this.log.info('clients went away before their answer', { count: this.untoldGone })
      this.untoldGone = 0
      this.quietTicks = QUIET_TICKS
    }
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = {
      answered_200: this.ok,
      client_gone: this.goneCount,
      late: this.late,
      bad_answers: this.badAnswers,
    }
    for (const [status, count] of this.byStatus) counts[`answered_${status}`] = count
    return counts
  }
}
