// The supervisor: owns a running topology's life, from opening to the summary. It reads counters and touches no message.

import { systemClock } from '../kernel/clock.js'
import { countText } from '../kernel/count-text.js'
import { within } from '../kernel/deadline.js'
import { MillraceError } from '../kernel/failure.js'
import { type BegunFiles, closeBegunFiles } from './begun-files.js'
import type { Hands } from './hands.js'
import { Inspector } from './inspector.js'
import type { LastErrors } from './last-errors.js'
import type { PlanMemory } from './memory.js'
import type { Plan } from './plan.js'
import type { Inspection, Progress, Running, Summary } from './running.js'
import type { Topology } from './types.js'

export type SupervisorOptions = {
  topology: Topology
  plan: Plan
  memory: PlanMemory
  hands: Hands
  errors: LastErrors
  admin?: Running['admin']
  begun?: BegunFiles | undefined
}

/** A stop by failure ends within 2 s (P7): so long may nacks and closing take, each. */
const FAILURE_MS = 900

export class Supervisor implements Running {
  readonly finished: Promise<Summary>
  readonly inspector: Inspector
  readonly admin: Running['admin']
  state: Inspection['state'] = 'running'
  endedMs: number | undefined
  failure: unknown
  private readonly topology: Topology
  private readonly plan: Plan
  private readonly memory: PlanMemory
  private readonly hands: Hands
  private readonly begun: BegunFiles | undefined
  private graceTimer: NodeJS.Timeout | undefined
  private resolve: (summary: Summary) => void = () => {}
  private reject: (error: Error) => void = () => {}

  constructor({ topology, plan, memory, hands, errors, admin, begun }: SupervisorOptions) {
    this.admin = admin
    this.inspector = new Inspector({ topology, plan, memory, hands, errors })
    this.begun = begun
    this.topology = topology
    this.plan = plan
    this.memory = memory
    this.hands = hands
    this.finished = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // Whoever waits is told; nobody has to wait.
    this.finished.catch(() => {})
  }

  /** Opens everything and begins. Rejects when something cannot be opened: then all is closed again. */
  async start(): Promise<void> {
    try {
      await this.hands.open({
        done: () => void this.end(),
        failed: (error) => void this.fail(error),
        stats: (stats) => Object.assign(this.inspector.endStats, stats),
      })
    } catch (error) {
      this.state = 'failed'
      await withinMs(FAILURE_MS, this.hands.stop())
      await this.hands.kill()
      throw error
    }
    this.hands.start()
  }

  drain(): Promise<Summary> {
    if (this.state === 'running') {
      this.state = 'draining'
      const { graceMs } = this.topology.limits
      this.graceTimer = setTimeout(() => this.heldOut(graceMs).catch((error) => this.fail(error)), graceMs)
      this.hands.drain()
    }
    return this.finished
  }

  async stop(): Promise<Summary> {
    if (this.isOver) return this.finished
    this.state = 'stopped'
    await this.close('stopped')
    this.resolve(this.summary())
    return this.finished
  }

  progress(): Progress {
    return this.inspector.progress(this.endedMs)
  }

  inspect(): Inspection {
    return this.inspector.inspect(this)
  }

  private get isOver(): boolean {
    return this.state === 'stopped' || this.state === 'failed'
  }

  /** Everything is settled. */
  private async end(): Promise<void> {
    if (this.isOver) return
    this.state = 'stopped'
    clearTimeout(this.graceTimer)
    this.endedMs = systemClock.now()
    try {
      await this.hands.stop()
    } catch (error) {
      this.state = 'failed'
      this.failure = error
      await this.hands.kill()
      this.reject(error as Error)
      return
    }
    await this.hands.kill()
    if (this.begun !== undefined) closeBegunFiles(this.begun, true)
    this.resolve(this.summary())
  }

  /** A stop by failure is not a drain: it nacks, closes, and says why (P7). */
  private async fail(error: Error): Promise<void> {
    if (this.isOver) return
    this.state = 'failed'
    this.failure = error
    await this.close(error.message)
    this.reject(error)
  }

  private async close(reason: string): Promise<void> {
    clearTimeout(this.graceTimer)
    this.endedMs = systemClock.now()
    await withinMs(FAILURE_MS, this.hands.abandon(reason))
    await withinMs(FAILURE_MS, this.hands.stop())
    await this.hands.kill()
    // It ends by itself: nobody in user code is to blame.
    if (this.begun !== undefined) closeBegunFiles(this.begun, false)
  }

  private summary(): Summary {
    const progress = this.progress()
    const refused = this.inspector.sum('refused')
    const rate = progress.acked / Math.max(1e-3, progress.elapsedMs / 1000)
    return { ...progress, name: this.topology.name, rate, ok: refused === 0 && progress.inFlight === 0 }
  }

  private async heldOut(graceMs: number): Promise<void> {
    const { topology, plan, memory } = this
    const { holdouts } = await import('./holdouts.js')
    const { inFlight } = this.progress()
    const all = holdouts(topology, plan, memory, this.inspector.counters)
    const by = all.length > 0 ? all.join(', ') : 'nobody has any in hand: they lie in the mailboxes'
    const what = `topology "${topology.name}": ${countText(inFlight)} records were still in flight ${countText(graceMs)} ms after the drain began (${by})`
    await this.fail(new MillraceError('ERR_DRAIN', what))
  }
}

/** Waits for something that may fail, but not for long. */
function withinMs(timeoutMs: number, promise: Promise<unknown>): Promise<unknown> {
  return within(
    timeoutMs,
    promise.catch(() => {}),
    () => {},
  )
}
