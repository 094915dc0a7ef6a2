// Where the source of a plan goes on after the death of its thread (R2): read from the cell of its reader.

import { resumeOf } from '../actors/resume.js'
import { registersOf } from '../kernel/cell.js'
import type { SourcePosition } from '../sources/source.js'
import type { PlanMemory } from './memory.js'
import type { Plan } from './plan.js'

/** Gives the lowest position that is not known to be settled; undefined where nothing with a position was read. */
export function resumePosition(plan: Plan, memory: PlanMemory): SourcePosition | undefined {
  const index = plan.actors.findIndex(({ kind }) => kind === 'reader')
  const { outbounds, inbounds, registerCount } = plan.actors[index]
  return resumeOf(registersOf(memory.cells[index], outbounds.length, inbounds.length, registerCount))
}
