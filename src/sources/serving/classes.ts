// Who comes in: the places that the limit allows, divided among the classes by weight. A class may use what the others leave;
// its own share it gets in any case, so after a flood there are for a while more in flight than the limit, and never twice as many.
// Classes whose messages go to different branches lend each other nothing: each branch has a limit of its own.

import type { ServingClass } from './class-options.js'
import { ConcurrencyLimit } from './concurrency-limit.js'

/** How many may be in flight: at least and at most. */
type Bounds = { min: number; max: number }

/** `ignored`: how long it took says nothing, as with a client that went away or a failure. */
export type Outcome = 'answered' | 'timedOut' | 'ignored'

/** The classes of one branch. */
type Branch = {
  /** Undefined where nothing but the classes' own limits counts. */
  readonly limit: ConcurrencyLimit | undefined
  /** How many classes. */
  readonly size: number
  inFlight: number
}

type Class = {
  readonly name: string
  readonly branch: Branch
  readonly part: number
  readonly max: number
  inFlight: number
  refused: number
}

const RETRY_AFTER_MAX = 60

export class Classes {
  private readonly classes = new Map<string, Class>()
  private readonly branches: readonly Branch[]

  constructor(classes: readonly ServingClass[], bounds: Bounds | undefined) {
    const sum = weightOf(classes)
    const numbers = [...new Set(classes.map((each) => each.branch))]
    this.branches = numbers.map((number) => {
      const its = classes.filter((each) => each.branch === number)
      const weight = weightOf(its)
      const limit = bounds && new ConcurrencyLimit(partOf(bounds, weight / sum))
      const branch = { limit, size: its.length, inFlight: 0 }
      for (const { name, weight: own, inFlight: max } of its)
        this.classes.set(name, { name, branch, part: own / weight, max, inFlight: 0, refused: 0 })
      return branch
    })
  }

  get inFlight(): number {
    return this.branches.reduce((total, { inFlight }) => total + inFlight, 0)
  }

  /** How many may be in flight, all branches together; undefined where nothing but the classes' own limits counts. */
  get limit(): number | undefined {
    if (this.branches[0].limit === undefined) return undefined
    return this.branches.reduce((total, { limit }) => total + (limit?.limit ?? 0), 0)
  }

  has(name: string): boolean {
    return this.classes.has(name)
  }

  /** True: it is in flight, until `release`. */
  admit(name: string): boolean {
    if (!this.hasRoom(name)) return false
    const its = this.classOf(name)
    its.inFlight++
    its.branch.inFlight++
    return true
  }

  /** Tells whether one more would be admitted now. One that would not is counted as refused. */
  hasRoom(name: string): boolean {
    const its = this.classOf(name)
    const limit = its.branch.limit?.limit ?? Infinity
    const hasRoom =
      its.inFlight < its.max &&
      (its.branch.inFlight < limit || its.inFlight < Math.max(1, Math.floor(limit * its.part)))
    if (!hasRoom) its.refused++
    return hasRoom
  }

  /** Once for each that was admitted. */
  release(name: string, latencyMs: number, outcome: Outcome): void {
    const its = this.classOf(name)
    const { branch } = its
    // Who is few beside the others does not stand in their crowd, and says nothing of it.
    const isCrowd = its.inFlight * branch.size >= branch.inFlight
    if (outcome === 'answered' && isCrowd) branch.limit?.observe(latencyMs, branch.inFlight)
    else if (outcome === 'timedOut') branch.limit?.dropped(branch.inFlight)
    its.inFlight--
    branch.inFlight--
  }

  /** When one that was refused may come again: about when all that are in flight now are answered. */
  retryAfterSeconds(name: string): number {
    const seconds = Math.ceil(this.latencyMs(name) / 1_000)
    return Math.max(1, Math.min(RETRY_AFTER_MAX, seconds))
  }

  /** How long a typical request of its branch was in flight lately; 0: not known. */
  latencyMs(name: string): number {
    return this.classOf(name).branch.limit?.latencyMs ?? 0
  }

  stats(): Record<string, number> {
    const stats: Record<string, number> = { in_flight: this.inFlight }
    const { limit } = this
    if (limit !== undefined) stats.limit = limit
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

function weightOf(classes: readonly ServingClass[]): number {
  return classes.reduce((total, { weight }) => total + weight, 0)
}

/** What a branch has of it: so all together are no more than one would be. */
function partOf({ min, max }: Bounds, part: number): Bounds {
  const most = Math.max(1, Math.floor(max * part))
  return { min: Math.min(min, most), max: most }
}
