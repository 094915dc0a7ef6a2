// The crew: all actors of one thread, with their sources and sinks, from opening to closing.
// A thread of its own has one, and so has a program that runs everything inline.

import type { Mapper } from '../actors/mapper.js'
import type { Reader } from '../actors/reader.js'
import type { Actor, Host } from '../kernel/actor.js'
import { LoopClock, type Random, systemClock, systemRandom } from '../kernel/clock.js'
import { countText } from '../kernel/count-text.js'
import { Counters } from '../kernel/counters.js'
import { within } from '../kernel/deadline.js'
import { Doorbell } from '../kernel/doorbell.js'
import { assert, isMillraceError, MillraceError, messageOf } from '../kernel/failure.js'
import { createLog, type LogWriter } from '../kernel/log.js'
import { Pulse } from '../kernel/pulse.js'
import { Runner } from '../kernel/runner.js'
import type { Sink } from '../sinks/sink.js'
import type { Source } from '../sources/source.js'
import { openTracing } from '../tracing/open-tracing.js'
import type { Tracing } from '../tracing/tracing.js'
import type { BegunFile } from './begun-files.js'
import type { CrewLife, Life } from './life.js'
import type { PlanMemory } from './memory.js'
import type { openJournal } from './open-journal.js'
import type { Plan, PlannedActor } from './plan.js'
import { roleOf } from './role-of.js'
import { type EndStats, statsOf } from './stats-of.js'
import type { Topology } from './types.js'
import { openEnds } from './wire/ends.js'
import { type Builders, loadBuilders } from './wire/load-builders.js'

export type CrewOptions = {
  topology: Topology
  plan: Plan
  memory: PlanMemory
  /** Which of the plan's threads. */
  thread: string
  /** URL of the topology's module, if it has one: its project is where tracing is looked for. */
  module?: string
  life: CrewLife
  log: LogWriter
  /** Called once, when its reader has nothing left to do. */
  done: () => void
  /** Called when something happened that no policy can answer. */
  failed: (error: Error) => void
  /** Called with what its source and sinks say of themselves, when that has changed. */
  stats: (stats: EndStats) => void
  /** Called when a step threw: an invariant is broken, and only a new thread can go on. */
  broken: (error: Error) => void
  /** Called when an actor asks for a new thread. */
  renew: (reason: string) => void
  random?: Random
}

/** Something that is to be closed at the end. */
type Opened = { name: string; code: 'ERR_SOURCE' | 'ERR_SINK'; close: () => void | Promise<void> }

/** How long the close of a source or a sink may take. */
const CLOSE_MS = 5_000
/** How often the source is asked for its lag. */
const LAG_MS = 250
/** How often source and sinks are asked what they say of themselves. */
const STATS_MS = 1_000

export class Crew {
  private readonly options: CrewOptions
  private readonly planned: PlannedActor[]
  private readonly clock = new LoopClock(systemClock)
  private readonly abort = new AbortController()
  private readonly openedSinks = new Map<Sink, string>()
  private readonly opened: Opened[] = []
  private readonly journals: BegunFile[] = []
  private builders: Builders = new Map()
  private openJournal: typeof openJournal | undefined
  private tracing: Tracing | undefined
  private runner: Runner | undefined
  private reader: Reader | undefined
  private readonly mappers: Mapper[] = []
  private lagTimer: NodeJS.Timeout | undefined
  private lookAtLag: (() => Promise<void>) | undefined
  private statsTimer: NodeJS.Timeout | undefined
  private lookAtStats: (() => void) | undefined
  private hasFailed = false

  constructor(options: CrewOptions) {
    this.options = options
    this.planned = options.plan.actors.filter((actor) => actor.thread === options.thread)
  }

  /** Opens sinks, then the source. Throws ERR_OPEN naming what could not be opened. */
  async open(): Promise<void> {
    this.builders = await loadBuilders(this.planned.map(({ kind }) => kind))
    if (this.options.life.begun !== undefined)
      this.openJournal = (await import('./open-journal.js')).openJournal
    await this.openTracing()
    for (const actor of this.planned) if (actor.kind === 'sink') await this.openSink(actor)
    const reader = this.planned.find((actor) => actor.kind === 'reader')
    if (reader !== undefined) await this.openSource(reader)
    this.watchStats(reader)
  }

  /** Begins to step. */
  start(): void {
    const { plan, memory, thread } = this.options
    const actors: Actor[] = []
    const number = plan.threads.indexOf(thread)
    const bell = new Doorbell(memory.bells[number])
    const pulse = new Pulse(memory.pulses[number])
    const isAlone = plan.threads.length === 1
    this.runner = new Runner(actors, bell, pulse, this.clock, isAlone, (actor, error) =>
      this.options.broken(bug(actor, error)),
    )
    for (const planned of this.planned) actors.push(this.build(planned))
    this.runner.start()
  }

  /** Stops reading; `done` is called when everything in flight is settled. */
  drain(): void {
    this.abort.abort()
    this.reader?.drain()
  }

  /** Nacks what is in flight: for a stop that is no drain. */
  async abandon(reason: string): Promise<void> {
    this.abort.abort()
    for (const mapper of this.mappers) mapper.abandon(reason)
    await this.reader?.abandon(reason)
  }

  /** Steps no more, and closes sinks and source. */
  async stop(): Promise<void> {
    this.abort.abort()
    this.runner?.stop()
    clearInterval(this.lagTimer)
    clearInterval(this.statsTimer)
    await this.lookAtLag?.()
    this.lookAtStats?.()
    const errors: unknown[] = []
    for (const each of this.opened.reverse()) await closing(each).catch((error) => errors.push(error))
    this.opened.length = 0
    for (const journal of this.journals.splice(0)) journal.close()
    await this.tracing?.close()
    if (errors.length > 0) throw errors[0]
  }

  private build(planned: PlannedActor): Actor {
    const { topology, plan, memory } = this.options
    const { tracing } = this
    const life = { ...lifeOf(this.options, planned.name), journal: this.journalOf(planned), tracing }
    const ends = openEnds(plan, memory, plan.actors.indexOf(planned), life)
    const build = this.builders.get(planned.kind)
    assert(build !== undefined, 'crew: open comes before start')
    const actor = build({ topology, plan, planned, ends, host: this.hostOf(planned.name), life })
    if (planned.kind === 'reader') this.reader = actor as Reader
    if (planned.kind === 'mapper') this.mappers.push(actor as Mapper)
    return actor
  }

  private async openSink(actor: PlannedActor): Promise<void> {
    const { sink, role } = roleOf(this.options.topology, actor.sink)
    // One object may have several roles.
    if (this.openedSinks.has(sink)) return
    this.openedSinks.set(sink, actor.name)
    await opening(actor.name, () => sink.open?.({ log: this.logOf(actor.name), role }))
    this.opened.push({ name: actor.name, code: 'ERR_SINK', close: () => sink.close?.() })
  }

  private async openSource(reader: PlannedActor): Promise<void> {
    const { topology, plan, memory, life } = this.options
    const { source, limits, stages } = topology
    const name = source.name ?? 'source'
    const hasBranches = stages[0]?.branchOf !== undefined
    const branchOf = hasBranches && (await import('./first-branch.js')).firstBranchFunction(stages)
    const resume =
      life.incarnation > 0 ? (await import('./resume.js')).resumePosition(plan, memory, reader) : undefined
    const cancel = memory.cancellation && (await import('./cancel.js')).cancelFunction(plan, memory, reader)
    const thread = memory.agreement && (await import('./source-thread.js')).sourceThread(plan, memory, reader)
    const context = {
      ...(resume && { resume }),
      ...(cancel && { cancel }),
      ...(thread && { thread }),
      ...(branchOf && { branchOf }),
      log: this.logOf(name),
      messageBytesMax: limits.messageBytes,
      signal: this.abort.signal,
    }
    await opening(name, () => source.open?.(context))
    this.opened.push({ name, code: 'ERR_SOURCE', close: () => source.close?.() })
    await this.watchLag(new Counters(memory.counters[plan.actors.indexOf(reader)]))
  }

  private async openTracing(): Promise<void> {
    const { topology, thread, module } = this.options
    this.tracing = await openTracing({ topology: topology.name, thread, module }, this.logOf('tracing'))
  }

  private hostOf(actorName: string): Host {
    return {
      clock: this.clock,
      random: this.options.random ?? systemRandom,
      log: this.logOf(actorName),
      wake: () => this.runner?.wake(),
      renew: (reason) => this.options.renew(reason),
      fail: (error) => this.fail(error),
    }
  }

  private journalOf(planned: PlannedActor): BegunFile | undefined {
    const { topology, plan, memory, life } = this.options
    const log = this.logOf(planned.name)
    const file = life.begun && this.openJournal?.(life.begun, topology, plan, memory, planned, log)
    if (file !== undefined) this.journals.push(file)
    return file
  }

  private logOf(actorName: string) {
    return createLog(this.options.log, actorName, this.options.thread)
  }

  private fail(error: Error): void {
    this.runner?.stop()
    if (this.hasFailed) return
    this.hasFailed = true
    this.options.failed(error)
  }

  private async watchLag(counters: Counters): Promise<void> {
    const { source } = this.options.topology
    if (source.pending === undefined) return
    const warn = (error: unknown) =>
      this.logOf(source.name ?? 'source').warn(`pending() failed: ${messageOf(error)}`)
    const look = async (counter: 'pending' | 'total') =>
      counters.set(counter, Number(await source.pending?.()))
    if (source.unit === 'bytes') await look('total').catch(warn)
    const lookSafely = () => look('pending').catch(warn)
    this.lookAtLag = lookSafely
    void lookSafely()
    this.lagTimer = setInterval(lookSafely, LAG_MS)
    this.lagTimer.unref()
  }

  private watchStats(reader: PlannedActor | undefined): void {
    const { source } = this.options.topology
    const ends = new Map<string, Source | Sink>([...this.openedSinks].map(([sink, name]) => [name, sink]))
    if (reader !== undefined) ends.set(reader.name, source)
    const saying = [...ends].filter(([, end]) => end.stats !== undefined)
    if (saying.length === 0) return
    let said = ''
    this.lookAtStats = () => {
      const stats = Object.fromEntries(saying.map(([name, end]) => [name, statsOf(end)]))
      const text = JSON.stringify(stats)
      if (text !== said) this.options.stats(stats)
      said = text
    }
    this.statsTimer = setInterval(this.lookAtStats, STATS_MS)
    this.statsTimer.unref()
  }
}

function lifeOf({ life, done }: CrewOptions, actorName: string): Life {
  const { death, begun: _, ...rest } = life
  if (death === undefined) return { ...rest, onDone: done }
  return { ...rest, onDone: done, death: { ...death, isBlamed: death.blamed.includes(actorName) } }
}

async function opening(name: string, open: () => void | Promise<void>): Promise<void> {
  try {
    await open()
  } catch (error) {
    if (isMillraceError(error)) throw error
    throw new MillraceError('ERR_OPEN', `${name}: could not be opened: ${messageOf(error)}`, { cause: error })
  }
}

/** Closes a source or a sink; one that does not end is not waited for. */
async function closing({ name, code, close }: Opened): Promise<void> {
  try {
    await within(CLOSE_MS, Promise.resolve().then(close), () => {
      throw new Error(`close() has not ended after ${countText(CLOSE_MS)} ms`)
    })
  } catch (error) {
    if (isMillraceError(error)) throw error
    throw new MillraceError(code, `${name}: could not be closed: ${messageOf(error)}`, { cause: error })
  }
}

function bug(actor: Actor, error: unknown): Error {
  if (isMillraceError(error)) return error as Error
  const wrapped = new MillraceError('ERR_BUG', `${actor.name}: ${messageOf(error)}`, { cause: error })
  return wrapped
}
