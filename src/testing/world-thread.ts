// A thread of a world: its actors and its doorbell, turned as a runner turns them (W2): it steps while there is much to do; rings;
// arms its bell; steps once more; waits. Each of these is one event, so that other threads come in between, and so that it can die there.
// It runs again only when its bell has changed since it was armed, when something is due, or when the safety time-out is over.

import type { Actor } from '../kernel/actor.js'
import type { Random } from '../kernel/clock.js'
import type { Doorbell } from '../kernel/doorbell.js'
import { BELL_WORD } from '../kernel/layout.js'

/** As in the runner: less work than this is not worth going on, and no wait is longer. */
const WORTH_GOING_ON = 64
export const PARK_MS_MAX = 200

export type Phase = 'dead' | 'turn' | 'ring' | 'arm' | 'look' | 'last-ring' | 'wait'

/** `blamed`: numbers of the actors whose records it is held against (H1). */
export type WorldDeath = { reason: string; blamed: readonly number[] }

export type WorldThreadOptions = {
  name: string
  /** Numbers of its actors in the plan. */
  actorNumbers: readonly number[]
  hasReader: boolean
  bell: Doorbell
  random: Random
  now: () => number
  /** Chance that a ring is lost. */
  lostRate: number
}

export class WorldThread {
  readonly name: string
  readonly actorNumbers: readonly number[]
  readonly bell: Doorbell
  /** Number of its life, from 0. */
  incarnation = 0
  actors: Actor[] = []
  /** True once its reader has nothing left to do, or where it has none. */
  isDone: boolean
  phase: Phase = 'dead'
  /** When a successor of the dead opens. */
  restartMs = 0
  /** How the life before ended, for its successor. */
  death: WorldDeath | undefined
  /** Why an actor asked for a new thread. */
  renewal: string | undefined
  /** True while its event loop is free: only then a promise can tell it anything. */
  isYielding = true
  /** Rings that were lost, in all its lives. */
  lostRings = 0
  /** The actor that has stepped last, and what it did. */
  stepped: { number: number; work: number } | undefined
  private readonly options: WorldThreadOptions
  private readonly words: Int32Array
  private next = 0
  private work = 0
  private armed = 0
  private wakeMs = 0
  private dueMs = 0
  private hasHeard = false
  private hasLost = false
  /** True in a turn in which there must be nothing to do. */
  private isProbe = false

  constructor(options: WorldThreadOptions) {
    this.options = options
    this.name = options.name
    this.actorNumbers = options.actorNumbers
    this.bell = options.bell
    this.isDone = !options.hasReader
    this.words = new Int32Array(options.bell.memory)
  }

  /** Begins a life with these actors. */
  open(actors: Actor[]): void {
    this.actors = actors
    this.begin()
    this.isProbe = false
  }

  /** It is gone, wherever it was. */
  die(restartMs: number, death: WorldDeath): void {
    // Whoever dies while it opens has not understood the death before it.
    if (this.phase !== 'dead') this.death = death
    this.phase = 'dead'
    this.renewal = undefined
    this.restartMs = restartMs
    this.incarnation++
    this.isDone = !this.options.hasReader
    this.actors = []
    this.isYielding = false
  }

  /** Makes it step again soon, if it is parked. */
  wake(): void {
    if (this.phase === 'look' || this.phase === 'last-ring' || this.phase === 'wait') this.bell.signal()
  }

  /**
   * Wakes it for nothing, as may happen at any time, where all are quiet and no ring to it was lost: in its next turn there must be
   * nothing to do. Says whether it was woken.
   */
  probe(): boolean {
    if (this.phase !== 'wait' || this.hasHeard || this.hasLost || this.dueMs <= this.options.now())
      return false
    this.isProbe = true
    return true
  }

  /** Somebody has done something: now there may be something to do. */
  cancelProbe(): void {
    this.isProbe = false
  }

  get isProbed(): boolean {
    return this.isProbe
  }

  /** Tells whether its next event may happen now. */
  isRunnable(): boolean {
    const nowMs = this.options.now()
    if (this.phase === 'dead') return this.restartMs <= nowMs
    return this.phase !== 'wait' || this.hasRung() || this.wakeMs <= nowMs
  }

  /** When its next event may happen, as it looks now. */
  get nextMs(): number {
    return this.phase === 'dead' ? this.restartMs : this.wakeMs
  }

  /** Its next event. Throws what an actor throws. Gives a sentence where it had something to do that nobody had rung for. */
  advance(): string | undefined {
    this.stepped = undefined
    switch (this.phase) {
      case 'turn':
      case 'look':
        return this.stepNext()
      case 'ring':
        this.ringAll()
        this.phase = 'arm'
        return undefined
      case 'arm':
        this.armed = this.bell.arm()
        this.phase = 'look'
        return undefined
      case 'last-ring':
        this.ringAll()
        this.wait()
        return undefined
      default:
        this.unpark()
        return undefined
    }
  }

  private stepNext(): string | undefined {
    this.isYielding = false
    const number = this.next++
    const work = this.actors[number].step()
    this.work += work
    this.stepped = { number: this.actorNumbers[number], work }
    if (work > 0 && this.isProbe && this.dueMs > this.options.now()) {
      this.isProbe = false
      return `${this.actors[number].name} had something to do, and nobody had rung for it: a wake-up was lost`
    }
    if (this.next === this.actors.length) this.endRound()
    return undefined
  }

  private endRound(): void {
    const { work, phase } = this
    this.next = 0
    this.work = 0
    this.isProbe = false
    if (phase === 'look') this.phase = work < WORTH_GOING_ON ? 'last-ring' : 'turn'
    else if (work < WORTH_GOING_ON) this.phase = 'ring'
    // The end of a turn, by time: it rings and yields.
    else if (this.options.random() < 0.5) this.yieldNow()
    if (phase === 'look' && this.phase === 'turn') this.yieldNow()
  }

  private yieldNow(): void {
    this.ringAll()
    this.bell.disarm()
    this.begin()
  }

  private wait(): void {
    const nowMs = this.options.now()
    this.dueMs = Number.POSITIVE_INFINITY
    for (const actor of this.actors) this.dueMs = Math.min(this.dueMs, actor.dueMs())
    if (this.dueMs <= nowMs) {
      this.bell.disarm()
      this.begin()
      return
    }
    this.phase = 'wait'
    this.isYielding = true
    this.wakeMs = Math.min(this.dueMs, nowMs + PARK_MS_MAX)
    this.hasHeard = this.hasLost = false
  }

  private unpark(): void {
    this.bell.disarm()
    this.begin()
  }

  private begin(): void {
    this.phase = 'turn'
    this.isYielding = true
    this.next = 0
    this.work = 0
  }

  private ringAll(): void {
    for (const actor of this.actors) actor.ring()
  }

  /** A ring that is lost has changed the bell and woken nobody: only the safety time-out helps. */
  private hasRung(): boolean {
    if (this.hasHeard || this.words[BELL_WORD] === this.armed) return this.hasHeard
    if (this.options.random() < this.options.lostRate) {
      this.armed = this.words[BELL_WORD]
      this.hasLost = true
      this.lostRings++
    } else this.hasHeard = true
    return this.hasHeard
  }
}
