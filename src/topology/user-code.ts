// Which user code a thread is stuck in, and how long that may take (H2).

import { userCodeOf } from '../kernel/cell.js'
import { countText } from '../kernel/count-text.js'
import type { PlanMemory } from './memory.js'
import type { Plan, PlannedActor } from './plan.js'
import { roleOf } from './role-of.js'
import type { Topology } from './types.js'

/** A loop that is parked turns now and then, and a busy machine takes its time: what is shorter says nothing. */
const LOOP_MS = 1_000
/** How long a source may keep its thread's loop from turning. */
const SOURCE_MS = 30_000

/** Says what a thread is stuck in, if that takes longer than it may; undefined if it may go on. */
export function stuckIn(
  topology: Topology,
  plan: Plan,
  memory: PlanMemory,
  thread: string,
  stuckMs: number,
): string | undefined {
  const actors = plan.actors
    .map((actor, index) => ({ actor, index }))
    .filter(({ actor }) => actor.thread === thread)
  const running = actors.find(({ index }) => userCodeOf(memory.cells[index]) === 'running')
  if (running !== undefined) {
    const limitMs = limitOf(topology, running.actor)
    return stuckMs < limitMs
      ? undefined
      : `was ended: ${nameOf(running.actor)} has not returned for ${countText(limitMs)} ms`
  }
  const limitMs = Math.max(LOOP_MS, ...actors.map(({ actor }) => limitOf(topology, actor)))
  return stuckMs < limitMs ? undefined : `was ended: its loop has not turned for ${countText(limitMs)} ms`
}

/** Gives the shortest time that user code on any thread may take, in ms. */
export function shortestLimitMs(topology: Topology, plan: Plan): number {
  return Math.min(...plan.actors.map((actor) => limitOf(topology, actor)))
}

/** Names an actor's user code. */
export function nameOf(actor: PlannedActor): string {
  if (actor.kind === 'mapper') return `the handler of ${actor.name}`
  return actor.kind === 'sink' ? `a write of ${actor.name}` : 'a read of the source'
}

function limitOf(topology: Topology, actor: PlannedActor): number {
  if (actor.kind === 'mapper') return topology.stages[actor.stage].handlerTimeoutMs
  return actor.kind === 'sink' ? roleOf(topology, actor.sink).writeTimeoutMs : SOURCE_MS
}
