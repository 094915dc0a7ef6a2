// Builds actors on the memory of a plan, again after an actor's death. A thread loads the builders that it needs; a simulation,
// whose actors die and are built between two steps, has them all.

import type { Actor, Host } from '../kernel/actor.js'
import type { Life } from './life.js'
import type { PlanMemory } from './memory.js'
import type { ActorKind, Plan } from './plan.js'
import type { Topology } from './types.js'
import { buildForwarder } from './wire/build-forwarder.js'
import { buildMapper } from './wire/build-mapper.js'
import { buildReader } from './wire/build-reader.js'
import { buildSink } from './wire/build-sink.js'
import { openEnds } from './wire/ends.js'
import type { Build } from './wire/wiring.js'

const BUILDERS: Record<ActorKind, Build> = {
  reader: buildReader,
  mapper: buildMapper,
  forwarder: buildForwarder,
  sink: buildSink,
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
  return BUILDERS[planned.kind]({ topology, plan, planned, ends, host, life })
}
