// Where there are classes, requests that were admitted wait in a line for each, and leave by weight: so a flood of one does not stand
// before the others. No more are given to the topology at once than keep its handlers busy: how many that are, the latency tells.
// A class that has a branch to itself stands before nobody: it goes straight through, and its handlers may stop for ever.

import { systemClock } from '../../kernel/clock.js'
import type { Exchange } from '../requests/exchange.js'
import type { ServingClass } from './class-options.js'
import { ConcurrencyLimit } from './concurrency-limit.js'
import { FairQueue, type Window } from './fair-queue.js'

/** Given at once: at least enough for two threads, at most what is in work; below this latency more are given. */
const GIVEN_MIN = 4
const GIVEN_FIRST = 64
const CALM_MS = 0.5
const NO_WINDOW: Window = { limit: Number.POSITIVE_INFINITY, observe: () => {} }

/** The line of a class: which one of a branch's. */
type Line = { readonly queue: FairQueue<Exchange>; readonly at: number }

export class ClassLines {
  private readonly first: Line
  private readonly lines = new Map<string, Line>()
  /** One for each branch. */
  private readonly queues: FairQueue<Exchange>[] = []

  /** `inFlightMax`: as many may be admitted. */
  constructor(classes: readonly ServingClass[], inFlightMax: number) {
    for (const branch of new Set(classes.map((each) => each.branch))) {
      const its = classes.filter((each) => each.branch === branch)
      const window = its.length === 1 ? NO_WINDOW : windowOf(inFlightMax)
      const queue = new FairQueue<Exchange>(
        its.map(({ weight }) => weight),
        window,
      )
      this.queues.push(queue)
      for (const [at, { name }] of its.entries()) this.lines.set(name, { queue, at })
    }
    this.first = this.lineOf(classes[0].name)
  }

  /** What has no class, or one that there is no more, is of the first. */
  push(exchange: Exchange): void {
    exchange.place ??= { className: '', sinceMs: systemClock.now(), leftMs: undefined }
    const { queue, at } = this.lineOf(exchange.place.className)
    queue.push(at, exchange)
  }

  next(): Exchange | undefined {
    for (const queue of this.queues) {
      for (let exchange = queue.next(); exchange !== undefined; exchange = queue.next()) {
        if (exchange.state === 'queued' && exchange.place !== undefined) {
          exchange.place.leftMs = systemClock.now()
          return exchange
        }
        // Who waited for it has gone meanwhile.
        queue.done(Number.NaN)
      }
    }
    return undefined
  }

  /** It needs its place no more. */
  done({ place }: Exchange, isAnswered: boolean): void {
    if (place?.leftMs === undefined) return
    this.lineOf(place.className).queue.done(isAnswered ? systemClock.now() - place.leftMs : Number.NaN)
  }

  private lineOf(className: string): Line {
    return this.lines.get(className) ?? this.first
  }
}

function windowOf(inFlightMax: number): Window {
  const max = Math.max(GIVEN_MIN, inFlightMax)
  return new ConcurrencyLimit({ min: GIVEN_MIN, max, initial: Math.min(max, GIVEN_FIRST), calmMs: CALM_MS })
}
