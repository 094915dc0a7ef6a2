// What a fallback must hold: these messages and no others, each as it came, with the reason in its headers.

import { idOf, unstamped } from './input.mjs'

const SHOWN = 5

/**
 * @param {import('./scene.mjs').Scene} scene
 * @param {number[]} ids wanted
 * @param {number | undefined} attempts wanted in the headers; undefined: any
 * @param {RegExp} error wanted in the headers
 */
export function fallbackProblems(scene, ids, attempts, error) {
  const entries = fallbackOf(scene)
  const given = entries.map(({ id }) => id).sort((a, b) => a - b)
  const problems = []
  if (given.join() !== [...ids].sort((a, b) => a - b).join()) {
    problems.push(
      `the fallback has ${given.length} messages, wanted ${ids.length}: ${given.slice(0, SHOWN)}…, wanted ${ids.slice(0, SHOWN)}…`,
    )
  }
  const wrong = entries.filter(({ why }) => !isTold(why, attempts, error))
  if (wrong.length > 0)
    problems.push(`${wrong.length} in the fallback do not say why: ${JSON.stringify(wrong[0].why)}`)
  return problems
}

/** @param {import('./scene.mjs').Scene} scene */
export function fallbackOf(scene) {
  return scene
    .ledger('fallback')
    .events.filter(({ word }) => word === 'why')
    .flatMap(({ more, lines, ms }) =>
      lines.map((line) => ({ id: idOf(unstamped(line)), why: JSON.parse(more), ms })),
    )
}

function isTold(why, attempts, error) {
  return (
    why.reason === why['millrace-reason'] &&
    why.reason !== '' &&
    (attempts === undefined || why['millrace-attempts'] === String(attempts)) &&
    error.test(why['millrace-error'] ?? '') &&
    /\n {4}at /.test(why['millrace-stack'] ?? '')
  )
}
