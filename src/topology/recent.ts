// What an actor has done lately: rates of its counts and quantiles of its main time, between two looks at its counters.
// It looks only when it is asked, so that nobody who does not ask pays for it.

import { COUNTERS, type CounterName, type Counters, GAUGES, type TimeName } from '../kernel/counters.js'
import { quantileOf } from '../kernel/histogram.js'

/** What is told is of about this long; of longer, where nobody has asked for longer. */
const WINDOW_MS = 2_000
const LOOKS_APART_MS = 500

type Look = { atMs: number; counts: Record<string, number>; times: Float64Array | undefined }

export type Lately = { rates: Record<string, number>; latencyMs: { p50: number; p99: number } }

const GROWING: readonly CounterName[] = COUNTERS.filter((name) => !GAUGES.includes(name))

export class Recent {
  private readonly counters: Counters
  private readonly time: TimeName | undefined
  /** Oldest first; only the oldest may be older than the window. */
  private readonly looks: Look[]

  /** `time`: what the latency is of. */
  constructor(counters: Counters, time: TimeName | undefined, nowMs: number) {
    this.counters = counters
    this.time = time
    this.looks = [this.look(nowMs)]
  }

  /** Gives rates a second and latencies since the newest look that is old enough. */
  since(nowMs: number): Lately {
    const { looks } = this
    const now = this.look(nowMs)
    while (looks.length > 1 && nowMs - looks[1].atMs >= WINDOW_MS) looks.shift()
    const [before] = looks
    if (nowMs - looks[looks.length - 1].atMs >= LOOKS_APART_MS) looks.push(now)
    return { rates: ratesOf(before, now), latencyMs: latencyOf(before, now) }
  }

  private look(atMs: number): Look {
    const { counters, time } = this
    return { atMs, counts: counters.snapshot(), times: time && counters.times[time].addTo() }
  }
}

function ratesOf(before: Look, now: Look): Record<string, number> {
  const seconds = Math.max(1e-3, (now.atMs - before.atMs) / 1_000)
  const rates: Record<string, number> = {}
  for (const name of GROWING) {
    // A count may go back by a little where a thread died.
    const grown = (now.counts[name] ?? 0) - (before.counts[name] ?? 0)
    if (grown > 0) rates[name] = Math.round((grown / seconds) * 10) / 10
  }
  return rates
}

function latencyOf(before: Look, now: Look): { p50: number; p99: number } {
  if (before.times === undefined || now.times === undefined) return { p50: 0, p99: 0 }
  const earlier = before.times
  const grown = now.times.map((count, i) => count - earlier[i])
  return { p50: quantileOf(grown, 0.5), p99: quantileOf(grown, 0.99) }
}
