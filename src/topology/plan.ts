// The plan: which actors a topology becomes, which mailboxes lie between them, which thread each is on.
// It is plain data, made on the main thread only, and sent to the threads with the memory.

import { MAPPER_REGISTERS, READER_REGISTERS } from '../actors/registers.js'
import { CANCEL_KEY_BYTES, cancelSlotsFor } from '../kernel/cancellation-memory.js'
import { countText } from '../kernel/count-text.js'
import { MillraceError } from '../kernel/failure.js'
import { MAILBOX_HEADER_BYTES } from '../kernel/layout.js'
import { capacityFor } from '../kernel/mailbox.js'
import { partOf } from '../kernel/part-of.js'
import type { SinkRole, Topology } from './types.js'

export type ActorKind = 'reader' | 'mapper' | 'forwarder' | 'sink'

/** One actor. Mailboxes are given by their numbers; `parking` is one from the actor to itself. */
export type PlannedActor = {
  name: string
  kind: ActorKind
  thread: string
  inbounds: number[]
  outbounds: number[]
  parking: number | undefined
  /** Of a mapper: number of its stage. */
  stage: number
  /** Of a mapper: number of its thread within its stage. Of a reader: its own. */
  replica: number
  /** Of a sink: its name in the topology. */
  sink: string
  registerCount: number
}

export type PlannedMailbox = { from: string; to: string; capacityBytes: number }

export type Plan = {
  actors: PlannedActor[]
  mailboxes: PlannedMailbox[]
  threads: string[]
  /** Slots for the records that the source cancels, of all readers; 0 where it cancels none. */
  cancelSlots: number
  memoryBytes: number
}

export const INLINE_THREAD = 'inline'

/** Registers of each kind of actor's cell. */
const REGISTERS: Record<ActorKind, number> = {
  reader: READER_REGISTERS,
  mapper: MAPPER_REGISTERS,
  forwarder: 0,
  sink: 0,
}

/** Gives the readers of a plan, in the order of their numbers: one for each thread that reads the source. */
export function readersOf({ actors }: Pick<Plan, 'actors'>): PlannedActor[] {
  return actors.filter(({ kind }) => kind === 'reader')
}

/** Makes the plan. Throws ERR_CONFIG when its memory is over limits.memoryBytes. */
export function planOf(topology: Topology): Plan {
  const planner = new Planner(topology)
  const plan = planner.plan()
  const { memoryBytes } = topology.limits
  if (plan.memoryBytes > memoryBytes) {
    const what = `topology ${JSON.stringify(topology.name)}: limits.memoryBytes: got ${countText(memoryBytes)}, wanted at least ${countText(plan.memoryBytes)} (${countText(plan.mailboxes.length)} mailboxes for messages of up to ${countText(topology.limits.messageBytes)} bytes): raise it, lower limits.messageBytes, or use fewer threads`
    throw new MillraceError('ERR_CONFIG', what)
  }
  return plan
}

class Planner {
  private readonly topology: Topology
  private readonly capacityBytes: number
  private readonly readerCount: number
  private readonly actors: PlannedActor[] = []
  private readonly mailboxes: PlannedMailbox[] = []

  constructor(topology: Topology) {
    this.topology = topology
    this.capacityBytes = capacityFor(topology.limits.messageBytes)
    this.readerCount = topology.inline ? 1 : (topology.source.threads ?? 1)
  }

  plan(): Plan {
    const { stages, sinks, routes, fallback, onSuccess, inline } = this.topology
    const readers = this.readers()
    let last = readers
    let mappers: PlannedActor[] = []
    stages.forEach((stage, number) => {
      const threads = inline ? 1 : stage.threads
      for (let replica = 0; replica < threads; replica++) {
        const name = threads === 1 ? stage.name : `${stage.name}-${replica}`
        const mapper = this.actor(name, 'mapper', name, { stage: number, replica })
        this.park(mapper)
        mappers.push(mapper)
      }
      // Branches lie side by side.
      if (stages[number + 1]?.level === stage.level) return
      this.connect(last, mappers)
      last = mappers
      mappers = []
    })
    const sinkActors = sinks.map((role) => this.sink(role))
    const fallbackActor = fallback && this.sink(fallback)
    const onSuccessActor = onSuccess && this.sink(onSuccess)
    if (sinks.length > 1 || routes.length > 0)
      last = [this.forwarder(last, sinkActors, fallbackActor, onSuccessActor)]
    else this.connect(last, sinkActors)
    for (const actor of [...sinkActors, fallbackActor, onSuccessActor]) {
      if (actor === undefined) continue
      this.connect([actor], readers)
      const isMain = sinkActors.includes(actor)
      if (isMain && fallbackActor !== undefined) this.connect([actor], [fallbackActor])
      if (isMain && onSuccessActor !== undefined) this.connect([actor], [onSuccessActor])
      this.park(actor)
    }
    if (onSuccessActor !== undefined && fallbackActor !== undefined)
      this.connect([onSuccessActor], [fallbackActor])
    return {
      actors: this.actors,
      mailboxes: this.mailboxes,
      threads: this.threads(),
      cancelSlots: this.cancelSlots,
      memoryBytes: this.memoryBytes(),
    }
  }

  private readers(): PlannedActor[] {
    if (this.readerCount === 1) return [this.actor('reader', 'reader', 'ingress')]
    return Array.from({ length: this.readerCount }, (_, replica) =>
      this.actor(`reader-${replica}`, 'reader', `ingress-${replica}`, { replica }),
    )
  }

  private forwarder(
    from: readonly PlannedActor[],
    sinks: readonly PlannedActor[],
    fallback: PlannedActor | undefined,
    onSuccess: PlannedActor | undefined,
  ): PlannedActor {
    // Where all that it gives to is on the source's thread, so is it: a hop less.
    const isIngress = sinks.every(({ thread }) => thread === 'ingress')
    const forwarder = this.actor('forwarder', 'forwarder', isIngress ? 'ingress' : 'egress')
    this.connect(from, [forwarder])
    this.connect([forwarder], sinks)
    if (fallback !== undefined) this.connect([forwarder], [fallback])
    if (onSuccess !== undefined) this.connect([forwarder], [onSuccess])
    return forwarder
  }

  private sink({ name, thread }: SinkRole): PlannedActor {
    // Beside one of several readers it would be a hop away from the others, and die with it.
    return this.actor(name, 'sink', this.readerCount === 1 ? thread : 'egress', { sink: name })
  }

  private actor(
    name: string,
    kind: ActorKind,
    thread: string,
    extra: Partial<PlannedActor> = {},
  ): PlannedActor {
    if (this.actors.some((other) => other.name === name)) {
      const what = `map: two threads would have the name ${JSON.stringify(name)}: give one of the stages another name`
      throw new MillraceError('ERR_CONFIG', `topology ${JSON.stringify(this.topology.name)}: ${what}`)
    }
    const actor: PlannedActor = {
      name,
      kind,
      thread: this.topology.inline ? INLINE_THREAD : thread,
      inbounds: [],
      outbounds: [],
      parking: undefined,
      stage: 0,
      replica: 0,
      sink: '',
      registerCount: REGISTERS[kind],
      ...extra,
    }
    this.actors.push(actor)
    return actor
  }

  private connect(from: readonly PlannedActor[], to: readonly PlannedActor[]): void {
    for (const producer of from) {
      for (const consumer of to) {
        const number = this.mailbox(producer, consumer)
        producer.outbounds.push(number)
        consumer.inbounds.push(number)
      }
    }
  }

  private park(actor: PlannedActor): void {
    actor.parking = this.mailbox(actor, actor)
  }

  private mailbox(from: PlannedActor, to: PlannedActor): number {
    return this.mailboxes.push({ from: from.name, to: to.name, capacityBytes: this.capacityBytes }) - 1
  }

  private threads(): string[] {
    return [...new Set(this.actors.map((actor) => actor.thread))]
  }

  private get cancelSlots(): number {
    const { source, limits } = this.topology
    if (source.cancels !== true) return 0
    return this.readerCount * cancelSlotsFor(partOf(limits.inFlight, this.readerCount))
  }

  private memoryBytes(): number {
    const cancelBytes = this.cancelSlots * CANCEL_KEY_BYTES
    return this.mailboxes.reduce(
      (sum, mailbox) => sum + mailbox.capacityBytes + MAILBOX_HEADER_BYTES,
      cancelBytes,
    )
  }
}
