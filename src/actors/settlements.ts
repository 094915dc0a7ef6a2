// The settlements that come back to a reader: each takes its share out of its root, and where nothing is left the root is complete
// (S2); then the acks are told how it ended. Taken first in every step, and unconditionally (S6).

import type { Cell } from '../kernel/cell.js'
import {
  headersAt,
  metaAt,
  OK_RUN,
  OK_RUN_ENTRY_BYTES,
  OUTCOME_NACK,
  OUTCOME_SERVE,
} from '../kernel/codec.js'
import type { Counters } from '../kernel/counters.js'
import type { Inbound } from '../kernel/inbound.js'
import {
  EPOCH,
  KIND,
  RECORD_HEADER_BYTES,
  SEQUENCE_DOUBLE,
  SHARE_HI,
  SHARE_LO,
  VALUE_BYTES,
} from '../kernel/layout.js'
import type { Ring } from '../kernel/mailbox.js'
import { Message } from '../kernel/message.js'
import type { Answer } from '../sources/source.js'
import type { Acks } from './acks.js'
import type { RecordTrace } from './actor-tracing.js'
import type { Completed, InFlight } from './in-flight.js'
import type { ReaderMemory } from './reader-options.js'

export class Settlements {
  private readonly cell: Cell
  private readonly inbounds: readonly Inbound[]
  private readonly counters: Counters
  private readonly epoch: number
  private readonly inFlight: InFlight
  private readonly acks: Acks
  private readonly trace: RecordTrace | undefined
  private nowMs = 0
  /** When the roots that were settled last were read, and how many of them there are that are not timed yet. */
  private settledReadMs = 0
  private settledCount = 0

  constructor(memory: ReaderMemory, inFlight: InFlight, acks: Acks, trace: RecordTrace | undefined) {
    this.cell = memory.cell
    this.inbounds = memory.inbounds
    this.counters = memory.counters
    this.epoch = memory.epoch
    this.inFlight = inFlight
    this.acks = acks
    this.trace = trace
  }

  /** Takes all that have come: gives how many. */
  take(nowMs: number): number {
    this.nowMs = nowMs
    let work = 0
    for (const inbound of this.inbounds) {
      while (inbound.peek()) {
        const position = inbound.take()
        this.takeOne(inbound, position)
        inbound.settle(position, this.cell.pending)
        work++
      }
    }
    if (work > 0) this.cell.isDirty = true
    this.observeSettled()
    return work
  }

  private takeOne(inbound: Inbound, position: number): void {
    const { ring } = inbound
    const at = ring.wordAt(position)
    // R1: a root of an earlier life of the reader is nobody's any more.
    if (ring.words[at + EPOCH] !== this.epoch) {
      this.counters.add('stale')
      return
    }
    if (ring.words[at + KIND] === OK_RUN) {
      this.takeOkRun(ring, at)
      return
    }
    const sequence = ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE]
    const outcome = (ring.words[at + KIND] >>> 8) & 0xff
    const answer = outcome === OUTCOME_SERVE ? answerOf(new Message(inbound, position)) : undefined
    if (outcome === OUTCOME_NACK) this.takeReason(inbound, at, sequence)
    const { inFlight } = this
    const result = inFlight.settle(
      sequence,
      ring.words[at + SHARE_LO],
      ring.words[at + SHARE_HI],
      outcome === OUTCOME_NACK,
    )
    if (result === 'complete') this.complete(inFlight.completed, sequence, answer)
    else if (answer !== undefined && result === 'open') this.acks.answer(sequence, answer)
  }

  private takeOkRun(ring: Ring, at: number): void {
    const { inFlight } = this
    const end = at + ((RECORD_HEADER_BYTES + ring.words[at + VALUE_BYTES]) >>> 2)
    for (let entry = at + (RECORD_HEADER_BYTES >>> 2); entry < end; entry += OK_RUN_ENTRY_BYTES >>> 2) {
      const sequence = ring.doubles[entry >>> 1]
      if (inFlight.settle(sequence, ring.words[entry + 2], ring.words[entry + 3], false) === 'complete')
        this.complete(inFlight.completed, sequence)
    }
  }

  private takeReason(inbound: Inbound, at: number, sequence: number): void {
    const { reason, delayMs, maxDeliveries } = metaAt(inbound.ring, at)
    this.acks.reason(sequence, {
      reason: reason ?? 'nacked',
      delayMs: delayMs ?? 0,
      maxDeliveries: maxDeliveries || undefined,
    })
  }

  private complete(root: Completed, sequence: number, answer?: Answer): void {
    // Records that were read in one step and settled in one have the same latency.
    if (root.readAtMs !== this.settledReadMs) {
      this.observeSettled()
      this.settledReadMs = root.readAtMs
    }
    this.settledCount++
    if (this.trace !== undefined) this.trace.settled(sequence, root.nacked)
    if (root.nacked) {
      this.cell.registers[3]++
      this.acks.nackRoot(sequence, root)
    } else {
      this.cell.registers[2]++
      this.acks.ackRoot(sequence, root, answer)
    }
  }

  private observeSettled(): void {
    if (this.settledCount > 0)
      this.counters.times.processing.observe(this.nowMs - this.settledReadMs, this.settledCount)
    this.settledCount = 0
  }
}

function answerOf(settlement: Message): Answer {
  const { ring } = settlement.inbound
  const { status } = metaAt(ring, settlement.at)
  const headers = headersAt(ring, settlement.at)
  return {
    payload: settlement.bytes(),
    ...(status !== undefined && { status }),
    ...(headers && { headers }),
  }
}
