// F2: a few messages fail at every attempt: they are in the fallback with the reason, and meanwhile the others go on.

import { fallbackOf, fallbackProblems } from '../fallback.mjs'

const RATE = 10_000

/** @type {import('../row.mjs').Row} */
export const poison = {
  id: 'F2',
  name: 'poison message',
  async run({ scene, random, pick }, account) {
    for (const order of ['none', 'key', 'source']) {
      const count = pick(15_000, 100_000)
      const stage = scene(order, { count })
      const ids = random.distinct(pick(5, 30), 100, Math.floor(count / 2))
      const ended = await stage.run('f02-poison', { order, poison: ids, rate: RATE })
      account.fault(ids.length)
      account.addEnd(order, ended, 0)
      account.addScene(stage, order, { order, isComplete: true })
      account.expect(order, fallbackProblems(stage, ids, 3, /is poison/))
      if (order !== 'source') account.expect(order, neighbourProblems(stage, ids))
    }
  },
}

/** Between a message's first attempt and its end in the fallback, others must have been accepted. */
function neighbourProblems(stage, ids) {
  const begun = stage.ledger('faults').events.filter(({ word }) => word === 'poison')
  const accepted = stage.ledger('sink').events.filter(({ word }) => word === 'at')
  const ended = fallbackOf(stage)
  return ids.flatMap((id) => {
    const from = begun.find(({ more }) => more === `${id} 1`)?.ms ?? 0
    const to = ended.find((entry) => entry.id === id)?.ms ?? 0
    const between = accepted.filter(({ ms }) => ms > from && ms < to)
    return between.length > 0 ? [] : [`nothing was accepted while message ${id} was tried again`]
  })
}
