// The source behind `kafka`: gives what the lanes of its partitions hold, and tells them what became of it.

import { clearTextWarning } from '../../kafka/clear-text.js'
import type { ConsumerEvents, Driver, RawBatch, RawRecord, TopicPartition } from '../../kafka/driver.js'
import { Ticker } from '../../kafka/ticker.js'
import { systemClock } from '../../kernel/clock.js'
import { within } from '../../kernel/deadline.js'
import type { Log } from '../../kernel/log.js'
import type { SourceAck, SourceContext, SourceNack, SourceRecord } from '../source.js'
import { createRecord } from '../support/record.js'
import { Redeliveries } from '../support/redeliveries.js'
import { Waiter } from '../support/waiter.js'
import { Assignments } from './assignments.js'
import { Commits } from './commits.js'
import type { Lane, LaneLimits } from './lane.js'
import { Session } from './session.js'
import { consumerOptions, type KafkaSourceSettings } from './settings.js'
import { StallWatch } from './stall-watch.js'
import { laneStats } from './stats.js'
import { RecordMaker } from './to-record.js'

const TICK_MS = 100
/** How often the ends of the logs are asked for. */
const ENDS_MS = 5_000
const FLUSH_MS = 1_500
const RECORDS_MAX = 4_096
/** Of one partition in a row. */
const TURN_MAX = 256
/** In flight, shared among the partitions. */
const SHARED_IN_FLIGHT = 16_384
const IN_FLIGHT_LEAST = 512
/** Fetched and not given yet, shared among the partitions; one fetch of each in any case. */
const SHARED_BYTES = 134_217_728
const NOTHING = new Uint8Array(0)

export class KafkaSource implements ConsumerEvents {
  readonly #settings: KafkaSourceSettings
  readonly #log: Log
  readonly #signal: AbortSignal
  readonly #session: Session
  readonly #assignments: Assignments
  readonly #commits: Commits
  readonly #maker: RecordMaker
  readonly #stall: StallWatch
  readonly #redeliveries = new Redeliveries()
  readonly #waiter = new Waiter()
  readonly #wake = () => this.#waiter.wake()
  readonly #records: SourceRecord[] = []
  #limits: LaneLimits = { inFlight: IN_FLIGHT_LEAST, bytes: SHARED_BYTES }
  #count = 0
  #turn = 0
  #fenced = 0
  #rebalances = 0
  #ticker: Ticker | undefined
  #failure: Error | undefined
  #endsDueMs = 0
  #isClosed = false

  constructor(settings: KafkaSourceSettings, driver: Driver, { log, signal }: SourceContext) {
    this.#settings = settings
    this.#log = log
    this.#signal = signal
    this.#maker = new RecordMaker(settings)
    this.#stall = new StallWatch(settings.stallMs)
    if (settings.groupInstanceId !== undefined && driver.name === 'kafkajs')
      log.warn('kafka: groupInstanceId is ignored: kafkajs has no static membership')
    this.#session = new Session({
      driver,
      log,
      events: this,
      options: consumerOptions(settings),
      ended: ({ kind }) =>
        kind === 'unknown-topic' ? this.#assignments.forget() : this.#assignments.suspend(),
      gaveUp: (error) => {
        this.#failure = error
        this.#waiter.wake()
      },
    })
    this.#assignments = new Assignments({
      topics: settings.topics,
      start: settings.start,
      isBounded: settings.isBounded,
      log,
      consumer: () => this.#session.consumer,
      renew: (why) => this.#session.renew(why),
      begun: this.#wake,
    })
    this.#commits = new Commits({
      everyMs: settings.commitEveryMs,
      every: settings.commitEvery,
      log,
      consumer: () => (this.#session.consumer?.health().joined ? this.#session.consumer : undefined),
      generation: () => this.#assignments.generation,
      lanes: () => this.#assignments.owned,
    })
  }

  async open(): Promise<void> {
    this.#signal.addEventListener('abort', this.#wake)
    const warning = clearTextWarning(this.#settings.connection)
    if (warning !== undefined) this.#log.warn(warning)
    this.#stall.restart(systemClock.now())
    this.#ticker = new Ticker(Math.min(TICK_MS, this.#settings.commitEveryMs), () => this.#tick())
    try {
      await this.#session.open()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  read(max: number): SourceRecord[] | null | Promise<SourceRecord[] | null> {
    const records = this.#readNow(Math.min(max, RECORDS_MAX))
    if (records.length > 0 || this.#isOver()) return records
    return this.#isAtEnd() ? null : this.#readLater(Math.min(max, RECORDS_MAX))
  }

  ack(acks: readonly SourceAck[]): void {
    const { lanes } = this.#assignments
    let settled = 0
    for (const { partition, offset } of acks) {
      if (lanes.get(partition)?.ack(Number(offset))) settled++
      else this.#fenced++
    }
    this.#commits.settled(settled, systemClock.now())
    this.#waiter.wake()
  }

  nack(nacks: readonly SourceNack[]): void {
    const { lanes } = this.#assignments
    const ours = nacks.filter(({ partition, offset }) => lanes.get(partition)?.nack(Number(offset)))
    this.#fenced += nacks.length - ours.length
    this.#redeliveries.add(ours, systemClock.now())
    this.#waiter.wake()
  }

  pending(): number {
    return this.#assignments.owned.reduce((sum, lane) => sum + lane.pending, 0)
  }

  partitions(): readonly number[] {
    return this.#assignments.owned.map(({ number }) => number)
  }

  stats(): Record<string, number> {
    return {
      fenced_settles: this.#fenced,
      rebalances: this.#rebalances,
      out_of_range: this.#assignments.outOfRangeCount,
      stalls: this.#stall.count,
      sessions_renewed: this.#session.restarts,
      reconnects: this.#session.reconnects,
      commits: this.#commits.count,
      commit_failures: this.#commits.failures,
      ...laneStats(this.#assignments.lanes.values(), this.#settings.topics),
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#signal.removeEventListener('abort', this.#wake)
    this.#ticker?.stop()
    this.#assignments.close()
    this.#waiter.wake()
    await within(FLUSH_MS, this.#commits.flush(), () => {
      this.#log.warn('kafka: the last commit did not come back in time: what it would have said comes again')
    })
    await this.#session.close()
  }

  batch(batch: RawBatch): void {
    const lane = this.#assignments.laneAt(batch)
    // Not where it goes on: it was fetched before the lane was sent elsewhere.
    if (!lane.add(batch)) return
    this.#stall.moved(systemClock.now())
    if (lane.isFull(this.#limits)) {
      lane.isPaused = true
      this.#session.consumer?.pause(lane.place)
    }
    this.#waiter.wake()
  }

  rebalancing(): void {
    this.#rebalances++
    this.#commits.revoking()
  }

  assigned(generation: number, partitions: readonly TopicPartition[]): void {
    this.#stall.restart(systemClock.now())
    this.#endsDueMs = 0
    this.#assignments.assign(generation, partitions)
    this.#setLimits()
  }

  outOfRange(partition: TopicPartition): void {
    this.#assignments.outOfRange(partition)
  }

  /** The session itself takes it. */
  failed(): void {}

  /** Puts what there is now into the records. */
  #readNow(max: number): SourceRecord[] {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#redeliveries.size > 0) this.#makeDue()
    const { owned } = this.#assignments
    const limits = this.#limits
    this.#count = 0
    for (let idle = 0; idle < owned.length && this.#count < max; ) {
      this.#turn = (this.#turn + 1) % owned.length
      const lane = owned[this.#turn]
      const given = lane.take(Math.min(TURN_MAX, max - this.#count), limits.inFlight, this.#give)
      idle = given === 0 ? idle + 1 : 0
      if (lane.isPaused && lane.isLow(limits)) {
        lane.isPaused = false
        this.#session.consumer?.resume(lane.place)
      }
    }
    return this.#count === this.#records.length ? this.#records : this.#records.slice(0, this.#count)
  }

  readonly #give = (from: RawRecord, lane: Lane): void => {
    if (this.#count === this.#records.length) this.#records.push(createRecord(NOTHING))
    this.#maker.fill(this.#records[this.#count++], from, lane)
  }

  async #readLater(max: number): Promise<SourceRecord[] | null> {
    while (!this.#isOver()) {
      await this.#waiter.wait(this.#redeliveries.nextMs - systemClock.now())
      if (this.#isOver()) break
      const records = this.#readNow(max)
      if (records.length > 0) return records
      if (this.#isAtEnd()) return null
    }
    return []
  }

  /** Nacked records that are due are read again from their log; those of partitions that are gone are somebody else's. */
  #makeDue(): void {
    const nowMs = systemClock.now()
    const moved = new Set<Lane>()
    for (let due = this.#redeliveries.peek(nowMs); due !== undefined; due = this.#redeliveries.peek(nowMs)) {
      this.#redeliveries.shift()
      const lane = this.#assignments.lanes.get(due.partition)
      const before = lane?.position?.offset
      if (lane?.makeDue(due.offset) && lane.position?.offset !== before) moved.add(lane)
    }
    for (const lane of moved) this.#assignments.seek(lane)
  }

  #tick(): void {
    const nowMs = systemClock.now()
    const { owned } = this.#assignments
    this.#commits.tick(nowMs)
    if (nowMs >= this.#endsDueMs && owned.length > 0) {
      this.#endsDueMs = nowMs + ENDS_MS
      void this.#assignments.lookAtEnds()
    }
    const isWaiting = owned.some((lane) => lane.isHungry)
    if (this.#stall.look(isWaiting, nowMs))
      this.#session.renew('nothing was read for long, and there is something to read')
  }

  /** Of each partition: they change with the number of those that are ours. */
  #setLimits(): void {
    const { inFlightPerPartition, fetch } = this.#settings
    const count = Math.max(1, this.#assignments.owned.length)
    this.#limits = {
      inFlight: inFlightPerPartition ?? Math.max(IN_FLIGHT_LEAST, Math.floor(SHARED_IN_FLIGHT / count)),
      bytes: Math.max(fetch.partitionBytes, SHARED_BYTES / count),
    }
  }

  #isAtEnd(): boolean {
    const { generation, owned } = this.#assignments
    if (!this.#settings.isBounded || generation < 0 || this.#redeliveries.size > 0) return false
    return owned.every((lane) => lane.isAtEnd)
  }

  #isOver(): boolean {
    return this.#isClosed || this.#signal.aborted
  }
}
