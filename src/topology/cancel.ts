// What a source calls for a record that nobody waits for any more.

import { Cancellation } from '../kernel/cancellation.js'
import { Doorbell } from '../kernel/doorbell.js'
import type { SourceContext } from '../sources/source.js'
import type { PlanMemory } from './memory.js'
import { type Plan, type PlannedActor, readersOf } from './plan.js'

/** Gives the function for the thread of a reader; undefined where the source cancels nothing. */
export function cancelFunction(
  plan: Plan,
  memory: PlanMemory,
  { replica }: PlannedActor,
): SourceContext['cancel'] {
  if (memory.cancellation === undefined) return undefined
  const { actors, threads } = plan
  const cancellation = new Cancellation(memory.cancellation, actors.length, readersOf(plan).length, replica)
  const listeners = actors.flatMap(({ kind, thread }, number) =>
    kind === 'mapper' ? [{ number, bell: new Doorbell(memory.bells[threads.indexOf(thread)]) }] : [],
  )
  return (partition, offset) => {
    cancellation.cancel(partition, offset)
    // W5: what has not begun is looked at when its turn comes; only who awaits a signal is woken.
    for (const { number, bell } of listeners) if (cancellation.isAwaitedBy(number)) bell.ring()
  }
}
