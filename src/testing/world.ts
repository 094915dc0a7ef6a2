// A world: the real actors and mailboxes of a topology in one loop, under a clock that only the world moves and a scheduler
// that goes by a seed. Any actor can be made to die between two stores; its successor opens the same memory.

import type { Actor, Host } from '../kernel/actor.js'
import type { Random } from '../kernel/clock.js'
import { setCrashHook } from '../kernel/crash.js'
import { RELEASE_WORD, TAIL_WORD } from '../kernel/layout.js'
import { createLog } from '../kernel/log.js'
import { createMemory, type MemoryStart, type PlanMemory } from '../topology/memory.js'
import { type Plan, planOf } from '../topology/plan.js'
import type { Topology } from '../topology/types.js'
import { buildActor } from '../topology/wire.js'

export type WorldOptions = {
  topology: Topology
  random: Random
  /** Capacity of each mailbox; default: by limits.messageBytes. */
  capacityBytes?: number
  /** Where positions and sequences begin: near the wrap, say. */
  start?: MemoryStart
  /** Chance that an actor dies within a step, 0 to 1. */
  crashRate?: number
  /** Which actors may die. */
  mayCrash?: (name: string) => boolean
  /** Steps after which the world gives up. */
  stepsMax?: number
}

/** A simulated death: thrown at a crash point, caught by the world alone. */
class Crash {
  readonly point: string
  constructor(point: string) {
    this.point = point
  }
}

type Pending = { actor: number; incarnation: number; settle: () => void }

/** How far into a step a death may lie, in crash points. */
const CRASH_DEPTH = 12

export class World {
  nowMs = 0
  steps = 0
  failure: Error | undefined
  /** How often an actor died at each crash point. */
  readonly crashes = new Map<string, number>()
  readonly memory: PlanMemory
  readonly plan: Plan
  private readonly options: WorldOptions
  private readonly random: Random
  private readonly actors: Actor[] = []
  private readonly incarnations: number[] = []
  private readonly runKey: readonly [number, number]
  private current = 0
  private pending: Pending[] = []
  private done = false
  /** Actors that asked for a new thread. */
  private readonly renewed = new Set<number>()

  constructor(options: WorldOptions) {
    this.options = options
    this.random = options.random
    this.runKey = [(options.random() * 2 ** 32) | 0, (options.random() * 2 ** 32) | 0]
    const plan = planOf({ ...options.topology, inline: false })
    const capacityBytes = options.capacityBytes
    this.plan =
      capacityBytes === undefined
        ? plan
        : { ...plan, mailboxes: plan.mailboxes.map((each) => ({ ...each, capacityBytes })) }
    this.memory = createMemory(this.plan, options.start)
    this.plan.actors.forEach((_, index) => {
      this.incarnations[index] = 0
      this.build(index)
    })
  }

  /** For handlers and sinks: a promise of a value that the scheduler fulfils some time later, unless its actor dies first. */
  later<Value>(value: Value): Promise<Value> {
    const actor = this.current
    return new Promise((resolve) => {
      this.pending.push({ actor, incarnation: this.incarnations[actor], settle: () => resolve(value) })
    })
  }

  /** Runs until everything that the source gave is settled. Throws when nothing moves any more, or when the topology fails. */
  async run(): Promise<void> {
    const { stepsMax = 200_000 } = this.options
    while (!this.done) {
      if (this.failure !== undefined) throw this.failure
      if (this.steps++ > stepsMax) throw new Error(`not done after ${stepsMax} steps: ${this.stuck()}`)
      const index = Math.floor(this.random() * this.actors.length)
      const work = this.step(index)
      if (this.renewed.delete(index)) this.crash(index, 'renewed')
      if (work > 0 && this.random() < 0.7) continue
      if (this.pending.length > 0 && this.random() < 0.5) await this.settleOne()
      else if (this.random() < 0.2) await this.settleOrWait()
    }
    if (this.failure !== undefined) throw this.failure
  }

  private step(index: number): number {
    const { crashRate = 0, mayCrash } = this.options
    this.current = index
    const dies = this.random() < crashRate && (mayCrash?.(this.plan.actors[index].name) ?? true)
    if (!dies) return this.actors[index].step()
    let left = 1 + Math.floor(this.random() * CRASH_DEPTH)
    setCrashHook((point) => {
      if (--left === 0) throw new Crash(point)
    })
    try {
      const work = this.actors[index].step()
      setCrashHook()
      return work
    } catch (thrown) {
      setCrashHook()
      if (!(thrown instanceof Crash)) throw thrown
      this.crash(index, thrown.point)
      return 1
    }
  }

  /** The actor is gone: its promises never settle. Its successor may die while it opens the memory, too. */
  private crash(index: number, point: string): void {
    this.crashes.set(point, (this.crashes.get(point) ?? 0) + 1)
    this.incarnations[index]++
    this.pending = this.pending.filter((each) => each.actor !== index)
    if (this.random() < 0.2) {
      let left = 1 + Math.floor(this.random() * 3)
      setCrashHook((at) => {
        if (--left === 0) throw new Crash(at)
      })
    }
    try {
      this.build(index)
      setCrashHook()
    } catch (thrown) {
      setCrashHook()
      if (!(thrown instanceof Crash)) throw thrown
      this.crash(index, thrown.point)
    }
  }

  private build(index: number): void {
    this.current = index
    const life = {
      runKey: this.runKey,
      incarnation: this.incarnations[index],
      epoch: 1,
      onDone: () => this.finish(),
    }
    this.actors[index] = buildActor(
      this.options.topology,
      this.plan,
      this.memory,
      index,
      this.host(index),
      life,
    )
  }

  private host(index: number): Host {
    const incarnation = this.incarnations[index]
    return {
      clock: { now: () => this.nowMs },
      random: this.random,
      log: createLog(() => {}, this.plan.actors[index].name, 'world'),
      wake: () => {},
      renew: () => {
        this.renewed.add(index)
      },
      fail: (error) => {
        if (this.incarnations[index] === incarnation) this.failure ??= error
      },
    }
  }

  /** What each mailbox holds, for the error of a world that does not end. */
  private stuck(): string {
    const held = this.plan.mailboxes.map(({ from, to }, i) => {
      const words = new Int32Array(this.memory.mailboxes[i])
      return `${from}→${to} ${(words[TAIL_WORD] - words[RELEASE_WORD]) | 0}`
    })
    return `bytes held: ${held.join(', ')}; ${this.pending.length} promises pending`
  }

  private finish(): void {
    this.done = true
  }

  private async settleOne(): Promise<void> {
    const [chosen] = this.pending.splice(Math.floor(this.random() * this.pending.length), 1)
    this.current = chosen.actor
    chosen.settle()
    await flushed()
  }

  /** Nothing to do for whom was chosen: time goes on, by a lot only where nobody's answer is awaited. */
  private async settleOrWait(): Promise<void> {
    await flushed()
    let dueMs = Number.POSITIVE_INFINITY
    for (const actor of this.actors) dueMs = Math.min(dueMs, actor.dueMs())
    if (dueMs <= this.nowMs || dueMs === Number.POSITIVE_INFINITY) return
    this.nowMs = this.pending.length === 0 && this.random() < 0.5 ? dueMs : Math.min(dueMs, this.nowMs + 1)
  }
}

/** Lets every promise that is settled run its reactions. */
function flushed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
