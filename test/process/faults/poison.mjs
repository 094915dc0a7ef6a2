// What must be true of one message that kills or hangs its thread each time.

import { fallbackOf } from './fallback.mjs'

/** Deaths in company are nobody's fault: a suspect is tried alone after one, and condemned after three of its own. */
const DEATHS_MAX = 4
const DEATHS_MIN = 3

/** @param {import('./scene.mjs').Scene} scene @param {number} id */
export function poisonProblems(scene, id) {
  const entries = fallbackOf(scene)
  const deaths = scene.ledger('faults').events.filter(({ word }) => word === 'death').length
  const problems = []
  if (entries.length !== 1 || entries[0].id !== id) {
    problems.push(
      `the fallback has ${entries.map((entry) => entry.id).join(', ') || 'nothing'}, wanted ${id}`,
    )
  } else if (!entries[0].why['millrace-reason']) problems.push(`no reason: ${JSON.stringify(entries[0].why)}`)
  if (deaths < DEATHS_MIN || deaths > DEATHS_MAX) {
    problems.push(`${deaths} threads died, wanted ${DEATHS_MIN} to ${DEATHS_MAX}`)
  }
  return problems
}
