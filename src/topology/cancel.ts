// What a source calls for a record that nobody waits for any more.

import { Cancellation } from '../kernel/cancellation.js'
import { Doorbell } from '../kernel/doorbell.js'
import type { SourceContext } from '../sources/source.js'
import type { PlanMemory } from './memory.js'
import type { Plan } from './plan.js'

/** Gives the function for the source's thread; undefined where the source cancels nothing. */
export function cancelFunction({ actors, threads }: Plan, memory: PlanMemory): SourceContext['cancel'] {
  if (memory.cancellation === undefined) return undefined
  const cancellation = new Cancellation(memory.cancellation, actors.length)
  const listeners = actors.flatMap(({ kind, thread }, number) =>
    kind === 'mapper' ? [{ number, bell: new Doorbell(memory.bells[threads.indexOf(thread)]) }] : [],
  )
  return (partition, offset) => {
    cancellation.cancel(partition, offset)
    // W5: what has not begun is looked at when its turn comes; only who awaits a signal is woken.
    for (const { number, bell } of listeners) if (cancellation.isAwaitedBy(number)) bell.ring()
  }
}
