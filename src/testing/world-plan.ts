// The plan of a world: that of the topology on threads, with its mailboxes as small as the world wants them.

import { type Plan, planOf } from '../topology/plan.js'
import type { WorldOptions } from './world-options.js'

/** Makes the plan; with `unit: 'actor'` each actor is a thread of its own. */
export function worldPlan({ topology, capacityBytes, unit }: WorldOptions): Plan {
  const plan = planOf({ ...topology, inline: false })
  if (capacityBytes !== undefined) for (const each of plan.mailboxes) each.capacityBytes = capacityBytes
  if (unit === 'actor') {
    for (const actor of plan.actors) actor.thread = actor.name
    plan.threads = plan.actors.map(({ name }) => name)
  }
  return plan
}
