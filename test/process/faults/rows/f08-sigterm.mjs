// F8: SIGTERM under load: what was read is finished and acked, the exit code is 0, and a restart repeats nothing.

import { hasCheckpoint } from '../features.mjs'
import { killMoment } from '../kill-moments.mjs'
import { positionProblems, positionsOf } from '../positions.mjs'
import { NotRun } from '../row.mjs'

/** @returns {import('../row.mjs').Row} */
function sigterm(id, name, parameters) {
  return {
    id,
    name,
    async run(context, account) {
      if (parameters.checkpoint && !(await hasCheckpoint())) throw new NotRun('lines has no checkpoint yet')
      for (const order of ['none', 'key', 'source'])
        await oneInput(context, account, { ...parameters, order })
    },
  }
}

async function oneInput({ scene, random, pick }, account, parameters) {
  const { order } = parameters
  const drains = pick(2, 40)
  const stage = scene(order, { count: pick(20_000, 100_000) })
  const bytesAll = stage.input.count * stage.input.bytes
  const isLate = random.next() < 0.5
  for (let drained = 0; ; drained++) {
    const child = stage.start('load', { ...parameters, isLate })
    const isAlive = drained < drains && (await killMoment(stage, child, random, bytesAll / drains))
    if (isAlive) {
      child.signal('SIGTERM')
      account.fault()
    }
    const ended = await child.ended
    // Before it listens for signals nothing is read.
    const isTooEarly = ended.signal === 'SIGTERM' && !hasRead(stage)
    if (!isTooEarly) account.addEnd(order, ended, 0)
    if (!isAlive) break
    if (!isTooEarly) account.expect(order, drainProblems(ended))
  }
  account.addScene(stage, order, { order, isComplete: true })
  const positions = positionsOf(stage, { isPositional: parameters.checkpoint === true })
  account.expect(order, positionProblems(positions))
}

function hasRead(stage) {
  return stage.ledger('source').events.some(({ word, life }) => word === 'R' && life === stage.life)
}

/** All that was read in this life is acked in it. */
function drainProblems(ended) {
  const { read, acked } = ended.summary ?? {}
  return read === acked ? [] : [`drained with ${acked} of ${read} acked`]
}

export const sigtermRemembered = sigterm('F8-own', 'SIGTERM under load; the source keeps its own position', {
  remembers: true,
})
export const sigtermCheckpoint = sigterm('F8-checkpoint', 'SIGTERM under load; lines with a checkpoint', {
  checkpoint: true,
})
