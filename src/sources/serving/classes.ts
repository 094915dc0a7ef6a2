// Who comes in: the places that the limit allows, divided among the classes by weight. A class may use what the others leave;
// its own share it gets in any case, so after a flood there are for a while more in flight than the limit, and never twice as many.

import type { ClassOptions } from './class-options.js'
import { ConcurrencyLimit, type ConcurrencyLimitOptions } from './concurrency-limit.js'

/** `ignored`: how long it took says nothing, as with a client that went away or a failure. */
export type Outcome = 'answered' | 'timedOut' | 'ignored'

type Class = {
  readonly name: string
  readonly part: number
  readonly max: number
  inFlight: number
  refused: number
}

const RETRY_AFTER_MAX = 60

export class Classes {
  /** Undefined where nothing but the classes' own limits counts. */
  readonly limit: ConcurrencyLimit | undefined
  inFlight = 0
  private readonly classes: Map<string, Class>

  constructor(
    classes: readonly ({ name: string } & Required<ClassOptions>)[],
    limit: ConcurrencyLimitOptions | undefined,
  ) {
    const sum = classes.reduce((total, { weight }) => total + weight, 0)
    this.classes = new Map(
      classes.map(({ name, weight, inFlight: max }) => [
        name,
        { name, part: weight / sum, max, inFlight: 0, refused: 0 },
      ]),
    )
    this.limit = limit && new ConcurrencyLimit(limit)
  }

  has(name: string): boolean {
    return this.classes.has(name)
  }

  /** True: it is in flight, until `release`. */
  admit(name: string): boolean {
    if (!this.hasRoom(name)) return false
    this.classOf(name).inFlight++
    this.inFlight++
    return true
  }

  /** Tells whether one more would be admitted now. One that would not is counted as refused. */
  hasRoom(name: string): boolean {
    const its = this.classOf(name)
    const limit = this.limit?.limit ?? Infinity
    const hasRoom =
      its.inFlight < its.max &&
      (this.inFlight < limit || its.inFlight < Math.max(1, Math.floor(limit * its.part)))
    if (!hasRoom) its.refused++
    return hasRoom
  }

  /** Once for each that was admitted. */
  release(name: string, latencyMs: number, outcome: Outcome): void {
    const its = this.classOf(name)
    // Who is few beside the others does not stand in their crowd, and says nothing of it.
    const isCrowd = its.inFlight * this.classes.size >= this.inFlight
    if (outcome === 'answered' && isCrowd) this.limit?.observe(latencyMs, this.inFlight)
    else if (outcome === 'timedOut') this.limit?.dropped(this.inFlight)
    its.inFlight--
    this.inFlight--
  }

  /** When one that was refused may come again: about when all that are in flight now are answered. */
  get retryAfterSeconds(): number {
    const seconds = Math.ceil((this.limit?.latencyMs ?? 0) / 1_000)
    return Math.max(1, Math.min(RETRY_AFTER_MAX, seconds))
  }

  stats(): Record<string, number> {
    const stats: Record<string, number> = { in_flight: this.inFlight }
    if (this.limit !== undefined) stats.limit = this.limit.limit
    for (const { name, inFlight, refused } of this.classes.values()) {
      stats[`in_flight_${name}`] = inFlight
      stats[`refused_${name}`] = refused
    }
    return stats
  }

  private classOf(name: string): Class {
    const its = this.classes.get(name)
    if (its === undefined) throw new Error(`there is no class ${name}`)
    return its
  }
}
