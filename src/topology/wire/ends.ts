// What an actor has on the memory of a plan: its cell, the ends of its mailboxes, its counters.

import type { ActorTracing } from '../../actors/actor-tracing.js'
import type { Journal } from '../../actors/begun-notes.js'
import type { Death } from '../../actors/death.js'
import { Cancellation } from '../../kernel/cancellation.js'
import { Cell } from '../../kernel/cell.js'
import { Counters } from '../../kernel/counters.js'
import { Doorbell } from '../../kernel/doorbell.js'
import { Inbound } from '../../kernel/inbound.js'
import type { Mailbox } from '../../kernel/mailbox.js'
import { Outbound } from '../../kernel/outbound.js'
import { Shares, shareKey } from '../../kernel/shares.js'
import type { Life } from '../life.js'
import type { PlanMemory } from '../memory.js'
import { type Plan, type PlannedActor, readersOf } from '../plan.js'

/** What actors of every kind need. */
export type Ends = {
  cell: Cell
  inbounds: Inbound[]
  outbounds: Outbound[]
  /** The two ends of its mailbox to itself, where it has one. */
  parking: [Inbound, Outbound]
  shares: Shares
  counters: Counters
  /** The memory of cancellations, where the source cancels. */
  cancellation: Cancellation | undefined
  /** Of its actor: that of it as a listener, too. */
  number: number
  death: Death | undefined
  journal: Journal | undefined
  tracing: ActorTracing | undefined
}

/** Opens the memory of the actor with number `index` of the plan. */
export function openEnds(plan: Plan, memory: PlanMemory, index: number, life: Life): Ends {
  const planned = plan.actors[index]
  const mailbox = (number: number): Mailbox => ({
    memory: memory.mailboxes[number],
    producerBell: bellOf(plan, memory, plan.mailboxes[number].from),
    consumerBell: bellOf(plan, memory, plan.mailboxes[number].to),
  })
  const inbounds = planned.inbounds.map((number) => new Inbound(mailbox(number)))
  const outbounds = planned.outbounds.map((number) => new Outbound(mailbox(number)))
  const all = { inbounds: [...inbounds], outbounds: [...outbounds] }
  if (planned.parking !== undefined) {
    all.inbounds.push(new Inbound(mailbox(planned.parking)))
    all.outbounds.push(new Outbound(mailbox(planned.parking)))
  }
  const isBlamed = life.death?.isBlamed ?? false
  const cell = new Cell(memory.cells[index], all.inbounds, all.outbounds, planned.registerCount, isBlamed)
  return {
    cell,
    inbounds,
    outbounds,
    parking: [all.inbounds[inbounds.length], all.outbounds[outbounds.length]],
    shares: new Shares(shareKey(life.runKey, index, life.incarnation)),
    counters: new Counters(memory.counters[index]),
    cancellation:
      memory.cancellation &&
      new Cancellation(memory.cancellation, plan.actors.length, readersOf(plan).length, planned.replica),
    number: index,
    death: life.death,
    journal: life.journal,
    tracing: life.tracing,
  }
}

function bellOf(plan: Plan, memory: PlanMemory, actorName: string): Doorbell {
  const actor = plan.actors.find(({ name }) => name === actorName) as PlannedActor
  return new Doorbell(memory.bells[plan.threads.indexOf(actor.thread)])
}
