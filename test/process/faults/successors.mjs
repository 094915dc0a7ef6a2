// Where the successors of a reader went on, within a life of the process.

import { offsetsOf } from './check.mjs'
import { lowWatermark } from './watermark.mjs'

/**
 * @typedef {{ life: number, told: number, committed: number, began: number | undefined }} Successor
 *   the low watermarks at its beginning: `told`: of what the source had been told; `committed`: of what it had answered and the reader
 *   had then committed, which may be all but the last answer. And where it began to read.
 */

/**
 * Whatever the source remembers, within a process its successor is given a position.
 * @param {import('./scene.mjs').Scene} scene
 * @returns {Successor[]}
 */
export function successorsOf(scene) {
  const { events } = scene.ledger('source')
  const openings = events.filter(({ word }) => word === 'open')
  const successors = openings.filter(({ life }, i) => i > 0 && openings[i - 1].life === life)
  return successors.map(({ life, opening }) => {
    const before = events.filter((event) => event.opening < opening)
    const lastAnswer = before.findLast(({ word }) => word === 'D')
    const answered = before.filter((event) => event !== lastAnswer)
    const first = events.find((event) => event.opening === opening && event.word === 'R')
    return {
      life,
      told: lowWatermark(before, 'A', scene.afterOf, true),
      committed: lowWatermark(answered, 'D', scene.afterOf, true),
      began: first === undefined ? undefined : offsetsOf(first.more)[0],
    }
  })
}

/** No successor begins beyond what the source had been told. @param {Successor[]} successors */
export function successorProblems(successors) {
  const wrong = successors.filter(({ told, began }) => began !== undefined && began > told)
  return wrong.map(
    ({ told, began }) => `a successor began at ${began}, but of ${told} the source had not been told`,
  )
}
