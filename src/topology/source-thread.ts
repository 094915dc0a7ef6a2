// What a source that runs on several threads is told of them.

import { agree } from '../kernel/agreement.js'
import type { SourceContext } from '../sources/source.js'
import type { PlanMemory } from './memory.js'
import { type Plan, type PlannedActor, readersOf } from './plan.js'

/** Gives it for the thread of a reader; undefined where there is one only. */
export function sourceThread(
  plan: Plan,
  { agreement }: PlanMemory,
  { replica }: PlannedActor,
): SourceContext['thread'] {
  if (agreement === undefined) return undefined
  return {
    number: replica,
    count: readersOf(plan).length,
    agree: (number) => agree(agreement, number),
  }
}
