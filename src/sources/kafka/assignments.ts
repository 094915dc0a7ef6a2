// Which partitions are ours, and where each goes on: told by the group, asked of the brokers, never assumed.

import type { Consumer, TopicPartition } from '../../kafka/driver.js'
import { messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import { Waiter } from '../support/waiter.js'
import { Lane } from './lane.js'
import { beginnings, rangeAt } from './positions.js'
import type { KafkaSourceSettings } from './settings.js'

export type AssignmentParts = {
  topics: readonly string[]
  start: KafkaSourceSettings['start']
  isBounded: boolean
  log: Log
  /** The session of now. */
  consumer(): Consumer | undefined
  /** Positions cannot be found in it: another one may. */
  renew(why: string): void
  /** Partitions may be read from now on. */
  begun(): void
}

const RETRY_MS = 500
const TRIES_MAX = 10
/** Partitions of the first topic keep their numbers; those of the others follow in steps. */
const TOPIC_STEP = 1_048_576

export class Assignments {
  /** All that were ours once: what is in flight of them is still settled. */
  readonly lanes = new Map<number, Lane>()
  /** Those that are ours. */
  owned: readonly Lane[] = []
  generation = -1
  outOfRangeCount = 0
  readonly #parts: AssignmentParts
  /** The group had committed something of them: where that is gone, it is gone with the log. */
  readonly #hadCommit = new Set<Lane>()
  #isClosed = false

  constructor(parts: AssignmentParts) {
    this.#parts = parts
  }

  /** These are ours under this generation, and nothing else is. */
  assign(generation: number, partitions: readonly TopicPartition[]): void {
    const lanes = partitions.map((place) => this.laneAt(place))
    const assigned = new Set(lanes)
    for (const lane of this.lanes.values()) if (!assigned.has(lane)) lane.lose()
    this.generation = generation
    this.owned = lanes
    const fresh = lanes.filter((lane) => lane.assign(generation) === 'fresh')
    // What was kept goes on where it was, whatever the client would do.
    for (const lane of lanes) this.seek(lane)
    const kept = lanes.length - fresh.length
    this.#parts.log.debug('kafka: partitions are assigned', { generation, kept, fresh: fresh.length })
    if (fresh.length > 0) void this.#untilDone(() => this.#begin(fresh, generation))
  }

  /** The session is over; what is ours will be told by the next one. */
  suspend(): void {
    for (const lane of this.owned) lane.suspend()
  }

  /** The session is over, as a topic is gone: what its partitions are when it is there again is not what they were. */
  forget(): void {
    for (const lane of this.owned) {
      if (lane.committed !== undefined) this.#hadCommit.add(lane)
      lane.lose()
    }
  }

  /** Its log does not hold the position, or the client lost it. */
  outOfRange(place: TopicPartition): void {
    this.outOfRangeCount++
    const lane = this.laneAt(place)
    const { position } = lane
    if (position !== undefined) void this.#untilDone(() => this.#findAgain(lane, Number(position.offset)))
  }

  /** Tells the client where to go on. */
  seek(lane: Lane): void {
    const { position } = lane
    if (position === undefined) return
    lane.isPaused = false
    this.#parts.consumer()?.resume(lane.place)
    this.#parts.consumer()?.seek(position)
  }

  /** Asks where the logs end: a partition that is not fetched may grow all the same. */
  async lookAtEnds(): Promise<void> {
    const { owned } = this
    const places = owned.map(({ place }) => place)
    const ends = await this.#parts
      .consumer()
      ?.offsets(places, 'latest')
      .catch((error) => this.#parts.log.debug(`kafka: where the logs end is not known: ${messageOf(error)}`))
    if (!ends || owned !== this.owned) return
    for (const [i, lane] of owned.entries())
      lane.highWatermark = Math.max(lane.highWatermark, Number(ends[i]))
  }

  laneAt({ topic, partition }: TopicPartition): Lane {
    const number = this.#parts.topics.indexOf(topic) * TOPIC_STEP + partition
    let lane = this.lanes.get(number)
    if (lane === undefined) {
      lane = new Lane({ topic, partition }, number)
      this.lanes.set(number, lane)
    }
    return lane
  }

  close(): void {
    this.#isClosed = true
  }

  async #begin(fresh: readonly Lane[], generation: number): Promise<void> {
    const consumer = this.#parts.consumer()
    if (consumer === undefined) return
    const places = fresh.map(({ place }) => place)
    const begins = await beginnings(consumer, places, this.#parts.start)
    // Of a new log nothing is left out.
    for (const [i, { committed }] of begins.entries()) {
      if (committed !== undefined || !this.#hadCommit.has(fresh[i])) continue
      begins[i].offset = Number((await consumer.offsets([places[i]], 'earliest'))[0])
    }
    const ends = this.#parts.isBounded ? await consumer.offsets(places, 'latest') : []
    if (generation !== this.generation || consumer !== this.#parts.consumer()) return
    for (const [i, lane] of fresh.entries()) {
      if (lane.end === Number.POSITIVE_INFINITY && ends[i] !== undefined) lane.end = Number(ends[i])
      lane.begin(begins[i].offset, begins[i].committed)
      this.seek(lane)
    }
    this.#parts.begun()
  }

  async #findAgain(lane: Lane, position: number): Promise<void> {
    const consumer = this.#parts.consumer()
    if (consumer === undefined) return
    const { found, offset } = await rangeAt(consumer, lane.place, position)
    // Meanwhile it may be somebody else's, or have been sent elsewhere.
    if (!lane.isOwned || Number(lane.position?.offset) !== position) return
    if (found !== 'there') {
      const { topic, partition } = lane.place
      const why =
        found === 'gone' ? 'records have left the log before they were read' : 'the log was made anew'
      this.#parts.log.error(`kafka: ${topic}-${partition}: ${why}: reading goes on at ${offset}`, {
        position,
      })
    }
    if (found === 'reset') lane.begin(offset, undefined)
    else lane.skipTo(offset)
    this.seek(lane)
  }

  /** Does it again until it works, or another session or generation makes it pointless. */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    const { generation } = this
    const consumer = this.#parts.consumer()
    const isPointless = () =>
      this.#isClosed || generation !== this.generation || consumer !== this.#parts.consumer()
    for (let tries = 1; !isPointless(); tries++) {
      try {
        return await work()
      } catch (error) {
        if (isPointless()) return
        if (tries === 1)
          this.#parts.log.warn(`kafka: where to go on is not known: ${messageOf(error)}: it is asked again`)
        if (tries === TRIES_MAX) return this.#parts.renew('where to go on cannot be found')
        await new Waiter().wait(RETRY_MS)
      }
    }
  }
}
