// F3: map threads die at random moments, in four ways, with handlers that answer at once or later: nothing is lost, nothing repeated,
// nobody ends in the fallback.

import { deathProblems } from '../deaths.mjs'
import { poisonProblems } from '../poison.mjs'
import { quantile } from '../quantile.mjs'
import { recoveriesOf } from '../recoveries.mjs'

const WAYS = ['exit', 'lateExit', 'timer', 'rejection']
/** Of the handlers that answer later: mixed, none, all. */
const LATE_SHARES = [0.5, 0, 1]
const RATE = 10_000
const LIMIT = { timeoutMs: 25_000 }

/** @param {'none' | 'key' | 'source'} order @returns {import('../row.mjs').Row} */
function threadDies(order) {
  return {
    id: `F3-${order}`,
    name: `map thread dies, order ${order}`,
    async run(context, account) {
      const stalls = []
      const wanted = context.pick(12, 210)
      for (let round = 0; account.outcome.faults < wanted; round++) {
        stalls.push(...(await oneRun(context, account, { order, round })))
      }
      account.note(
        `the other threads stood still for ${told(stalls, 0.5)} ms (p50), ${told(stalls, 0.99)} ms (p99)`,
      )
    },
  }
}

async function oneRun({ scene, random, pick }, account, { order, round }) {
  const lateShare = LATE_SHARES[round % 3]
  const label = `run ${round}, ${100 * lateShare} % late answers`
  const count = pick(12_000, 20_000)
  const stage = scene(`${round}`, { count })
  const deaths = random
    .distinct(WAYS.length, count / 20, count * 0.9)
    .map((id, i) => [id, WAYS[(i + round) % WAYS.length]])
  const ended = await stage.run('thread-dies', { order, lateShare, deaths, rate: RATE }, LIMIT)
  account.addEnd(label, ended, 0)
  account.addScene(stage, label, { order, isComplete: true })
  account.assert(
    label,
    ended.summary?.fallback === 0,
    `${ended.summary?.fallback} in the fallback, wanted none`,
  )
  account.expect(label, deathProblems(stage.ledger('faults').events, deaths))
  const recoveries = recoveriesOf(stage)
  account.fault(recoveries.length)
  for (const { recoveredMs } of recoveries) if (recoveredMs !== undefined) account.recovered(recoveredMs)
  return recoveries.map(({ othersStalledMs }) => othersStalledMs)
}

function told(values, share) {
  return quantile(values, share)?.toFixed(0) ?? '-'
}

export const threadDiesNone = threadDies('none')
export const threadDiesKey = threadDies('key')
export const threadDiesSource = threadDies('source')

/**
 * A message that kills its thread each time is poison: after so many deaths it is in the fallback, and its neighbours are not.
 * @type {import('../row.mjs').Row}
 */
export const threadPoison = {
  id: 'F3-poison',
  name: 'a message kills its thread each time',
  async run({ scene, random, pick }, account) {
    for (const order of ['none', 'key', 'source']) {
      for (const way of pick(['exit', 'lateExit'], ['exit', 'lateExit', 'exit', 'lateExit'])) {
        const stage = scene(`${order}-${way}-${account.outcome.faults}`, { count: 8_000 })
        const [id] = random.distinct(1, 500, 7_000)
        const label = `order ${order}, ${way}`
        const lateShare = random.pick(LATE_SHARES)
        const ended = await stage.run(
          'thread-dies',
          {
            order,
            lateShare,
            deaths: [],
            poison: [[id, way]],
            rate: RATE,
          },
          LIMIT,
        )
        account.fault()
        account.addEnd(label, ended, 0)
        account.addScene(stage, label, { order, isComplete: true })
        account.expect(label, poisonProblems(stage, id))
        for (const { recoveredMs } of recoveriesOf(stage))
          if (recoveredMs !== undefined) account.recovered(recoveredMs)
      }
    }
  },
}
