// What one scrape is made of: one look at the topology, its actors in the groups that metrics are about, and the text so far.

import { systemClock } from '../../kernel/clock.js'
import type { CounterName, Counters, TimeName } from '../../kernel/counters.js'
import { HISTOGRAM_BUCKETS } from '../../kernel/histogram.js'
import type { ActorView, Inspection } from '../../topology/running.js'
import type { AdminState } from '../admin-state.js'
import type { AdminView } from '../admin-view.js'
import { type Buckets, bucketsFor, cumulativeOf } from './buckets.js'
import { type Labels, MetricsText } from './metrics-text.js'

export type ActorCounters = { view: ActorView; counters: Counters }
/** Actors whose numbers are one sample, with what tells it from the others of its family. */
export type Group = { actors: readonly ActorCounters[]; labels?: Labels }

/** Other processes that run the same topology are told apart by who scrapes them. */
const REPLICA = '0'
/** Of a topology: processing, read and ack. */
const READER_HISTOGRAMS = 3

export class Scrape {
  readonly text: MetricsText
  readonly inspection: Inspection
  readonly state: AdminState
  readonly actors: readonly ActorCounters[]
  readonly readers: readonly ActorCounters[]
  readonly stages: readonly Group[]
  readonly sinks: readonly Group[]
  /** Of one, or empty. */
  readonly fallback: readonly Group[]
  readonly onSuccess: readonly Group[]
  readonly buckets: Buckets
  /** In ms of the clock that counters of times go by. */
  readonly now = systemClock.now()

  constructor({ inspect, counters }: AdminView, state: AdminState) {
    this.inspection = inspect()
    this.state = state
    this.text = new MetricsText({ mvtx_name: this.inspection.name, mvtx_replica: REPLICA })
    this.actors = this.inspection.actors.map((view, i) => ({ view, counters: counters[i] }))
    this.readers = this.actors.filter(({ view }) => view.kind === 'reader')
    this.stages = this.groupsBy('stage', ({ stage }) => stage)
    this.sinks = this.groupsBy('sink', ({ role, name }) => (role === 'sink' ? name : undefined))
    this.fallback = this.groupsBy('sink', ({ role }) => (role === 'fallback' ? role : undefined))
    this.onSuccess = this.groupsBy('sink', ({ role }) => (role === 'onSuccess' ? role : undefined))
    const groups = [this.stages, this.sinks, this.fallback, this.onSuccess].flat()
    const labelLength = Math.max(...groups.map(({ labels }) => JSON.stringify(labels ?? {}).length))
    this.buckets = bucketsFor(READER_HISTOGRAMS + groups.length, this.inspection.name.length + labelLength)
  }

  get dropped(): number {
    return this.inspection.progress.dropped
  }

  readonly sum = (name: CounterName): number =>
    this.actors.reduce((total, { counters }) => total + counters.get(name), 0)

  /** Puts the times of some actors together. */
  readonly cumulative = (actors: readonly ActorCounters[], time: TimeName) => {
    const counts = new Float64Array(HISTOGRAM_BUCKETS)
    for (const { counters } of actors) counters.times[time].addTo(counts)
    const sumUs = actors.reduce((sum, { counters }) => sum + counters.times[time].sumUs, 0)
    return { ...cumulativeOf(counts, this.buckets), sumUs: Math.round(sumUs) }
  }

  /** Groups actors by a name that some have; where there is one group only, it needs no label. */
  private groupsBy(label: string, nameOf: (view: ActorView) => string | undefined): Group[] {
    const groups = new Map<string, ActorCounters[]>()
    for (const actor of this.actors) {
      const name = nameOf(actor.view)
      if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), actor])
    }
    if (groups.size === 1) return [{ actors: [...groups.values()][0] }]
    return [...groups].map(([name, actors]) => ({ actors, labels: { [label]: name } }))
  }
}
