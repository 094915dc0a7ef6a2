// What a sink may be given next, and what must wait: for a retry, for the end of a hold, behind its lane (O1, O2, P1).
// A message that waits moves to the parking where there is room, and stays in its mailbox where there is none.
// Under order 'source' everything is one lane, nothing is parked, and nothing new is taken while somebody waits (O3).

import type { Cell } from '../kernel/cell.js'
import type { Clock } from '../kernel/clock.js'
import { flagsAt, HAS_ID, laneAt, PLAIN_MESSAGE } from '../kernel/codec.js'
import type { Inbound } from '../kernel/inbound.js'
import { NO_LANE } from '../kernel/lane.js'
import { DUE_DOUBLE, KIND } from '../kernel/layout.js'
import { Message } from '../kernel/message.js'
import { acquit, isSuspect } from '../kernel/suspicion.js'
import { type BegunNotes, TURN_MS } from './begun-notes.js'
import { DueHeap } from './due-heap.js'
import type { Intake } from './intake.js'
import { Lanes } from './lanes.js'
import type { Order } from './order.js'
import type { Parking, Tenant } from './parking.js'
import { epochOf } from './records.js'
import type { SinkBatch } from './sink-batch.js'

export type SinkQueueOptions = {
  order: Order
  /** The sink's own promise: after a failure, no later message of the same lane was written. */
  ordered: boolean
  batchMax: number
  concurrency: number
  /** True where copies of a message may meet, or messages of several readers: then ids are compared. */
  idsMayRepeat: boolean
  /** Disposes of a record that no sink is asked about; false where there is no room for it now. */
  passOn: (message: Message) => boolean
  /** Tells whether a record's kind word is of that kind. */
  isSpecial: (kind: number) => boolean
  /** Where it is noted what is given, if that is to outlive the process. */
  notes: BegunNotes | undefined
}

export class Waiter implements Tenant {
  message: Message
  readonly lane: number
  dueMs = 0
  /** The batch that it is in, if it is in one. */
  batch: SinkBatch | undefined

  constructor(message: Message, lane: number) {
    this.message = message
    this.lane = lane
  }

  get isFixed(): boolean {
    return this.batch !== undefined
  }
}

/** Messages that may wait behind others of their lane. */
const WAITING_MAX = 4096
const SOURCE_LANE = 1

export class SinkQueue {
  /** Messages that were given to the sink for another time. */
  retried = 0
  private readonly options: SinkQueueOptions
  private readonly intake: Intake
  private readonly parking: Parking<Waiter>
  private readonly cell: Cell
  private readonly clock: Clock
  /** True where lanes are watched while they are in a batch; else only those of waiting messages are. */
  private readonly exclusive: boolean
  private readonly lanes = new Lanes<Waiter>()
  /** Of the messages that are in a batch, those that hold a lane or have waited. */
  private readonly waiters = new Map<Message, Waiter>()
  /** Ids of the batch that is being filled, once any can repeat. */
  private ids: Set<string> | undefined
  private readonly due = new DueHeap<Waiter>()
  /** True once a suspect has its turn: nothing else is given. */
  private isClosed = false
  /** True while a suspect of another thread has its turn. */
  private waitsForTurn = false
  /** The one lane of all messages, or -1 where each has its own. */
  private readonly commonLane: number

  constructor(
    options: SinkQueueOptions,
    memory: { intake: Intake; parking: Parking<Waiter>; cell: Cell },
    clock: Clock,
  ) {
    this.options = options
    this.intake = memory.intake
    this.parking = memory.parking
    this.cell = memory.cell
    this.clock = clock
    this.commonLane = { key: -1, source: SOURCE_LANE, none: NO_LANE }[options.order]
    this.exclusive = options.order !== 'none' && (!options.ordered || options.concurrency > 1)
    for (const message of memory.parking.recover()) this.recover(message)
  }

  /** When the next one that waits is due, or Infinity. */
  get dueMs(): number {
    if (this.waitsForTurn) return this.clock.now() + TURN_MS
    return this.isClosed ? Number.POSITIVE_INFINITY : this.due.nextMs
  }

  /** How many wait: for their time, or behind their lane. */
  get waiting(): number {
    return this.due.size + this.lanes.waiting
  }

  /**
   * Fills a batch with what may be written now, the due ones first; gives how many records were taken. `isAlone`: no other batch
   * is with the sink. A suspect is given alone, and nothing is given before it meanwhile (H1).
   */
  fill(batch: SinkBatch, isAlone: boolean): number {
    if (this.isClosed && !isAlone) return 0
    this.ids = this.options.idsMayRepeat ? new Set() : undefined
    const due = this.fillDue(batch, isAlone)
    return this.isClosed ? due : due + this.fillNew(batch, isAlone)
  }

  /** Makes room in the parking, and moves those there that found none. */
  tidy(): void {
    if (this.parking.tidy(this.cell.pending)) this.cell.isDirty = true
  }

  /** Settles a message's record with the next commit, and lets the next of its lane go on. */
  settle(message: Message): void {
    message.inbound.settle(message.place, this.cell.pending)
    if (this.waiters.size === 0) return
    const waiter = this.waiters.get(message)
    if (waiter === undefined) return
    this.parking.leave(waiter)
    this.waiters.delete(message)
    const next = this.lanes.leave(waiter.lane, waiter)
    if (next !== undefined && next.batch === undefined) this.due.push(next)
  }

  /** Makes a message wait until `dueMs`, and its lane behind it. */
  wait(message: Message, dueMs: number): void {
    let waiter = this.waiters.get(message)
    this.waiters.delete(message)
    // The thread has survived it.
    acquit(message.inbound.ring.words, message.at)
    if (waiter === undefined) {
      waiter = new Waiter(message, this.laneOf(message))
      this.lanes.join(waiter.lane, waiter)
    }
    waiter.batch = undefined
    waiter.dueMs = dueMs
    message.inbound.ring.doubles[(message.at >>> 1) + DUE_DOUBLE] = dueMs
    // O3: under order 'source' it waits in its place.
    if (this.options.order !== 'source')
      this.parking.putLane(waiter, this.lanes.members(waiter.lane), this.cell.pending)
    if (waiter.lane === NO_LANE || this.lanes.members(waiter.lane)[0] === waiter) this.due.push(waiter)
  }

  /** The lane by which a message is ordered here: its own, or the same for all. */
  laneOf(message: Message): number {
    return this.commonLane < 0 ? laneAt(message.inbound.ring, message.at) : this.commonLane
  }

  /** An ordered sink gets all that wait behind what is due in its lane too. */
  private fillDue(batch: SinkBatch, isAlone: boolean): number {
    this.isClosed = false
    this.waitsForTurn = false
    if (this.due.size === 0) return 0
    const { batchMax, ordered } = this.options
    const nowMs = this.clock.now()
    const postponed: Waiter[] = []
    let work = 0
    while (batch.messages.length < batchMax) {
      const waiter = this.due.pop(nowMs)
      if (waiter === undefined) break
      if (
        (batch.messages.length > 0 && !this.suits(epochOf(batch.messages[0]), waiter.message)) ||
        this.repeats(batch, waiter.message) ||
        !this.admits(batch, waiter.message, isAlone)
      ) {
        postponed.push(waiter)
        if (this.isClosed) break
        continue
      }
      batch.isAgain = true
      work += this.addWaiter(batch, waiter)
      if (this.isClosed) break
      if (!ordered) continue
      for (const behind of this.lanes.members(waiter.lane)) {
        if (behind === waiter) continue
        if (behind.dueMs > nowMs) break
        if (batch.messages.length >= batchMax || !this.suits(epochOf(waiter.message), behind.message)) break
        if (this.repeats(batch, behind.message)) break
        if (isSuspectMessage(behind.message)) break
        work += this.addWaiter(batch, behind)
      }
    }
    for (const waiter of postponed) this.due.push(waiter)
    return work
  }

  private fillNew(batch: SinkBatch, isAlone: boolean): number {
    const { messages } = batch
    const { batchMax } = this.options
    let epoch = messages.length > 0 ? epochOf(messages[0]) : -1
    let work = 0
    while (messages.length < batchMax && !this.parking.full && this.lanes.waiting < WAITING_MAX) {
      const inbound = this.intake.peek()
      if (inbound === undefined) break
      this.options.notes?.compare(inbound)
      const message = new Message(inbound, inbound.position)
      const kind = inbound.ring.words[message.at + KIND]
      if (kind !== PLAIN_MESSAGE && this.options.isSpecial(kind)) {
        if (!this.passOn(inbound, message)) break
        work++
        continue
      }
      if (epoch < 0) epoch = epochOf(message)
      else if (!this.suits(epoch, message)) break
      if (this.repeats(batch, message) || !this.admits(batch, message, isAlone)) break
      const lane = this.laneOf(message)
      if (lane === NO_LANE) {
        inbound.take()
        messages.push(message)
        work++
        if (this.isClosed) break
        continue
      }
      const joins = !this.lanes.has(lane) || this.joinsBatch(batch, lane)
      if (!joins && this.options.order === 'source') {
        // Its turn comes after that of those before it.
        this.isClosed = false
        break
      }
      inbound.take()
      work++
      if (joins && !this.exclusive && !this.lanes.has(lane)) messages.push(message)
      else this.addNew(batch, new Waiter(message, lane), joins)
      if (this.isClosed) break
    }
    return work
  }

  /** One epoch a batch: within it, what the runtime names is unique. Where ids are compared it need not be. */
  private suits(epoch: number, message: Message): boolean {
    return this.options.idsMayRepeat || epochOf(message) === epoch
  }

  /** Tells whether a message may join a batch now: a suspect only an empty one, beside which there is none. */
  private admits(batch: SinkBatch, message: Message, isAlone: boolean): boolean {
    if (!isSuspectMessage(message)) return true
    this.isClosed = true
    if (batch.messages.length > 0 || !isAlone) return false
    this.waitsForTurn = this.options.notes?.takeTurn() === false
    return !this.waitsForTurn
  }

  /**
   * Tells whether a batch has a message with this id already: within a batch an id names one message. Only ids that a source
   * gives, and copies of a message, can repeat, so as long as there are none nothing is compared.
   */
  private repeats(batch: SinkBatch, message: Message): boolean {
    if (this.ids === undefined) {
      if ((flagsAt(message.inbound.ring, message.at) & HAS_ID) === 0) return false
      this.ids = new Set(batch.messages.map((other) => other.id))
    }
    if (this.ids.has(message.id)) return true
    this.ids.add(message.id)
    return false
  }

  /** A record that no sink is asked about is settled at once. */
  private passOn(inbound: Inbound, message: Message): boolean {
    inbound.take()
    if (this.options.passOn(message)) {
      message.inbound.settle(message.place, this.cell.pending)
      return true
    }
    inbound.untake(message.place)
    return false
  }

  /** Several of a lane in one batch: only where the sink keeps their order even over a failure (O2). */
  private joinsBatch(batch: SinkBatch, lane: number): boolean {
    const members = this.lanes.members(lane)
    return this.options.ordered && members[members.length - 1].batch === batch
  }

  private addNew(batch: SinkBatch, waiter: Waiter, joins: boolean): void {
    const members = this.lanes.members(waiter.lane)
    if (joins) this.addWaiter(batch, waiter)
    else {
      // It is given when its lane is free; until then the others go on.
      if (this.isClosed) this.options.notes?.giveTurnBack()
      this.isClosed = false
      const last = members[members.length - 1]
      if (this.parking.holds(last.message)) this.parking.put(waiter, this.cell.pending)
    }
    this.lanes.join(waiter.lane, waiter)
  }

  private addWaiter(batch: SinkBatch, waiter: Waiter): 1 {
    waiter.batch = batch
    this.waiters.set(waiter.message, waiter)
    if (waiter.message.attempt > 1) this.retried++
    batch.messages.push(waiter.message)
    return 1
  }

  private recover(message: Message): void {
    const waiter = new Waiter(message, this.laneOf(message))
    const free = !this.lanes.has(waiter.lane)
    this.parking.admit(waiter)
    this.lanes.join(waiter.lane, waiter)
    waiter.dueMs = message.inbound.ring.doubles[(message.at >>> 1) + DUE_DOUBLE]
    if (free) this.due.push(waiter)
  }
}

function isSuspectMessage(message: Message): boolean {
  return isSuspect(message.inbound.ring.words, message.at)
}
