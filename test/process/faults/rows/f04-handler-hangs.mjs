// F4: a handler spins, or its promise never settles: it is ended after its deadline and tried again; one that does so each time ends
// in the fallback. The source's thread goes on all the while.

import { fallbackOf } from '../fallback.mjs'
import { poisonProblems } from '../poison.mjs'
import { recoveriesOf } from '../recoveries.mjs'

const TIMEOUT_MS = 300
const ATTEMPTS = 3
/** How long the source's thread may be away on a machine that is busy. */
const BEAT_MS_MAX = 1_000
const RATE = 4_000
const LIMIT = { timeoutMs: 25_000 }

/** How it hangs, and whether it does so each time. @type {[string, boolean][]} */
const ALL = ['spin', 'lateSpin', 'never'].flatMap((way) => [false, true].map((isPoison) => [way, isPoison]))
const FEW = { none: [ALL[1], ALL[2]], key: [ALL[0], ALL[3], ALL[5]], source: [ALL[1], ALL[4]] }

/** @type {import('../row.mjs').Row} */
export const handlerHangs = {
  id: 'F4',
  name: 'handler spins or never settles',
  async run(context, account) {
    for (const order of ['none', 'key', 'source']) {
      for (const [way, isPoison] of context.pick(FEW[order], ALL))
        await oneRun(context, account, { order, way, isPoison })
    }
  },
}

async function oneRun({ scene, random, pick }, account, { order, way, isPoison }) {
  const label = `order ${order}, ${way}${isPoison ? ' each time' : ''}`
  const stage = scene(`${order}-${way}-${isPoison}`, { count: pick(6_000, 40_000), keys: 500 })
  const lateShare = random.pick([0, 0.5, 1])
  const [id] = random.distinct(1, 500, 4_000)
  const fault = isPoison ? { deaths: [], poison: [[id, way]] } : { deaths: [[id, way]] }
  const ended = await stage.run(
    'thread-dies',
    {
      order,
      lateShare,
      handlerTimeoutMs: TIMEOUT_MS,
      rate: RATE,
      ...fault,
    },
    LIMIT,
  )
  account.fault()
  account.addEnd(label, ended, 0)
  account.addScene(stage, label, { order, isComplete: true })
  account.expect(label, beatProblems(stage))
  if (!isPoison) account.assert(label, fallbackOf(stage).length === 0, 'something is in the fallback')
  else if (way === 'never') account.expect(label, neverProblems(stage, id))
  else account.expect(label, poisonProblems(stage, id))
  if (way === 'never') return
  for (const { recoveredMs } of recoveriesOf(stage))
    if (recoveredMs !== undefined) account.recovered(recoveredMs)
}

/** A promise that never settles is an attempt that failed: its thread goes on. */
function neverProblems(stage, id) {
  const [entry, ...more] = fallbackOf(stage)
  if (entry?.id !== id || more.length > 0)
    return [`the fallback has ${entry?.id} and ${more.length} more, wanted ${id}`]
  const isTold =
    entry.why['millrace-attempts'] === String(ATTEMPTS) &&
    /300 ms/.test(entry.why['millrace-error'] ?? entry.why.reason)
  return isTold ? [] : [`does not say why: ${JSON.stringify(entry.why)}`]
}

function beatProblems(stage) {
  const beats = stage.ledger('source').events.filter(({ word }) => word === 'beat')
  const longest = Math.max(0, ...beats.map(({ more }) => Number(more)))
  if (beats.length === 0) return ['the source told no heartbeat']
  return longest > BEAT_MS_MAX ? [`the source's thread was away for ${longest} ms`] : []
}
