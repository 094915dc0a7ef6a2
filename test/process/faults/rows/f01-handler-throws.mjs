// F1: a handler throws or rejects with a probability: attempts that fail are repeated; what fails each time is in the fallback,
// and nothing else is.

import { failsAt } from '../fails-at.mjs'
import { fallbackProblems } from '../fallback.mjs'

const PROBABILITY = 0.1
const ATTEMPTS = 3

/** @type {import('../row.mjs').Row} */
export const handlerThrows = {
  id: 'F1',
  name: 'handler throws or rejects',
  async run({ scene, seed, pick }, account) {
    for (const order of ['none', 'key', 'source']) {
      const stage = scene(order, { count: pick(20_000, 200_000) })
      const ended = await stage.run('f01-handler-throws', { probability: PROBABILITY, order })
      const { failed, exhausted } = expected(seed, stage.input.count)
      account.fault(failed)
      account.addEnd(order, ended, 0)
      account.addScene(stage, order, { order, isComplete: true })
      account.expect(order, fallbackProblems(stage, exhausted, ATTEMPTS, /failed at attempt 3/))
      account.assert(
        order,
        ended.summary?.failed === failed,
        `failed: ${ended.summary?.failed}, wanted ${failed}`,
      )
    }
  },
}

function expected(seed, count) {
  let failed = 0
  const exhausted = []
  for (let id = 0; id < count; id++) {
    let attempt = 1
    while (attempt <= ATTEMPTS && failsAt(seed, id, attempt, PROBABILITY)) attempt++
    failed += attempt - 1
    if (attempt > ATTEMPTS) exhausted.push(id)
  }
  return { failed, exhausted }
}
