// Who is held to account when a thread dies (H1): read from the cells of its actors, before a successor opens them.

import { userCodeOf } from '../kernel/cell.js'
import type { PlanMemory } from './memory.js'
import type { Plan, PlannedActor } from './plan.js'

/**
 * Tells whether the death of a thread makes suspects: then it explains itself, as they are isolated and the one that did it goes
 * to the fallback. A source has no messages that could be suspected.
 */
export function makesSuspects(plan: Plan, memory: PlanMemory, thread: string): boolean {
  return inUserCode(plan, memory, thread).some((actor) => actor.kind !== 'reader')
}

/**
 * Tells whether the death of an actor's thread is held against the record that was alone in its user code: its code was on the
 * stack, or nobody else's on that thread was pending.
 */
export function isBlamed(plan: Plan, memory: PlanMemory, actorIndex: number): boolean {
  const { thread } = plan.actors[actorIndex]
  const own = userCodeOf(memory.cells[actorIndex])
  if (own !== 'awaited') return own === 'running'
  return inUserCode(plan, memory, thread).length === 1
}

function inUserCode(plan: Plan, memory: PlanMemory, thread: string): PlannedActor[] {
  return plan.actors.filter(
    (actor, index) => actor.thread === thread && userCodeOf(memory.cells[index]) !== 'none',
  )
}
