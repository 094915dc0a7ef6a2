// A world with a ledger around everything that is the user's.

import type { Random } from '../../kernel/clock.js'
import { type CounterName, Counters } from '../../kernel/counters.js'
import { WANTED_WORD } from '../../kernel/layout.js'
import { createLog } from '../../kernel/log.js'
import type { Message } from '../../kernel/message.js'
import type { Source, SourceContext } from '../../sources/source.js'
import { cancelFunction } from '../../topology/cancel.js'
import { type PlannedActor, readersOf } from '../../topology/plan.js'
import { resumePosition } from '../../topology/resume.js'
import { roleOf } from '../../topology/role-of.js'
import type { Topology } from '../../topology/types.js'
import { World } from '../world.js'
import type { WorldOptions } from '../world-options.js'
import type { WorldStory } from '../world-story.js'
import type { WorldThread } from '../world-thread.js'
import type { Played } from './campaign.js'
import { instrument, watchedSource } from './instrument.js'
import { Ledger } from './ledger.js'

export type WatchedOptions = {
  topology: Topology
  /** One for each thread of the source; default: one, that of the topology. The records of each are a partition, by its number. */
  sources?: readonly Source[]
  random: Random
  story: WorldStory | undefined
  nameOf: (message: Message) => string | undefined
  /** Where the source cancels: at which rate, for each step of an actor, and how often a record may have been given at most. */
  cancels?: { rate: number; random: Random; deliveriesMax: number }
  world: Omit<WorldOptions, 'topology' | 'random' | 'story' | 'observer' | 'open'>
}

export class WatchedWorld {
  readonly world: World
  readonly ledger: Ledger
  private readonly topology: Topology
  private readonly sources: readonly Source[]
  private readonly abort = new AbortController()
  private readonly cancels: WatchedOptions['cancels']
  /** Those of the sources that are open. */
  private readonly cancelBy = new Map<number, NonNullable<SourceContext['cancel']>>()

  constructor({ topology, sources, random, story, nameOf, cancels, world }: WatchedOptions) {
    this.topology = topology
    this.sources = sources ?? [topology.source]
    this.cancels = cancels
    const readers = this.sources.length
    this.ledger = new Ledger({
      topology,
      readers,
      now: () => this.world.nowMs,
      nameOf,
      broken: (rule, what) => {
        this.world.failure ??= new Error(`${rule}: ${what}`)
      },
      tell: (who, what) => story?.tell(this.world.nowMs, this.world.currentThread, `${who} ${what}`),
    })
    const watch = { world: () => this.world, ledger: this.ledger }
    const watched = this.sources.map((source) => watchedSource(source, readers, watch))
    this.world = new World({
      ...world,
      topology: { ...instrument(topology, watch), source: watched[0] },
      sources: watched,
      random,
      ...(story && { story }),
      observer: {
        died: ({ name, actorNumbers }, place) => {
          this.ledger.died(name, place === 'mapper.handler-returned')
          for (const reader of readersOf(this.world.plan))
            if (actorNumbers.includes(this.world.plan.actors.indexOf(reader)))
              this.cancelBy.delete(reader.replica)
        },
        opened: () => {},
        stepped: (number) => this.stepped(number),
      },
      open: (_, thread) => this.open(thread),
    })
  }

  /** Runs it; what fails is in the result. `atEnd` looks at what can be seen only then. */
  async play(seed: number, atEnd: () => void | Promise<void>): Promise<Played> {
    const { world, ledger } = this
    let failure: Error | undefined
    try {
      await world.run()
      this.checkCounters()
      await atEnd()
      failure = world.failure
    } catch (error) {
      failure = error as Error
    }
    return {
      seed,
      schedule: world.schedule,
      crashes: world.crashes,
      lostRings: world.lostRings,
      events: world.events,
      settled: ledger.told.acks + ledger.told.nacks,
      written: ledger.offers.written,
      duplicates: ledger.offers.duplicates,
      failure,
    }
  }

  /** Closes sinks and source. */
  async close(): Promise<void> {
    const { sinks, fallback, onSuccess } = this.topology
    this.abort.abort()
    const all = new Set([...sinks, fallback, onSuccess].map((role) => role?.sink))
    for (const sink of all) await sink?.close?.()
    for (const source of this.sources) await source.close?.()
  }

  sum(name: CounterName): number {
    return this.world.memory.counters.reduce((total, memory) => total + new Counters(memory).get(name), 0)
  }

  /** In each life of a thread, what it hosts is opened, as it would be. */
  private async open({ actorNumbers, incarnation, name }: WorldThread): Promise<void> {
    const { plan } = this.world
    const opened = new Set()
    for (const number of actorNumbers) {
      const actor = plan.actors[number]
      const log = createLog(() => {}, actor.name, name)
      if (actor.kind === 'reader') await this.openSource(actor, incarnation)
      if (actor.kind !== 'sink') continue
      const { sink, role } = roleOf(this.topology, actor.sink)
      if (!opened.has(sink)) await sink.open?.({ log, role })
      opened.add(sink)
    }
  }

  private async openSource(reader: PlannedActor, incarnation: number): Promise<void> {
    const { plan, memory } = this.world
    const source = this.sources[reader.replica]
    const resume = incarnation === 0 ? undefined : resumePosition(plan, memory, reader)
    if (incarnation > 0) this.ledger.resumed(reader.replica, incarnation, resume)
    const cancel = cancelFunction(plan, memory, reader)
    if (cancel !== undefined) this.cancelBy.set(reader.replica, cancel)
    const context: SourceContext = {
      log: createLog(() => {}, source.name ?? 'source', reader.thread),
      messageBytesMax: this.topology.limits.messageBytes,
      signal: this.abort.signal,
      ...(resume && { resume }),
      ...(cancel && { cancel }),
    }
    await source.open?.(context)
  }

  /** I10. */
  private checkCounters(): void {
    const { told, hasResumed, options } = this.ledger
    const [read, acked, nacked, abandoned] = (['read', 'acked', 'nacked', 'abandoned'] as const).map((name) =>
      this.sum(name),
    )
    if (read !== acked + nacked + abandoned)
      options.broken('I10', `read ${read}, but acked ${acked} + nacked ${nacked} + abandoned ${abandoned}`)
    if (hasResumed || this.topology.source.ack === undefined) return
    if (acked !== told.acks || (this.topology.source.nack !== undefined && nacked !== told.nacks))
      options.broken(
        'I10',
        `${acked} acked and ${nacked} nacked, but the source was told ${told.acks} and ${told.nacks}`,
      )
  }

  /** Somebody goes away, between any two steps. */
  private cancelSome(): void {
    const { cancels, cancelBy, ledger } = this
    if (cancels === undefined || cancelBy.size === 0 || cancels.random() >= cancels.rate) return
    const those = [...ledger.latest].filter(
      (giving) =>
        giving.verdict === 'open' &&
        giving.delivery <= cancels.deliveriesMax &&
        cancelBy.has(ledger.readerOf(giving)),
    )
    if (those.length === 0) return
    const giving = those[Math.floor(cancels.random() * those.length)]
    ledger.cancelled(giving)
    const [partition, offset] = giving.position.split(':')
    cancelBy.get(ledger.readerOf(giving))?.(Number(partition), BigInt(offset))
    // Somebody may have something to do now.
    for (const thread of this.world.threads) thread.cancelProbe()
  }

  private stepped(number: number): void {
    const { plan, memory } = this.world
    this.cancelSome()
    const { kind, sink, outbounds } = plan.actors[number]
    if (kind !== 'sink') return
    const isBlocked = outbounds.some((i) => new Int32Array(memory.mailboxes[i])[WANTED_WORD] !== 0)
    this.ledger.offers.stepped(sink, isBlocked)
  }
}
