// Where a source goes on after the death of its thread (R2): read from the cell of its reader.

import { resumeOf } from '../actors/resume.js'
import { registersOf } from '../kernel/cell.js'
import type { SourcePosition } from '../sources/source.js'
import type { PlanMemory } from './memory.js'
import type { Plan, PlannedActor } from './plan.js'

/** Gives the lowest position that is not known to be settled; undefined where nothing with a position was read. */
export function resumePosition(
  plan: Plan,
  memory: PlanMemory,
  reader: PlannedActor,
): SourcePosition | undefined {
  const { outbounds, inbounds, registerCount } = reader
  const cell = memory.cells[plan.actors.indexOf(reader)]
  return resumeOf(registersOf(cell, outbounds.length, inbounds.length, registerCount))
}
