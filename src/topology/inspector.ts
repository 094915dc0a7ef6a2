// What is seen of a running topology from the main thread: it reads counters and mailboxes, and disturbs nobody.

import { systemClock, wallClockMs } from '../kernel/clock.js'
import { type CounterName, Counters, type RootAccount, type TimeName } from '../kernel/counters.js'
import { isMillraceError, messageOf } from '../kernel/failure.js'
import { HISTOGRAM_BUCKETS, quantileOf } from '../kernel/histogram.js'
import { usedBytesOf } from '../kernel/occupancy.js'
import type { Hands, ThreadView } from './hands.js'
import type { LastErrors } from './last-errors.js'
import type { PlanMemory } from './memory.js'
import { type ActorKind, type Plan, type PlannedActor, readersOf } from './plan.js'
import { Recent } from './recent.js'
import { roleOf } from './role-of.js'
import type { ActorView, Inspection, Progress } from './running.js'
import type { EndStats } from './stats-of.js'
import type { Stage, Topology } from './types.js'

export type InspectorOptions = {
  topology: Topology
  plan: Plan
  memory: PlanMemory
  hands: Hands
  errors: LastErrors
}

/** How the topology stands, as its supervisor knows it. */
export type Standing = { state: Inspection['state']; endedMs: number | undefined; failure: unknown }

const NO_ROOTS: RootAccount = { read: 0, acked: 0, nacked: 0, inFlight: 0, abandoned: 0 }

/** What the latency of each kind of actor is of. */
const TIME_OF: Record<ActorKind, TimeName | undefined> = {
  reader: 'processing',
  mapper: 'call',
  forwarder: undefined,
  sink: 'write',
}

export class Inspector {
  /** One an actor of the plan. */
  readonly counters: readonly Counters[]
  /** What source and sinks said of themselves last. */
  readonly endStats: EndStats = {}
  private readonly options: InspectorOptions
  private readonly readers: readonly Counters[]
  private readonly recents: readonly Recent[]
  private readonly startedMs = systemClock.now()
  private readonly startedAt = new Date(wallClockMs()).toISOString()
  /** Of each reader. */
  private readonly lastRoots: RootAccount[]
  private lastResidentBytes = 0

  constructor(options: InspectorOptions) {
    const { plan, memory } = options
    this.options = options
    this.counters = memory.counters.map((each) => new Counters(each))
    this.readers = readersOf(plan).map((reader) => this.counters[plan.actors.indexOf(reader)])
    this.lastRoots = this.readers.map(() => NO_ROOTS)
    this.recents = plan.actors.map(
      ({ kind }, i) => new Recent(this.counters[i], TIME_OF[kind], this.startedMs),
    )
  }

  progress(endedMs: number | undefined): Progress {
    const { source } = this.options.topology
    return {
      ...this.roots(),
      filtered: this.sum('filtered'),
      dropped: this.sum('dropped'),
      failed: this.sum('failed'),
      retried: this.sum('retried'),
      written: this.sum('written'),
      fallback: this.sum('fallback'),
      onSuccess: this.sum('onSuccess'),
      poisoned: this.sum('poisoned'),
      restarts: this.threads.reduce((total, { restarts }) => total + restarts, 0),
      elapsedMs: (endedMs ?? systemClock.now()) - this.startedMs,
      total: source.total ?? (this.sum('total') || undefined),
      pending: source.pending === undefined ? undefined : this.sum('pending'),
      unit: source.unit ?? 'records',
      latencyMs: this.latencyMs(),
    }
  }

  inspect({ state, endedMs, failure }: Standing): Inspection {
    const { topology, plan, memory } = this.options
    const nowMs = systemClock.now()
    const actors = plan.actors.map((actor, i) => this.actorView(actor, i, nowMs))
    const troubles = this.troubles()
    const degraded = this.degraded()
    const rate = (name: CounterName) => actors.reduce((sum, { rates }) => sum + (rates[name] ?? 0), 0)
    return {
      name: topology.name,
      state,
      startedAt: this.startedAt,
      progress: this.progress(endedMs),
      inFlightMax: topology.limits.inFlight,
      rates: {
        read: rate('read'),
        acked: rate('acked'),
        nacked: rate('nacked'),
        written: rate('written'),
        failed: rate('failed'),
      },
      ready: state === 'running' && troubles.length === 0,
      troubles,
      ...(degraded.length > 0 && { degraded }),
      ...(failure !== undefined && { failure: failureView(failure) }),
      actors,
      mailboxes: plan.mailboxes.map((mailbox, i) => ({
        ...mailbox,
        usedBytes: usedBytesOf(memory.mailboxes[i]),
      })),
      threads: [...this.threads],
      source: sumOf(readersOf(plan).map(({ name }) => this.endStats[name])),
      memory: { residentBytes: this.residentBytes, mailboxBytes: plan.memoryBytes },
    }
  }

  sum(name: CounterName): number {
    return this.counters.reduce((total, counters) => total + counters.get(name), 0)
  }

  /** Each reader's account adds up, and so does their sum. */
  private roots(): RootAccount {
    const sum = { ...NO_ROOTS }
    this.readers.forEach((reader, i) => {
      const roots = reader.roots() ?? this.lastRoots[i]
      this.lastRoots[i] = roots
      for (const name of Object.keys(sum) as (keyof RootAccount)[]) sum[name] += roots[name]
    })
    return sum
  }

  private latencyMs(): Progress['latencyMs'] {
    const counts = new Float64Array(HISTOGRAM_BUCKETS)
    for (const { times } of this.readers) times.processing.addTo(counts)
    return { p50: quantileOf(counts, 0.5), p99: quantileOf(counts, 0.99) }
  }

  /** Looking takes a descriptor: where none is left, it is what it was. */
  private get residentBytes(): number {
    try {
      this.lastResidentBytes = process.memoryUsage.rss()
    } catch {
      // As above.
    }
    return this.lastResidentBytes
  }

  private get threads(): readonly ThreadView[] {
    return this.options.hands.threads
  }

  private actorView(actor: PlannedActor, index: number, nowMs: number): ActorView {
    const { topology, errors } = this.options
    const { name, kind, thread, stage, sink } = actor
    const lastError = errors.of(kind === 'reader' ? [name, topology.source.name ?? 'source'] : [name])
    return {
      name,
      kind,
      thread,
      ...(kind === 'mapper' && stageView(topology.stages[stage])),
      ...(kind === 'reader' && driverView(topology.source)),
      ...(kind === 'sink' && {
        role: roleOf(topology, sink).role,
        ...driverView(roleOf(topology, sink).sink),
        ...(this.endStats[name] && { stats: { ...this.endStats[name] } }),
      }),
      counts: this.counters[index].snapshot(),
      ...this.recents[index].since(nowMs),
      ...(lastError && { lastError }),
    }
  }

  private degraded(): string[] {
    return this.options.plan.actors.flatMap(({ name, kind }, i) => {
      const sinceMs = kind === 'mapper' ? this.counters[i].get('degradedSince') : 0
      const seconds = Math.round((systemClock.now() - sinceMs) / 1_000)
      return sinceMs > 0 ? [`the degrade handler has stood in on ${name} for ${seconds} s`] : []
    })
  }

  private troubles(): string[] {
    const down = this.threads
      .filter(({ isDown }) => isDown)
      .map(({ thread, lastDeath }) => `thread ${thread} is down: it ${lastDeath}`)
    const failing = this.options.plan.actors.flatMap(({ name, kind }, i) => {
      const sinceMs = kind === 'sink' ? this.counters[i].get('failingSince') : 0
      const seconds = Math.round((systemClock.now() - sinceMs) / 1_000)
      return sinceMs > 0 ? [`${name} has failed for ${seconds} s`] : []
    })
    return [...down, ...failing]
  }
}

function sumOf(all: readonly (Record<string, number> | undefined)[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const stats of all)
    for (const [name, value] of Object.entries(stats ?? {})) sum[name] = (sum[name] ?? 0) + value
  return sum
}

function driverView({ driver }: { driver?: string }): Partial<ActorView> {
  return driver === undefined ? {} : { driver }
}

function stageView({ name, level, branchOf, when }: Stage): Partial<ActorView> {
  return { stage: name, level, ...(branchOf !== undefined && { when: when ?? null }) }
}

function failureView(failure: unknown): { code: string; message: string } {
  return { code: isMillraceError(failure) ? failure.code : 'ERR_BUG', message: messageOf(failure) }
}
