// What a successor is told of a death in a world (H1).

import { isBlamed } from '../topology/blame.js'
import type { PlanMemory } from '../topology/memory.js'
import type { Plan } from '../topology/plan.js'
import type { DeathPlace } from './world-deaths.js'
import type { WorldDeath, WorldThread } from './world-thread.js'

export class Blame {
  private readonly plan: Plan
  private readonly memory: PlanMemory
  private readonly poisonAfter: number
  private readonly byChance = new Map<WorldThread, number>()

  constructor(plan: Plan, memory: PlanMemory, poisonAfter: number) {
    this.plan = plan
    this.memory = memory
    this.poisonAfter = poisonAfter
  }

  /** `isKilled`: by user code on its stack. Reads the cells: before a successor opens them. */
  of(thread: WorldThread, place: DeathPlace, isKilled: boolean): WorldDeath {
    const blamed = this.isHeldAgainst(thread, place, isKilled)
      ? thread.actorNumbers.filter((number) => isBlamed(this.plan, this.memory, number))
      : []
    return { reason: `died at ${place}`, blamed }
  }

  /** What dies by chance is blamed on whom it happened to: less often than makes poison of an innocent. */
  private isHeldAgainst(thread: WorldThread, place: DeathPlace, isKilled: boolean): boolean {
    if (place === 'renewed' || thread.phase === 'dead') return false
    if (isKilled || place === 'promise pending') return true
    const count = (this.byChance.get(thread) ?? 0) + 1
    this.byChance.set(thread, count)
    return count < this.poisonAfter
  }
}
