// Who dies in a world, and where: between two events of a thread, or within one, at a crash point between two stores.

import type { Random } from '../kernel/clock.js'
import { CRASH_POINTS, type CrashPoint, setCrashHook } from '../kernel/crash.js'

/** A simulated death: thrown at a crash point, caught by the world alone. */
export class Crash {
  readonly point: CrashPoint
  constructor(point: CrashPoint) {
    this.point = point
  }
}

/** Where a death may be that is at no crash point. */
export type DeathPlace = CrashPoint | 'between two events' | 'promise pending' | 'renewed'

type Victim = { thread: object; isHere: (point: CrashPoint) => boolean; patience: number }

/** How far ahead a death may lie, in crash points. */
const DEPTH = 12
/** A victim that has not come to its crash point after so many events is let off. */
const PATIENCE = 200
/** How often somebody dies at the crash point in focus. */
const FOCUS_RATE = 0.2

export class Deaths {
  /** How often something died at each place. */
  readonly counts = new Map<DeathPlace, number>()
  private readonly random: Random
  private readonly focus: { point: CrashPoint; mayDie: (thread: object) => boolean } | undefined
  private victim: Victim | undefined

  /** `focus`: a crash point at which anybody dies, now and then: for those that are seldom come by. */
  constructor(random: Random, focus?: { point: CrashPoint; mayDie: (thread: object) => boolean }) {
    this.random = random
    this.focus = focus
  }

  get total(): number {
    let total = 0
    for (const count of this.counts.values()) total += count
    return total
  }

  count(place: DeathPlace): void {
    this.counts.set(place, (this.counts.get(place) ?? 0) + 1)
  }

  /** Chooses a thread's death: true where it dies at once, between two events. */
  choose(thread: object): boolean {
    if (this.victim !== undefined) return false
    const kind = this.random()
    if (kind < 0.25) return true
    this.victim = { thread, isHere: kind < 0.6 ? this.nth(DEPTH) : this.named(), patience: PATIENCE }
    return false
  }

  /** Lets a successor die while it opens the memory, sometimes. */
  chooseOpening(thread: object): void {
    if (this.random() < 0.2) this.victim = { thread, isHere: this.nth(6), patience: PATIENCE }
  }

  /** Runs an event of a thread; gives the crash point at which it died. */
  during(thread: object, event: () => void): CrashPoint | undefined {
    const { victim } = this
    if (victim?.thread === thread) this.arm(victim.isHere)
    else if (this.focus?.mayDie(thread))
      this.arm((point) => point === this.focus?.point && this.random() < FOCUS_RATE)
    try {
      event()
      return undefined
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown
      this.victim = undefined
      return thrown.point
    } finally {
      setCrashHook()
      if (victim !== undefined && --victim.patience <= 0) this.victim = undefined
    }
  }

  /** User code ends its thread: the event that goes on dies at the next crash point. */
  dieAtNextPoint(): void {
    setCrashHook((point) => {
      throw new Crash(point)
    })
  }

  private arm(isHere: Victim['isHere']): void {
    setCrashHook((point) => {
      if (isHere(point)) throw new Crash(point)
    })
  }

  private nth(depth: number): (point: CrashPoint) => boolean {
    let left = 1 + Math.floor(this.random() * depth)
    return () => --left === 0
  }

  private named(): (point: CrashPoint) => boolean {
    const name = CRASH_POINTS[Math.floor(this.random() * CRASH_POINTS.length)]
    let left = 1 + Math.floor(this.random() * 3)
    return (point) => point === name && --left === 0
  }
}
