// Keeps one thread of the plan alive. When it dies, a successor opens the same memory and goes on (H4); when its loop is stuck in
// user code, it is ended (H2). Everything begins with the worker's exit: not before it may a mailbox change its owner (C6).

import { systemClock } from '../kernel/clock.js'
import {
  exitCodeOf,
  fromErrorRecord,
  isMillraceError,
  MillraceError,
  messageOf,
  toErrorRecord,
} from '../kernel/failure.js'
import { createLog, type Log } from '../kernel/log.js'
import { Pulse } from '../kernel/pulse.js'
import type { Exit, Threads } from '../kernel/threads.js'
import { Watchdog } from '../kernel/watchdog.js'
import { isBlamed, makesSuspects } from './blame.js'
import type { Reports, ThreadHandsOptions, ThreadView } from './hands.js'
import { endsWithin } from './last-resort.js'
import type { CrewLife } from './life.js'
import { readersOf } from './plan.js'
import { DEATHS_MAX, DEATHS_WITHIN_MS, Restarts } from './restarts.js'
import { ThreadLink } from './thread-link.js'
import { stuckIn } from './user-code.js'

export type KeeperOptions = ThreadHandsOptions & { thread: string }

/** For importing the module and opening what the thread hosts. */
const OPEN_MS = 60_000
const STOP_MS = 10_000
/** How long a terminated thread may take to exit. */
const EXIT_MS = 5_000

export class ThreadKeeper {
  private readonly options: KeeperOptions
  private readonly threads: Threads
  private readonly reports: Reports
  private readonly log: Log
  private readonly pulse: Pulse
  private readonly cells: SharedArrayBuffer[]
  private readonly restarts = new Restarts()
  private link: ThreadLink
  private watchdog: Watchdog
  private incarnation = 0
  private state: 'opening' | 'running' | 'down' | 'leaving' = 'opening'
  /** True once its reader has nothing left to do, or where it has none. */
  isDone: boolean
  private isDraining = false
  /** Why it was ended by us. */
  private endedFor: { reason: string; isRenewal: boolean } | undefined
  private lastDeath: string | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(options: KeeperOptions, threads: Threads, reports: Reports) {
    const { plan, memory, thread, life } = options
    this.options = options
    this.threads = threads
    this.reports = reports
    this.log = createLog(options.log, 'supervisor', 'main')
    this.pulse = new Pulse(memory.pulses[plan.threads.indexOf(thread)])
    this.cells = memory.cells.filter((_, index) => plan.actors[index].thread === thread)
    this.watchdog = new Watchdog(this.pulse, this.cells)
    this.isDone = this.hasNoReader
    this.link = this.begin(life)
  }

  get view(): ThreadView {
    const { thread } = this.options
    const { incarnation, lastDeath, state } = this
    return { thread, isDown: state === 'down', restarts: incarnation, ...(lastDeath && { lastDeath }) }
  }

  /** Opens what the thread hosts, in its first life; rejects with what could not be opened. */
  open(): Promise<void> {
    return this.link.call((api) => api.open(), OPEN_MS)
  }

  start(): void {
    if (this.state === 'leaving') return
    this.state = 'running'
    this.link.tell((api) => api.start())
    if (this.isDraining) this.link.tell((api) => api.drain())
  }

  drain(): void {
    this.isDraining = true
    if (this.state === 'running') this.link.tell((api) => api.drain())
  }

  async abandon(reason: string): Promise<void> {
    if (this.state === 'running') await this.link.call((api) => api.abandon(reason), STOP_MS)
  }

  /** Closes what the thread hosts; it has no successor. */
  async stop(): Promise<void> {
    const wasDown = this.state === 'down'
    this.state = 'leaving'
    clearTimeout(this.timer)
    if (wasDown) return
    try {
      await this.link.call((api) => api.stop(), STOP_MS)
    } catch (error) {
      // One that died on the way leaves nothing open, if it has only handlers.
      if (!this.hasOnlyMappers) throw error
    } finally {
      this.link.close()
    }
    await this.link.ended
  }

  /** No successor from here on. */
  leave(): void {
    this.state = 'leaving'
    clearTimeout(this.timer)
  }

  /** Looks whether its loop is stuck; called at least each `everyMs`. */
  look(nowMs: number, everyMs: number): void {
    if (this.state !== 'running' || this.endedFor !== undefined) return
    const stuckMs = this.watchdog.look(nowMs, everyMs)
    const { plan, memory, topology, thread } = this.options
    const reason = stuckMs === 0 ? undefined : stuckIn(topology, plan, memory, thread, stuckMs)
    if (reason !== undefined) this.terminate(reason, false)
  }

  private get hasNoReader(): boolean {
    const { plan, thread } = this.options
    return readersOf(plan).every((reader) => reader.thread !== thread)
  }

  private get hasOnlyMappers(): boolean {
    const { plan, thread } = this.options
    return plan.actors.every((actor) => actor.thread !== thread || actor.kind === 'mapper')
  }

  private begin(life: CrewLife): ThreadLink {
    const { module, fingerprint, replay, plan, memory, thread, log, logLevel } = this.options
    const task = { module, fingerprint, replay, plan, memory, thread, logLevel, life }
    const link = new ThreadLink(this.threads, task, this.pulse, {
      log,
      done: () => {
        this.isDone = true
        this.reports.done()
      },
      failed: (error) => this.reports.failed(fromErrorRecord(error)),
      stats: (stats) => this.reports.stats(stats),
      renew: (reason) => {
        if (this.link === link) this.terminate(reason, true)
      },
    })
    void link.ended.then((exit) => this.ended(link, exit))
    return link
  }

  private terminate(reason: string, isRenewal: boolean): void {
    if (this.state === 'leaving' || this.endedFor !== undefined) return
    const { thread } = this.options
    this.endedFor = { reason, isRenewal }
    this.link.terminate()
    void endsWithin(EXIT_MS, this.link.ended, `thread ${thread} cannot be ended (${reason})`)
  }

  private ended(link: ThreadLink, exit: Exit): void {
    link.close()
    if (this.link !== link || this.state === 'leaving' || this.state === 'opening') return
    const { plan, memory, thread } = this.options
    const reason = this.endedFor?.reason ?? reasonOf(exit)
    const error = exit.finished || exit.error === undefined ? undefined : toErrorRecord(exit.error)
    const isRenewal = this.endedFor?.isRenewal === true
    const indices = plan.actors.flatMap((actor, i) => (actor.thread === thread ? [i] : []))
    const blamed = isRenewal ? [] : indices.filter((i) => isBlamed(plan, memory, i))
    const names = blamed.map((i) => plan.actors[i].name)
    const isExplained = isRenewal || makesSuspects(plan, memory, thread)
    this.down(reason, isExplained, { reason, error, blamed: names })
  }

  private down(reason: string, isExplained: boolean, death: NonNullable<CrewLife['death']>): void {
    const { thread } = this.options
    this.state = 'down'
    this.isDone = this.hasNoReader
    this.endedFor = undefined
    this.lastDeath = reason
    const delayMs = this.restarts.after(systemClock.now(), isExplained)
    if (delayMs === undefined) {
      const what = `thread ${thread}: died ${DEATHS_MAX} times within ${DEATHS_WITHIN_MS / 1_000} s, the last time it ${reason}`
      this.reports.failed(new MillraceError('ERR_THREAD', what, { cause: death.error }))
      return
    }
    const fields = { thread, restart: this.incarnation + 1, ...(delayMs > 0 && { delayMs }) }
    this.log.warn(`thread ${thread} ${reason}; another goes on where it was`, fields)
    this.timer = setTimeout(() => void this.restart(death), delayMs)
  }

  private async restart(death: NonNullable<CrewLife['death']>): Promise<void> {
    this.incarnation++
    const { incarnation } = this
    const life = { ...this.options.life, incarnation, death }
    this.watchdog = new Watchdog(this.pulse, this.cells)
    this.state = 'opening'
    const link = this.begin(life)
    this.link = link
    try {
      await link.call((api) => api.open(), OPEN_MS)
      if (this.link === link) this.start()
    } catch (error) {
      await this.openFailed(link, error, death)
    }
  }

  /** What cannot be opened now may be openable later; a definition that has changed may not be run at all. */
  private async openFailed(
    link: ThreadLink,
    error: unknown,
    death: NonNullable<CrewLife['death']>,
  ): Promise<void> {
    if (this.state === 'leaving') return
    link.close()
    link.terminate()
    await endsWithin(EXIT_MS, link.ended, `thread ${this.options.thread} cannot be ended`)
    if ((this.state as string) === 'leaving') return
    const isHopeless = isMillraceError(error) && error.code !== 'ERR_OPEN' && exitCodeOf(error) === 2
    if (isHopeless) this.reports.failed(error as Error)
    else this.down(`could not start again: ${messageOf(error)}`, false, death)
  }
}

function reasonOf(exit: Exit): string {
  if (exit.finished) return 'ended by itself'
  if (exit.error !== undefined) return `died of an error that nobody caught: ${messageOf(exit.error)}`
  return `exited with code ${exit.code ?? 'unknown'}`
}
