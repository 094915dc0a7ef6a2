// One partition: what was fetched of it and not given yet, what was given and not settled, and whose it is now. A settle that
// belongs to an assignment that is over is fenced here: brokers would take its commit, and rewind the new owner.

import type { RawBatch, RawRecord, TopicOffset, TopicPartition } from '../../kafka/driver.js'
import { Tracker } from '../../kafka/tracker.js'

/** More are not remembered beyond the lowest record that is not settled: others of the partition wait then. */
const WINDOW_MAX = 65_536

/** How much of a partition may be in flight, and how much may wait here to be given. */
export type LaneLimits = { inFlight: number; bytes: number }

/** known: was in flight or settled here, and is not given twice. lost: has left the log before it could be given again. */
export type LaneCounts = { known: number; lost: number }

export type Assignment = 'kept' | 'fresh'

type Fetched = { batch: RawBatch; bytes: number }

export class Lane {
  readonly place: TopicPartition
  /** As the message knows it. */
  readonly number: number
  generation = -1
  isOwned = false
  isPaused = false
  /** What the broker has of ours; undefined where it has nothing. */
  committed: number | undefined
  highWatermark = 0
  /** Nothing at or above it is given. */
  end = Number.POSITIVE_INFINITY
  readonly counts: LaneCounts = { known: 0, lost: 0 }
  /** Where the client goes on; undefined while that is not known. */
  #position: number | undefined
  #tracker: Tracker | undefined
  /** What was in flight when the partition was lost: until it is settled, nothing of the next assignment is given. */
  #retired: Tracker[] = []
  #batches: Fetched[] = []
  #at = 0
  #buffered = 0
  #bufferedBytes = 0

  constructor(place: TopicPartition, number: number) {
    this.place = place
    this.number = number
  }

  /**
   * It is ours under this generation. Kept: it was ours in the one before, so nobody else's in between, and goes on where it
   * was. Fresh: it waits for `begin`.
   */
  assign(generation: number): Assignment {
    const isKept = this.isOwned && this.#tracker !== undefined && generation === this.generation + 1
    if (!isKept) this.lose()
    this.generation = generation
    this.isOwned = true
    this.isPaused = false
    return isKept ? 'kept' : 'fresh'
  }

  /** It is not ours any more. */
  lose(): void {
    this.isOwned = false
    this.#drop()
    this.#position = undefined
    this.committed = undefined
    if (this.#tracker !== undefined && this.#tracker.inFlight > 0) this.#retired.push(this.#tracker)
    this.#tracker = undefined
  }

  /** Its session is over: what was not given yet may be somebody else's by now. */
  suspend(): void {
    if (this.#tracker === undefined) return
    this.#drop()
    this.#position = this.#tracker.next
  }

  /** A fresh assignment, or a log that was reset, begins here. */
  begin(offset: number, committed: number | undefined): void {
    if (this.#tracker !== undefined && this.#tracker.inFlight > 0) this.#retired.push(this.#tracker)
    this.#drop()
    this.#tracker = new Tracker(offset)
    this.#position = offset
    this.committed = committed
    this.highWatermark = offset
  }

  /** What lies before has left the log, or it is read on from where it was. */
  skipTo(offset: number): void {
    this.#drop()
    this.#position = offset
    // Clients commit positions of their own where they lost ours.
    this.committed = undefined
    const lost = this.#tracker?.passed(0, offset) ?? []
    this.counts.lost += lost.length
  }

  /** Where the client is to go on; undefined where nobody knows yet. */
  get position(): TopicOffset | undefined {
    return this.#position === undefined ? undefined : { ...this.place, offset: BigInt(this.#position) }
  }

  get inFlight(): number {
    return this.#tracker?.inFlight ?? 0
  }

  /** All before it may be committed. */
  get lowWatermark(): number | undefined {
    return this.#tracker?.lowWatermark
  }

  /** What the broker is to know: undefined where it knows. */
  get toCommit(): TopicOffset | undefined {
    const watermark = this.isOwned ? this.#tracker?.lowWatermark : undefined
    if (watermark === undefined || watermark === this.committed) return undefined
    return { ...this.place, offset: BigInt(watermark) }
  }

  /** Records still to be given. */
  get pending(): number {
    return this.#tracker === undefined ? 0 : Math.max(0, this.highWatermark - this.#tracker.next)
  }

  /** Records still to be committed. */
  get lag(): number {
    return this.#tracker === undefined ? 0 : Math.max(0, this.highWatermark - this.#tracker.lowWatermark)
  }

  /** True where all below its end was given. */
  get isAtEnd(): boolean {
    return this.#tracker !== undefined && this.#tracker.next >= this.end && this.#tracker.due === 0
  }

  /** True where the client should bring more, and has more. */
  get isHungry(): boolean {
    return (
      this.isOwned &&
      !this.isPaused &&
      this.#buffered === 0 &&
      (this.#position ?? Infinity) < this.highWatermark
    )
  }

  /** So much was fetched that the client should pause. */
  isFull({ inFlight, bytes }: LaneLimits): boolean {
    return this.#buffered >= inFlight || this.#bufferedBytes >= bytes
  }

  /** So little is left that it should go on. */
  isLow({ inFlight, bytes }: LaneLimits): boolean {
    return this.#buffered <= inFlight / 2 && this.#bufferedBytes <= bytes / 2
  }

  /** Takes what was fetched; false where it does not follow what was fetched before. */
  add(batch: RawBatch): boolean {
    if (!this.isOwned || this.#position !== Number(batch.fetchOffset)) return false
    const taken = Number(batch.nextOffset) > this.end ? cut(batch, this.end) : batch
    const bytes = bytesOf(taken)
    this.#batches.push({ batch: taken, bytes })
    this.#buffered += taken.records.length
    this.#bufferedBytes += bytes
    this.#position = Number(taken.nextOffset)
    this.highWatermark = Math.max(this.#position, Number(batch.highWatermark))
    return true
  }

  /** Calls `give` with at most `max` records, which are in flight from then on. Gives how many they are. */
  take(max: number, inFlightMax: number, give: (record: RawRecord, lane: Lane) => void): number {
    const tracker = this.#tracker
    if (tracker === undefined || this.#batches.length === 0 || this.#isHeld()) return 0
    let count = 0
    while (this.#batches.length > 0) {
      const { records, fetchOffset, nextOffset } = this.#batches[0].batch
      for (; this.#at < records.length; this.#at++) {
        if (count === max || tracker.inFlight >= inFlightMax || tracker.size >= WINDOW_MAX) return count
        const record = records[this.#at]
        if (tracker.give(Number(record.offset)) === 'known') this.counts.known++
        else {
          give(record, this)
          count++
        }
        this.#buffered--
      }
      this.counts.lost += tracker.passed(Number(fetchOffset), Number(nextOffset)).length
      this.#shift()
    }
    return count
  }

  /** False where it is of an assignment that is over, and counts for nothing. */
  ack(offset: number): boolean {
    if (this.#retired.length > 0 && this.#settleRetired(offset)) return false
    return this.#tracker?.ack(offset) ?? false
  }

  /** False as for `ack`. */
  nack(offset: number): boolean {
    if (this.#retired.length > 0 && this.#settleRetired(offset)) return false
    return this.#tracker?.nack(offset) ?? false
  }

  /** A nacked record may be given again: the client has to read on from here, as `position` says. False where it is not ours. */
  makeDue(offset: number): boolean {
    if (!this.#tracker?.makeDue(offset)) return false
    if (this.#position === undefined || offset < this.#firstBuffered()) {
      this.#drop()
      this.#position = offset
    }
    return true
  }

  /** The order by key asks for it, and so a settle can belong to one assignment only. */
  #isHeld(): boolean {
    this.#retired = this.#retired.filter(({ inFlight }) => inFlight > 0)
    return this.#retired.length > 0
  }

  #settleRetired(offset: number): boolean {
    return this.#retired.some((tracker) => tracker.ack(offset))
  }

  /** Where what is not given yet begins. */
  #firstBuffered(): number {
    if (this.#batches.length === 0) return this.#position as number
    const { batch } = this.#batches[0]
    return Number(this.#at < batch.records.length ? batch.records[this.#at].offset : batch.nextOffset)
  }

  #shift(): void {
    this.#bufferedBytes -= (this.#batches.shift() as Fetched).bytes
    this.#at = 0
  }

  #drop(): void {
    this.#batches = []
    this.#at = 0
    this.#buffered = 0
    this.#bufferedBytes = 0
  }
}

function cut(batch: RawBatch, end: number): RawBatch {
  const records = batch.records.filter(({ offset }) => offset < end)
  return { ...batch, records, nextOffset: BigInt(Math.max(end, Number(batch.fetchOffset))) }
}

/** As its log is: about what it takes in memory. */
function bytesOf({ records }: RawBatch): number {
  let bytes = 0
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  return bytes
}
