// The loop that turns actors, on a thread or inline: steps while there is work, yields to the event loop each millisecond (W3),
// and parks on its doorbell when there is none (W2). No other file knows about timers.

import type { Actor } from './actor.js'
import type { LoopClock } from './clock.js'
import type { Doorbell } from './doorbell.js'
import type { Pulse } from './pulse.js'

/** Work between two yields. */
const TURN_MS = 1
/**
 * Steps that find less than this are not worth going on: while the thread is parked, work gathers, and the bell rings once for
 * all of it.
 */
const WORTH_GOING_ON = 64
/** A lost wake-up would cost this much, once. */
const PARK_MS_MAX = 200
/** Keeps the event loop alive: a pending wait does not. */
const KEEP_ALIVE_MS = 2 ** 30

export class Runner {
  private readonly actors: readonly Actor[]
  private readonly bell: Doorbell
  private readonly clock: LoopClock
  private readonly pulse: Pulse
  private readonly worthGoingOn: number
  private readonly failed: (actor: Actor, error: unknown) => void
  private keepAlive: NodeJS.Timeout | undefined
  private running = false
  private parked = false
  /** True between a wake on this thread and its turn. */
  private woken = false
  /** The wait that is still to end, whatever has woken the thread since: the value that it waits on, and until when. */
  private waited: Promise<unknown> | undefined
  private waitedValue = 0
  private waitedUntilMs = 0

  /**
   * `isAlone`: there is no other thread, so that no work gathers while this one is parked.
   * `failed` is called when a step throws, which is a bug; the runner has stopped then.
   */
  constructor(
    actors: readonly Actor[],
    bell: Doorbell,
    pulse: Pulse,
    clock: LoopClock,
    isAlone: boolean,
    failed: (actor: Actor, error: unknown) => void,
  ) {
    this.actors = actors
    this.bell = bell
    this.clock = clock
    this.pulse = pulse
    this.worthGoingOn = isAlone ? 1 : WORTH_GOING_ON
    this.failed = failed
  }

  start(): void {
    this.running = true
    this.keepAlive = setInterval(() => {}, KEEP_ALIVE_MS)
    setImmediate(this.turn)
  }

  /** Steps no more. */
  stop(): void {
    this.running = false
    clearInterval(this.keepAlive)
    this.bell.signal()
  }

  /** Makes the actors step again soon. On their own thread; others ring the bell. */
  wake(): void {
    if (!this.parked || this.woken) return
    this.woken = true
    // On its own thread: a turn of the event loop is less than a signal through it.
    setImmediate(this.unparkAndTurn)
  }

  private readonly turn = (): void => {
    if (!this.running) return
    this.pulse.beat()
    const startedMs = this.clock.now()
    do {
      if (this.stepAll() < this.worthGoingOn) {
        this.park()
        return
      }
      // The clock went back in the first step if the loop could not turn before.
    } while (this.running && Math.abs(this.clock.now() - startedMs) < TURN_MS)
    this.ringAll()
    setImmediate(this.turn)
  }

  private stepAll(): number {
    let work = 0
    for (const actor of this.actors) {
      // A stop of the process hits a loop anywhere, and mostly while it works: between two steps, too, nobody may be late for it (H2).
      this.clock.turned()
      try {
        work += actor.step()
      } catch (error) {
        this.stop()
        this.failed(actor, error)
        return 0
      }
      if (!this.running) return 0
    }
    return work
  }

  private ringAll(): void {
    for (const actor of this.actors) actor.ring()
  }

  private park(): void {
    this.ringAll()
    if (!this.running) return
    const value = this.bell.arm()
    this.parked = true
    // W2: whatever was published before the flag was seen is found by stepping once more; for what comes later the bell rings.
    const waited = this.stepAll() < this.worthGoingOn ? this.wait(value) : undefined
    this.ringAll()
    if (waited === undefined) {
      this.unpark()
      if (!this.woken) setImmediate(this.turn)
    }
  }

  private wait(value: number): Promise<unknown> | undefined {
    let dueMs = Number.POSITIVE_INFINITY
    for (const actor of this.actors) dueMs = Math.min(dueMs, actor.dueMs())
    const nowMs = this.clock.now()
    const timeoutMs = Math.min(PARK_MS_MAX, dueMs - nowMs)
    if (timeoutMs <= 0) return undefined
    // A wait that was not needed goes on: one that is cancelled would stay, and a new one costs more than the work of a step.
    if (this.waited !== undefined && this.waitedValue === value && this.waitedUntilMs <= nowMs + timeoutMs)
      return this.waited
    const waited = this.bell.wait(value, timeoutMs)
    this.waited = waited
    this.waitedValue = value
    this.waitedUntilMs = nowMs + timeoutMs
    if (waited !== undefined) void waited.then(() => this.ended(waited))
    return waited
  }

  /** A wait has ended: by a ring, or by its time. */
  private ended(waited: Promise<unknown>): void {
    if (this.waited !== waited) return
    this.waited = undefined
    if (this.parked && !this.woken) this.unparkAndTurn()
  }

  private unpark(): void {
    this.parked = false
    this.bell.disarm()
  }

  private readonly unparkAndTurn = (): void => {
    this.woken = false
    this.unpark()
    this.turn()
  }
}
