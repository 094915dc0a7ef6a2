// The plan of a topology as plain data: what `graph` prints, and its JSON.

import type { RetryStrategy } from '../../kernel/retry.js'
import { type Plan, type PlannedActor, readersOf } from '../../topology/plan.js'
import type { SinkRole, TagCondition, Topology } from '../../topology/types.js'

export type GraphRetry = {
  /** null for no limit. */
  attempts: number | null
  backoff: RetryStrategy['backoff']
  onExhausted: RetryStrategy['onExhausted']
}

export type GraphActor = {
  name: string
  kind: PlannedActor['kind']
  thread: string
  /** What it runs: the name of the source, the stage or the sink. */
  runs?: string
  concurrency?: number
  timeoutMs?: number
  batchMax?: number
  retry?: GraphRetry
  /** Where messages wait that are to be tried again; 0 where it has none. */
  parkingBytes: number
}

export type Graph = {
  name: string
  order: { value: Topology['order']; given: string | null; why: string }
  limits: Topology['limits']
  memoryBytes: number
  threads: string[]
  actors: GraphActor[]
  /** Without the parkings. `settles`: what comes back to a reader. */
  mailboxes: { from: string; to: string; capacityBytes: number; settles: boolean }[]
  /** The first that fits decides; the last one fits all. Empty where there is nothing to decide. */
  routes: { when: TagCondition | null; to: readonly string[] }[]
  /** Of each stage that has branches: the first branch that fits takes a message; the last one takes all else. */
  branches: { stage: string; when: TagCondition | null; to: string }[]
}

/** Makes it. */
export function graphOf(topology: Topology, plan: Plan): Graph {
  const { name, order, orderGiven, limits, routes } = topology
  const readers = new Set(readersOf(plan).map((reader) => reader.name))
  return {
    name,
    order: { value: order, given: orderGiven ?? null, why: whyOrder(topology) },
    limits,
    memoryBytes: plan.memoryBytes,
    threads: plan.threads,
    actors: plan.actors.map((actor) => actorOf(actor, topology, plan)),
    mailboxes: plan.mailboxes
      .filter(({ from, to }) => from !== to)
      .map(({ from, to, capacityBytes }) => ({ from, to, capacityBytes, settles: readers.has(to) })),
    routes: routes.length === 0 ? [] : [...routes, { when: null, to: ['sink'] }],
    branches: topology.stages.flatMap(({ name: to, branchOf, when = null }) =>
      branchOf === undefined ? [] : [{ stage: branchOf, when, to }],
    ),
  }
}

function actorOf(actor: PlannedActor, topology: Topology, plan: Plan): GraphActor {
  const { name, kind, thread, parking } = actor
  const parkingBytes = parking === undefined ? 0 : plan.mailboxes[parking].capacityBytes
  return { name, kind, thread, ...detailsOf(actor, topology), parkingBytes }
}

function detailsOf({ kind, stage, sink }: PlannedActor, topology: Topology): Partial<GraphActor> {
  if (kind === 'reader') return { runs: topology.source.name ?? 'source' }
  if (kind === 'forwarder') return {}
  if (kind === 'mapper') {
    const { name, concurrency, handlerTimeoutMs, retry } = topology.stages[stage]
    return { runs: name, concurrency, timeoutMs: handlerTimeoutMs, retry: retryOf(retry) }
  }
  const roles = [...topology.sinks, topology.fallback, topology.onSuccess]
  const role = roles.find((each) => each?.name === sink) as SinkRole
  const { concurrency, writeTimeoutMs, batchMax, retry } = role
  const runs = role.sink.name ?? role.name
  return { runs, concurrency, timeoutMs: writeTimeoutMs, batchMax, retry: retryOf(retry) }
}

function retryOf({ attempts, backoff, onExhausted }: RetryStrategy): GraphRetry {
  return { attempts: attempts === Infinity ? null : attempts, backoff, onExhausted }
}

/** Says where the order comes from. */
function whyOrder({ order, orderGiven, source, sinks, stages }: Topology): string {
  if (orderGiven !== undefined) return `as ${orderGiven} says`
  if (order === 'source') return 'default: the source is one ordered stream, and no sink reorders it'
  if (stages.some(({ branchOf }) => branchOf !== undefined)) return 'default: branches overtake each other'
  const loose = sinks.filter(({ sink }) => sink.ordered !== true).map(({ name }) => name)
  if (source.ordered !== true || (source.threads ?? 1) > 1)
    return 'default: the source is not one ordered stream'
  return `default: not ordered is ${loose.join(', ')}`
}
