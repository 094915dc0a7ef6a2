// Where there are classes, requests that were admitted wait in a line for each, and leave by weight: so a flood of one does not stand
// before the others. No more are given to the topology at once than keep its handlers busy: how many that are, the latency tells.

import { systemClock } from '../../kernel/clock.js'
import type { Exchange } from '../requests/exchange.js'
import type { ClassOptions } from './class-options.js'
import { ConcurrencyLimit } from './concurrency-limit.js'
import { FairQueue } from './fair-queue.js'

/** Given at once: at least enough for two threads, at most what is in work; below this latency more are given. */
const GIVEN_MIN = 4
const GIVEN_FIRST = 64
const CALM_MS = 0.5

export class ClassLines {
  private readonly numbers: ReadonlyMap<string, number>
  private readonly lines: FairQueue<Exchange>

  /** `inFlightMax`: as many may be admitted. */
  constructor(classes: readonly ({ name: string } & Required<ClassOptions>)[], inFlightMax: number) {
    this.numbers = new Map(classes.map(({ name }, number) => [name, number]))
    const max = Math.max(GIVEN_MIN, inFlightMax)
    const initial = Math.min(max, GIVEN_FIRST)
    const window = new ConcurrencyLimit({ min: GIVEN_MIN, max, initial, calmMs: CALM_MS })
    const weights = classes.map(({ weight }) => weight)
    this.lines = new FairQueue(weights, window)
  }

  /** What has no class, or one that there is no more, is of the first. */
  push(exchange: Exchange): void {
    exchange.place ??= { className: '', sinceMs: systemClock.now(), leftMs: undefined }
    this.lines.push(this.numbers.get(exchange.place.className) ?? 0, exchange)
  }

  next(): Exchange | undefined {
    for (let exchange = this.lines.next(); exchange !== undefined; exchange = this.lines.next()) {
      if (exchange.state === 'queued' && exchange.place !== undefined) {
        exchange.place.leftMs = systemClock.now()
        return exchange
      }
      // Who waited for it has gone meanwhile.
      this.lines.done(Number.NaN)
    }
    return undefined
  }

  /** It needs its place no more. */
  done({ place }: Exchange, isAnswered: boolean): void {
    if (place?.leftMs === undefined) return
    this.lines.done(isAnswered ? systemClock.now() - place.leftMs : Number.NaN)
  }
}
