// Opens the notes of an actor: what is in its user code.

import { Isolation } from '../kernel/isolation.js'
import type { Log } from '../kernel/log.js'
import { BegunFile, type BegunFiles } from './begun-files.js'
import type { PlanMemory } from './memory.js'
import type { Plan, PlannedActor } from './plan.js'
import type { Topology } from './types.js'

/** Gives them; undefined for an actor whose messages nobody could be blamed for. */
export function openJournal(
  begun: BegunFiles,
  topology: Topology,
  plan: Plan,
  memory: PlanMemory,
  planned: PlannedActor,
  log: Log,
): BegunFile | undefined {
  const { kind, name, stage, sink } = planned
  if (kind !== 'mapper' && kind !== 'sink') return undefined
  const place = kind === 'mapper' ? topology.stages[stage].name : sink
  const isolation = new Isolation(memory.isolation, plan.actors.indexOf(planned) + 1)
  return new BegunFile(begun, place, name, isolation, log)
}
