// The sink actor: gives batches to a user's sink, and disposes of each message as answered. SinkQueue says what is given next,
// SinkWrites gives it, SinkAnswers checks what the sink says, SinkDisposal does what it says.
// It never waits to fill a batch while it could write (W4). Its write precedes its commit, so a crash repeats the write and
// never the settlement (S5).

import { type Actor, type Host, MORE } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import { MARKER, TO_FALLBACK } from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import type { Counters } from '../kernel/counters.js'
import type { Message } from '../kernel/message.js'
import { BegunNotes } from './begun-notes.js'
import type { Parking } from './parking.js'
import { SinkAnswers } from './sink-answers.js'
import { SinkBatch } from './sink-batch.js'
import { SinkDisposal } from './sink-disposal.js'
import type { SinkMemory, SinkOptions } from './sink-options.js'
import { SinkQueue, type Waiter } from './sink-queue.js'
import { SinkWrites } from './sink-writes.js'

/** Batches written in one step, at most. */
const STEP_BATCHES = 4

export class SinkActor implements Actor {
  readonly name: string
  private readonly options: SinkOptions
  private readonly host: Host
  private readonly cell: Cell
  private readonly counters: Counters
  private readonly parking: Parking<Waiter>
  private readonly notes: BegunNotes | undefined
  private readonly queue: SinkQueue
  private readonly answers: SinkAnswers
  private readonly writes: SinkWrites
  private readonly disposal: SinkDisposal
  /** Batches that are not wholly disposed of, oldest first. */
  private readonly batches: SinkBatch[] = []
  private hasRetired = false

  constructor(options: SinkOptions, memory: SinkMemory, host: Host) {
    const { role, sink, order, batchMax, concurrency, idsMayRepeat } = options
    const ordered = sink.ordered === true
    this.name = options.name
    this.options = options
    this.host = host
    this.cell = memory.cell
    this.counters = memory.counters
    this.parking = memory.parking
    this.notes = memory.journal && new BegunNotes(memory.journal)
    const { notes, batches } = this
    const isSpecial = (kind: number) => (kind & 0xff) === MARKER || (role === 'sink' && kind === TO_FALLBACK)
    const passOn = (message: Message) => this.disposal.passOn(message)
    const queue = new SinkQueue(
      { order, ordered, batchMax, concurrency, idsMayRepeat, passOn, isSpecial, notes },
      memory,
      host.clock,
    )
    const laneOf = ordered ? (message: Message) => queue.laneOf(message) : undefined
    const answers = new SinkAnswers(options, memory, host, laneOf)
    this.queue = queue
    this.answers = answers
    this.writes = new SinkWrites(options, memory, host, { answers, batches, notes })
    this.disposal = new SinkDisposal(options, memory, host, queue)
  }

  step(): number {
    const { cell, disposal, batches } = this
    disposal.blocked = false
    let work = this.writes.expire() + disposal.disposeOf(batches)
    for (let i = 0; i < STEP_BATCHES && this.mayWrite; i++) {
      const taken = this.writeNext()
      if (taken === 0) break
      work += i + 1 < STEP_BATCHES ? taken : taken + MORE
    }
    this.queue.tidy()
    this.counters.set('inFlight', this.inHand)
    if (this.writes.pinsTooMuch) this.retire()
    if (!cell.isDirty) return work
    disposal.commit()
    // W2: nobody rings for what this commit has given free.
    return this.parking.wantsRoom && work > 0 ? work + MORE : work
  }

  ring(): void {
    this.cell.ring()
  }

  dueMs(): number {
    return this.mayWrite ? Math.min(this.queue.dueMs, this.writes.dueMs) : this.writes.dueMs
  }

  /** Messages that the sink has not answered, and those that wait for another try. */
  private get inHand(): number {
    let count = this.queue.waiting
    for (const batch of this.batches) count += batch.messages.length - batch.done
    return count
  }

  private get mayWrite(): boolean {
    const { batches, disposal, writes } = this
    if (disposal.blocked || writes.pinsTooMuch || batches.length >= this.options.concurrency) return false
    return batches.length === 0 || !batches[0].isSuspect
  }

  private writeNext(): number {
    const { batches, queue, disposal } = this
    const batch = new SinkBatch()
    const taken = queue.fill(batch, batches.length === 0)
    if (taken > 0) this.cell.isDirty = true
    if (batch.messages.length > 0) {
      batches.push(batch)
      this.counters.add('batches')
      this.counters.add('retried', queue.retried)
      queue.retried = 0
      this.write(batch)
      disposal.disposeOf(batches)
    }
    return taken
  }

  private write(batch: SinkBatch): void {
    const [first] = batch.messages
    if (this.answers.isPoison(first)) {
      this.answers.condemn(batch, first)
      // The suspects of other threads wait for its turn to end.
      this.notes?.clear()
      return
    }
    // P2: should the thread die in this write, the ones before are not repeated.
    if (this.disposal.hasAnswers) this.disposal.commit()
    this.writes.write(batch)
  }

  /** A new thread goes on, when the other batches are done here (M5). */
  private retire(): void {
    if (this.hasRetired || this.batches.length > 0) return
    this.hasRetired = true
    const { writeTimeoutMs } = this.options
    this.host.renew(
      `${this.name}: writes without an answer within ${countText(writeTimeoutMs)} ms hold half of a mailbox`,
    )
  }
}
