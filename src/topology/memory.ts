// The shared memory of a plan: made once by whoever runs the topology, owned by no actor, opened by each on its thread.

import { createAgreementMemory } from '../kernel/agreement.js'
import { createCancellationMemory } from '../kernel/cancellation-memory.js'
import { createCellMemory } from '../kernel/cell.js'
import { createCountersMemory } from '../kernel/counters.js'
import { DOORBELL_BYTES, ISOLATION_BYTES, PULSE_BYTES } from '../kernel/layout.js'
import { createMailboxMemory } from '../kernel/mailbox.js'
import { type Plan, type PlannedActor, readersOf } from './plan.js'

export type PlanMemory = {
  /** One a mailbox of the plan. */
  mailboxes: SharedArrayBuffer[]
  /** One an actor. */
  cells: SharedArrayBuffer[]
  counters: SharedArrayBuffer[]
  /** One a thread. */
  bells: SharedArrayBuffer[]
  pulses: SharedArrayBuffer[]
  /** One for all. */
  isolation: SharedArrayBuffer
  /** One for all, where the source cancels. */
  cancellation: SharedArrayBuffer | undefined
  /** One for all, where the source is read on several threads. */
  agreement: SharedArrayBuffer | undefined
}

/** Where mailboxes and sequences begin: 0 but in tests, which begin near the wrap. */
export type MemoryStart = { position: number; sequence: number }

/** Makes the memory of a plan. */
export function createMemory(plan: Plan, start: MemoryStart = { position: 0, sequence: 0 }): PlanMemory {
  const watermark = (start.sequence - 1) | 0
  return {
    mailboxes: plan.mailboxes.map(({ capacityBytes }) =>
      createMailboxMemory(capacityBytes, start.position, watermark),
    ),
    cells: plan.actors.map((actor) => cellMemory(actor, start, watermark)),
    counters: plan.actors.map(() => createCountersMemory()),
    bells: plan.threads.map(() => new SharedArrayBuffer(DOORBELL_BYTES)),
    pulses: plan.threads.map(() => new SharedArrayBuffer(PULSE_BYTES)),
    isolation: new SharedArrayBuffer(ISOLATION_BYTES),
    cancellation:
      plan.cancelSlots === 0 ? undefined : createCancellationMemory(plan.cancelSlots, plan.actors.length),
    agreement: readersOf(plan).length > 1 ? createAgreementMemory() : undefined,
  }
}

function cellMemory(actor: PlannedActor, start: MemoryStart, watermark: number): SharedArrayBuffer {
  const parking = actor.parking === undefined ? 0 : 1
  const registers = new Array<number>(actor.registerCount).fill(0)
  if (actor.kind === 'reader') registers[0] = start.sequence
  return createCellMemory({
    inbounds: new Array<number>(actor.inbounds.length + parking).fill(start.position),
    outbounds: new Array<number>(actor.outbounds.length + parking).fill(start.position),
    registers,
    watermark,
  })
}
