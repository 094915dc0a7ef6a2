// A world: the real actors and mailboxes of a topology in one loop, under a clock that only the world moves and a scheduler that goes
// by a seed. Threads turn as their runner turns them, wait on their doorbells, and die wherever it matters; a successor opens the same
// memory. Time goes on only when nothing can happen without it.

import type { Actor } from '../kernel/actor.js'
import type { Random } from '../kernel/clock.js'
import { Doorbell } from '../kernel/doorbell.js'
import { mix } from '../kernel/shares.js'
import { createMemory, type PlanMemory } from '../topology/memory.js'
import type { Plan } from '../topology/plan.js'
import { Blame } from './world-blame.js'
import { buildInWorld, type WorldBuild } from './world-build.js'
import { Calls } from './world-calls.js'
import { type DeathPlace, Deaths } from './world-deaths.js'
import { boundsProblem, heldText } from './world-memory.js'
import type { WorldOptions } from './world-options.js'
import { worldPlan } from './world-plan.js'
import { WorldThread } from './world-thread.js'

const RESTART_MS = 20
const REST_EVENTS_MAX = 500
const TICKS_PER_MS = 1024
/** How often it is checked that whoever waits has nothing to do. */
const PROBE_RATE = 0.2

export class World {
  nowMs = 0
  events = 0
  failure: Error | undefined
  /** A number for the order in which things happened: the same schedule has the same. */
  schedule = 0
  readonly memory: PlanMemory
  readonly plan: Plan
  readonly threads: readonly WorldThread[]
  readonly calls: Calls
  /** What user code that ends its thread returns: nobody waits for it. */
  readonly never: Promise<never> = new Promise(() => {})
  private readonly options: WorldOptions
  private readonly random: Random
  private readonly runKey: readonly [number, number]
  private readonly deaths: Deaths
  private readonly paces: readonly number[]
  private current: WorldThread
  /** Actors of the dead that step once more, each as often as it is here. */
  private ghosts: Actor[] = []
  /** True while user code ends its own thread. */
  private isKilled = false
  private readonly blame: Blame
  /** The thread whose source or sinks are being opened. */
  private opening: WorldThread | undefined
  private wasProbed = false

  constructor(options: WorldOptions) {
    const { random } = options
    this.options = options
    this.random = random
    this.runKey = [(random() * 2 ** 32) | 0, (random() * 2 ** 32) | 0]
    this.plan = worldPlan(options)
    this.memory = createMemory(this.plan, options.start)
    this.blame = new Blame(this.plan, this.memory, options.topology.limits.poisonAfter)
    const { focus, lostRate = 0 } = options
    this.deaths = new Deaths(
      random,
      focus && { point: focus, mayDie: (thread) => this.mayDie(thread as WorldThread) },
    )
    const now = () => this.clockMs
    const delayMs = options.delayMs ?? (() => (random() < 0.5 ? 0 : random() * 4))
    this.calls = new Calls({ random, now, delayMs, realMsMax: options.realMsMax ?? 5_000 })
    this.threads = this.plan.threads.map((name, number) => {
      const actorNumbers = this.plan.actors.flatMap((actor, i) => (actor.thread === name ? [i] : []))
      const bell = new Doorbell(this.memory.bells[number])
      const hasReader = actorNumbers.some((i) => this.plan.actors[i].kind === 'reader')
      return new WorldThread({ name, actorNumbers, hasReader, bell, random, now, lostRate })
    })
    // Some threads are slow: what happens only when one lags far behind must happen, too.
    this.paces = this.threads.map(() => (random() < 0.25 ? 0.05 : 1))
    this.current = this.threads[0]
  }

  /** How often something died at each place. */
  get crashes(): ReadonlyMap<DeathPlace, number> {
    return this.deaths.counts
  }

  get lostRings(): number {
    return this.threads.reduce((sum, thread) => sum + thread.lostRings, 0)
  }

  /** For handlers and sinks: a promise of a value that the scheduler fulfils some time later, unless its thread dies first. */
  later<Value>(value: Value): Promise<Value> {
    return this.calls.later(this.current, value)
  }

  /** Puts the scheduler between a promise of user code and the actor that waits for it; `told` is called when the actor is told. */
  gate<Value>(promise: PromiseLike<Value>, told?: () => void): Promise<Value> {
    if (promise === this.never) return this.never
    return this.calls.gate(this.current, promise, told)
  }

  /** For user code that ends its own thread. */
  die(): void {
    this.isKilled = true
    this.deaths.dieAtNextPoint()
  }

  /** A promise that ends its thread some time later, and never settles. */
  dieLater(): Promise<never> {
    const thread = this.current
    this.calls.act(thread, () => this.kill(thread, 'promise pending'))
    return this.never
  }

  get currentThread(): string {
    return this.current.name
  }

  /** Runs until everything that the source gave is settled. Throws when nothing moves any more, or when the topology fails. */
  async run(): Promise<void> {
    const { eventsMax = 200_000 } = this.options
    while (!this.threads.every(({ isDone }) => isDone)) {
      if (this.failure !== undefined) throw this.failure
      if (this.events++ > eventsMax) throw new Error(`not done after ${eventsMax} events: ${this.stuck}`)
      this.killSomebody()
      const yielded = this.happen()
      if (this.opening !== undefined) await this.opened(this.opening)
      if (yielded) {
        await flushed()
        await this.calls.settled()
      }
    }
    if (this.failure !== undefined) throw this.failure
    await this.rest()
  }

  /** Lets everybody finish what can be done at once: then what is left over is seen. */
  private async rest(): Promise<void> {
    const canGoOn = () => this.threads.some((thread) => thread.isRunnable()) || this.calls.countDue() > 0
    for (let i = 0; i < REST_EVENTS_MAX && canGoOn() && this.failure === undefined; i++) {
      this.happen()
      if (this.opening !== undefined) await this.opened(this.opening)
      await flushed()
    }
  }

  /** One event: of a thread, a promise, or the clock. Says whether an event loop was free after it. */
  private happen(): boolean {
    if (this.ghosts.length > 0 && this.random() < 0.2) this.ghosts.pop()?.step()
    const probed = this.threads.find((thread) => thread.isProbed)
    if (probed !== undefined) return this.advance(probed)
    const runnable = this.threads.filter((thread) => thread.isRunnable())
    const due = this.calls.countDue()
    if (runnable.length + due === 0) {
      this.passTime()
      return false
    }
    for (;;) {
      const pick = Math.floor(this.random() * (runnable.length + due))
      if (pick >= runnable.length) {
        this.note(101 + pick)
        this.current = this.calls.tell(pick - runnable.length)
        return true
      }
      const thread = runnable[pick]
      const number = this.threads.indexOf(thread)
      if (this.paces[number] < 1 && runnable.length + due > 1 && this.random() > this.paces[number]) continue
      this.note(1 + number)
      return this.advance(thread)
    }
  }

  /** Says whether the thread's event loop was free after it. */
  private advance(thread: WorldThread): boolean {
    this.current = thread
    if (thread.phase === 'dead') this.opening = thread
    else this.turn(thread)
    return thread.isYielding
  }

  private turn(thread: WorldThread): void {
    let problem: string | undefined
    const point = this.deaths.during(thread, () => {
      problem = thread.advance()
    })
    if (point !== undefined) {
      this.kill(thread, point)
      return
    }
    if (problem !== undefined) this.failure ??= new Error(`I7: ${problem}`)
    const { stepped } = thread
    if (stepped !== undefined) this.afterStep(thread, stepped)
    if (thread.renewal !== undefined) this.kill(thread, 'renewed')
  }

  private afterStep(thread: WorldThread, stepped: { number: number; work: number }): void {
    if (stepped.work > 0) for (const each of this.threads) each.cancelProbe()
    this.options.story?.stepped(this, thread, stepped)
    this.options.observer?.stepped(stepped.number)
    const outside = boundsProblem(this.plan, this.memory, stepped.number)
    if (outside !== undefined) this.failure ??= new Error(`I8: ${outside}`)
  }

  private killSomebody(): void {
    const { crashRate = 0 } = this.options
    if (crashRate === 0 || this.random() >= crashRate) return
    const thread = this.threads[Math.floor(this.random() * this.threads.length)]
    if (thread.phase === 'dead' || !this.mayDie(thread)) return
    if (this.deaths.choose(thread)) this.kill(thread, 'between two events')
  }

  private mayDie(thread: WorldThread): boolean {
    const { mayCrash, deathsMax = Number.POSITIVE_INFINITY } = this.options
    return this.deaths.total < deathsMax && (mayCrash?.(thread.name) ?? true)
  }

  /** The thread is gone with all of its actors: its promises never settle. */
  private kill(thread: WorldThread, place: DeathPlace): void {
    this.note(201 + this.threads.indexOf(thread))
    this.deaths.count(place)
    this.options.story?.died(this, thread, place)
    this.calls.forget(thread)
    for (const each of this.threads) each.cancelProbe()
    if (this.options.hasGhosts) this.ghosts = thread.actors.flatMap((actor) => [actor, actor, actor])
    const restartMs = this.nowMs + (this.random() < 0.5 ? 0 : this.random() * RESTART_MS)
    thread.die(restartMs, this.blame.of(thread, place, this.isKilled))
    this.isKilled = false
    this.options.observer?.died(thread, place)
  }

  /** A successor opens the memory; it may die over it, too. */
  private async opened(thread: WorldThread): Promise<void> {
    this.opening = undefined
    this.current = thread
    await this.options.open?.(this, thread)
    if (thread.incarnation > 0) this.deaths.chooseOpening(thread)
    const actors: Actor[] = []
    const build = this.parts()
    const point = this.deaths.during(thread, () => {
      for (const number of thread.actorNumbers) actors.push(buildInWorld(build, thread, number))
    })
    if (point !== undefined) {
      this.kill(thread, point)
      return
    }
    thread.open(actors)
    this.options.story?.opened(this, thread)
    this.options.observer?.opened(thread)
  }

  private parts(): WorldBuild {
    const { options, plan, memory, runKey } = this
    return {
      options,
      plan,
      memory,
      runKey,
      now: () => this.clockMs,
      failed: (error) => {
        this.failure ??= error
      },
      logged: (thread, record) => options.story?.logged(this, thread, record),
    }
  }

  /** Nothing can happen now: the clock goes to when something can. Before, whoever waits must have nothing to do (W2). */
  private passTime(): void {
    // What the dead owe in rings, their successors ring for.
    const areAllAlive = this.threads.every(({ phase }) => phase !== 'dead')
    if (!this.wasProbed && areAllAlive && this.random() < PROBE_RATE) {
      this.wasProbed = true
      for (const thread of this.threads) thread.probe()
      return
    }
    this.wasProbed = false
    const nextMs = Math.min(this.calls.nextMs, ...this.threads.map((thread) => thread.nextMs))
    if (nextMs === Number.POSITIVE_INFINITY) throw new Error(`nothing can happen any more: ${this.stuck}`)
    this.note(nextMs)
    this.nowMs = Math.max(this.nowMs, Math.ceil(nextMs * TICKS_PER_MS) / TICKS_PER_MS)
  }

  private note(what: number): void {
    this.schedule = mix(this.schedule ^ (what * 0x9e3779b1))
  }

  /** In whole ticks, so that a sum of times and its parts agree, as they do not when they are rounded. */
  private get clockMs(): number {
    return Math.floor(this.nowMs * TICKS_PER_MS) / TICKS_PER_MS
  }

  private get stuck(): string {
    return `${heldText(this.plan, this.memory)}; ${this.calls.size} promises pending`
  }
}

/** Lets every promise that is settled run its reactions. */
function flushed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
