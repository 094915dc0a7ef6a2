// Builds actors on the memory of a plan: on any thread, inline, or in a simulation, and again after an actor's death.

import type { ActorTracing } from '../actors/actor-tracing.js'
import type { Journal } from '../actors/begun-notes.js'
import type { Death, PoisonEnd } from '../actors/death.js'
import { Forwarder } from '../actors/forwarder.js'
import { Intake } from '../actors/intake.js'
import type { MapTask } from '../actors/map-task.js'
import { Mapper } from '../actors/mapper.js'
import { Parking } from '../actors/parking.js'
import { Reader } from '../actors/reader.js'
import { SinkActor } from '../actors/sink.js'
import { SinkOutlet } from '../actors/sink-outlet.js'
import type { Waiter } from '../actors/sink-queue.js'
import type { Actor, Host } from '../kernel/actor.js'
import { Cell } from '../kernel/cell.js'
import { Counters } from '../kernel/counters.js'
import { Doorbell } from '../kernel/doorbell.js'
import { Inbound } from '../kernel/inbound.js'
import type { Mailbox } from '../kernel/mailbox.js'
import { Outbound } from '../kernel/outbound.js'
import { Shares, shareKey } from '../kernel/shares.js'
import type { BegunFiles } from './begun-files.js'
import type { PlanMemory } from './memory.js'
import type { Plan, PlannedActor } from './plan.js'
import { routeFunction } from './route.js'
import type { SinkRole, Topology } from './types.js'

/** What one life of an actor is given. */
export type Life = {
  /** Unique to the run (S3). */
  runKey: readonly [number, number]
  /** Number of this life of the actor, from 0. */
  incarnation: number
  /** Number of the reader's life (R1). */
  epoch: number
  /** How the life before ended, if there was one. */
  death?: Death | undefined
  /** Where it is noted what user code is called for, if that is to outlive the process. */
  journal?: Journal | undefined
  /** Of its thread, if it is traced. */
  tracing?: ActorTracing | undefined
  /** Called when the reader has nothing left to do. */
  onDone: () => void
}

/** What one life of a thread is given. */
export type CrewLife = Omit<Life, 'onDone' | 'death' | 'journal' | 'tracing'> & {
  /** Of the process, if it is to be noted what user code is called for. */
  begun?: BegunFiles | undefined
  /** `blamed`: the actors whose records it is held against. */
  death?: (Omit<Death, 'isBlamed'> & { blamed: readonly string[] }) | undefined
}

/** What all actors of one kind need. */
type Ends = {
  cell: Cell
  inbounds: Inbound[]
  outbounds: Outbound[]
  /** The two ends of its mailbox to itself, where it has one. */
  parking: [Inbound, Outbound]
  shares: Shares
  counters: Counters
  death: Death | undefined
  journal: Journal | undefined
  tracing: ActorTracing | undefined
}

/** Builds the actor with number `index` of the plan: it goes on where its cell says. */
export function buildActor(
  topology: Topology,
  plan: Plan,
  memory: PlanMemory,
  index: number,
  host: Host,
  life: Life,
): Actor {
  const planned = plan.actors[index]
  const ends = openEnds(plan, memory, index, life)
  switch (planned.kind) {
    case 'reader':
      return buildReader(topology, ends, host, life)
    case 'mapper':
      return buildMapper(topology, planned, ends, host)
    case 'forwarder':
      return buildForwarder(topology, plan, planned, ends, host)
    default:
      return buildSink(topology, plan, planned, ends, host)
  }
}

function openEnds(plan: Plan, memory: PlanMemory, index: number, life: Life): Ends {
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
    death: life.death,
    journal: life.journal,
    tracing: life.tracing,
  }
}

function bellOf(plan: Plan, memory: PlanMemory, actorName: string): Doorbell {
  const actor = plan.actors.find(({ name }) => name === actorName) as PlannedActor
  return new Doorbell(memory.bells[plan.threads.indexOf(actor.thread)])
}

function buildReader(topology: Topology, ends: Ends, host: Host, life: Life): Actor {
  const { source, order, limits, fallback } = topology
  const name = source.name ?? 'source'
  return new Reader(
    {
      name,
      source,
      order,
      inFlightMax: limits.inFlight,
      valueBytesMax: limits.messageBytes,
      maxDeliveries: limits.maxDeliveries,
      hasFallback: fallback !== undefined,
      onDone: life.onDone,
      trace: life.tracing?.source(name, life.epoch),
    },
    { ...ends, epoch: life.epoch },
    host,
  )
}

function buildMapper(topology: Topology, planned: PlannedActor, ends: Ends, host: Host): Actor {
  const stage = topology.stages[planned.stage]
  const { order, limits } = topology
  const parking = new Parking<MapTask>(...ends.parking)
  const inbounds = [...ends.inbounds, parking.inbound]
  const intake = new Intake(ends.inbounds, order === 'source')
  const traced = ends.tracing?.handler(stage.name, stage.handler)
  const options = {
    name: planned.name,
    stage: stage.name,
    handler: traced?.handler ?? stage.handler,
    gaveUp: traced?.gaveUp,
    order,
    concurrency: stage.concurrency,
    handlerTimeoutMs: stage.handlerTimeoutMs,
    retry: stage.retry,
    poisonAfter: limits.poisonAfter,
    poisonTo: poisonEnd(topology, topology.fallback !== undefined),
    // Under order 'source' there are no lanes to change.
    rekey: stage.rekey && order === 'key',
    valueBytesMax: limits.messageBytes,
  }
  return new Mapper(options, { ...ends, inbounds, parking, intake, thread: planned.replica }, host)
}

function poisonEnd({ source }: Topology, hasFallback: boolean): PoisonEnd {
  if (hasFallback) return 'fallback'
  return source.redelivers === false ? 'nack' : 'stop'
}

function buildForwarder(
  topology: Topology,
  plan: Plan,
  planned: PlannedActor,
  ends: Ends,
  host: Host,
): Actor {
  const destinations = planned.outbounds.map((number) => plan.mailboxes[number].to)
  return new Forwarder(
    {
      name: planned.name,
      route: routeFunction(topology.routes, destinations),
      order: topology.order,
      fallback: destinations.indexOf('fallback'),
      valueBytesMax: topology.limits.messageBytes,
    },
    { ...ends, intake: new Intake(ends.inbounds, topology.order === 'source') },
    host,
  )
}

function buildSink(topology: Topology, plan: Plan, planned: PlannedActor, ends: Ends, host: Host): Actor {
  const sink = roleOf(topology, planned.sink)
  const outboundTo = (name: string) =>
    ends.outbounds[planned.outbounds.findIndex((number) => plan.mailboxes[number].to === name)]
  const out = {
    settlements: outboundTo('reader'),
    fallback: outboundTo('fallback'),
    onSuccess: outboundTo('onSuccess'),
  }
  // A message on its way to the fallback has given up its place: there, only keys order.
  const order = sink.role !== 'sink' && topology.order === 'source' ? 'none' : topology.order
  const intake = new Intake(ends.inbounds, order === 'source')
  const outlet = new SinkOutlet(out, topology.limits.messageBytes)
  const idsMayRepeat = sink.role !== 'sink' && topology.routes.some(({ to }) => to.length > 1)
  const { contractBreaches, poisonAfter } = topology.limits
  const traced = ends.tracing?.sink(planned.name, sink.sink)
  const poisonTo = poisonEnd(topology, outlet.hasFallback)
  const options = { ...sink, ...traced, order, idsMayRepeat, contractBreaches, poisonAfter, poisonTo }
  return new SinkActor(
    options,
    { ...ends, parking: new Parking<Waiter>(...ends.parking), intake, outlet },
    host,
  )
}

/** Gives the sink of a name, in its role. */
export function roleOf(topology: Topology, name: string): SinkRole {
  const roles = [...topology.sinks, topology.fallback, topology.onSuccess]
  return roles.find((role) => role?.name === name) as SinkRole
}
