// The writes of a sink, from the call to the end: its answer, its error, or the time when it is given up (H2).
// Who is to blame if the thread dies in one is said before (H1). The bytes of a write that was given up stay until its late answer
// comes: it still reads them (M5).

import type { Host } from '../kernel/actor.js'
import type { Cell } from '../kernel/cell.js'
import { countText } from '../kernel/count-text.js'
import type { Counters } from '../kernel/counters.js'
import { crashPoint } from '../kernel/crash.js'
import { isPromise, settlingOnce } from '../kernel/promise.js'
import { begin, end, hasCompany, isSuspect } from '../kernel/suspicion.js'
import type { BegunNotes } from './begun-notes.js'
import type { Intake } from './intake.js'
import type { SinkAnswers } from './sink-answers.js'
import type { SinkBatch } from './sink-batch.js'
import type { SinkMemory, SinkOptions } from './sink-options.js'

export type SinkWritesParts = {
  answers: SinkAnswers
  /** Batches that are not wholly disposed of, oldest first. */
  batches: readonly SinkBatch[]
  notes: BegunNotes | undefined
}

export class SinkWrites {
  private readonly options: SinkOptions
  private readonly host: Host
  private readonly cell: Cell
  private readonly intake: Intake
  private readonly counters: Counters
  private readonly answers: SinkAnswers
  private readonly batches: readonly SinkBatch[]
  private readonly notes: BegunNotes | undefined
  /** Writes that the sink has not answered. */
  private calls = 0
  /** Writes that were given up and still have no answer. */
  private late = 0

  constructor(options: SinkOptions, memory: SinkMemory, host: Host, parts: SinkWritesParts) {
    this.options = options
    this.host = host
    this.cell = memory.cell
    this.intake = memory.intake
    this.counters = memory.counters
    this.answers = parts.answers
    this.batches = parts.batches
    this.notes = parts.notes
  }

  /** When the next write is to be given up, or Infinity. */
  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY
    for (const batch of this.batches) dueMs = Math.min(dueMs, batch.deadlineMs)
    return dueMs
  }

  /** True once late writes hold half of a mailbox: only the end of the thread ends them (M5). */
  get pinsTooMuch(): boolean {
    return this.late > 0 && this.intake.pinsTooMuch
  }

  /** Gives a batch to the sink. */
  write(batch: SinkBatch): void {
    let answer: unknown
    this.suspectIfItDies(batch)
    batch.startedMs = this.host.clock.now()
    try {
      answer = this.options.sink.write(batch.messages)
    } catch (error) {
      this.returned()
      this.over(batch)
      this.answers.failWhole(batch, error)
      return
    }
    this.returned()
    if (isPromise(answer)) this.await(batch, answer)
    else {
      this.over(batch)
      this.answers.answered(batch, answer)
    }
  }

  /** Gives up on batches without an answer in time; gives how many. */
  expire(): number {
    if (this.batches.length === 0) return 0
    const nowMs = this.host.clock.now()
    let work = 0
    for (const batch of this.batches) {
      if (batch.answered || batch.deadlineMs > nowMs) continue
      batch.expired = true
      this.settled(batch)
      this.late++
      for (const message of batch.messages) message.inbound.pin(message.place)
      const error = new Error(`no answer within ${countText(this.options.writeTimeoutMs)} ms`)
      this.options.gaveUp?.(batch.messages, error)
      this.answers.failWhole(batch, error)
      work++
    }
    return work
  }

  /** H1: what is given now, and what has waited before, is remembered, should the thread die in it. */
  private suspectIfItDies(batch: SinkBatch): void {
    const { messages } = batch
    const [{ inbound, at }] = messages
    const { words } = inbound.ring
    const isAlone = messages.length === 1 && this.calls === 0
    batch.isSuspect = isAlone && isSuspect(words, at)
    batch.isMarked = isAlone || this.calls > 0 || batch.isAgain
    if (isAlone) begin(words, at, true)
    else if (batch.isMarked) this.beginAll(batch)
    this.notes?.these(messages, batch.isSuspect)
    this.intake.gave(this.cell)
    this.cell.handlingBatch()
  }

  private beginAll({ messages }: SinkBatch): void {
    for (const batch of this.batches) {
      const [{ inbound, at }] = batch.messages
      if (batch.isOut && batch.messages.length === 1) hasCompany(inbound.ring.words, at)
    }
    for (const { inbound, at } of messages) begin(inbound.ring.words, at, false)
  }

  /** The sink has returned, with an answer, a promise or an error. */
  private returned(): void {
    crashPoint('sink.write-returned')
    this.cell.handled()
  }

  private await(batch: SinkBatch, promise: PromiseLike<unknown>): void {
    batch.deadlineMs = this.host.clock.now() + this.options.writeTimeoutMs
    batch.isOut = true
    batch.chunk = this.notes?.hold()
    this.cell.awaited(++this.calls)
    // Where the messages lie now: parking moves them, and the late write still reads these bytes (M5).
    const places = batch.messages.map((message) => ({ inbound: message.inbound, place: message.place }))
    const settled = (report: () => void) => {
      if (!batch.expired) {
        this.settled(batch)
        report()
      } else {
        this.late--
        for (const { inbound, place } of places) inbound.unpin(place)
        this.counters.add('late', places.length)
        this.cell.isDirty = true
      }
      this.host.wake()
    }
    settlingOnce(promise).then(
      (answer) => settled(() => this.answers.answered(batch, answer)),
      (error) => settled(() => this.answers.failWhole(batch, error)),
    )
  }

  /** A promise of the sink has settled, or is waited for no longer. */
  private settled(batch: SinkBatch): void {
    batch.isOut = false
    if (batch.chunk !== undefined) this.notes?.release(batch.chunk)
    this.cell.awaited(--this.calls)
    this.over(batch)
  }

  /** H1: the write is over, and the thread has survived it: the death of a later one, before this is committed, is not its doing. */
  private over(batch: SinkBatch): void {
    this.counters.times.write.observe(this.host.clock.now() - batch.startedMs)
    if (!batch.isMarked) return
    batch.isMarked = false
    for (const { inbound, at } of batch.messages) end(inbound.ring.words, at)
    if (batch.isSuspect) this.notes?.clear()
  }
}
