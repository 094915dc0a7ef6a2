// F7: SIGKILL at random moments, again and again, until the input is at its end. Three sources: one that begins at the start each
// time, one that goes on where its own account says, and lines with a checkpoint.

import { hasCheckpoint } from '../features.mjs'
import { killMoment } from '../kill-moments.mjs'
import { positionProblems, positionsOf } from '../positions.mjs'
import { NotRun } from '../row.mjs'

/** @returns {import('../row.mjs').Row} */
function sigkill(id, name, bound, { parameters, resumes, needsCheckpoint = false, kills }) {
  return {
    id,
    name,
    bound,
    async run(context, account) {
      if (needsCheckpoint && !(await hasCheckpoint())) throw new NotRun('lines has no checkpoint yet')
      const wanted = context.pick(...kills)
      for (let round = 0; account.outcome.faults < wanted; round++) {
        await oneInput(context, account, { parameters, resumes, wanted, round })
      }
    },
  }
}

async function oneInput({ scene, random, pick }, account, { parameters, resumes, wanted, round }) {
  const order = random.pick(['key', 'source', 'none'])
  const isLate = random.next() < 0.5
  const label = `input ${round}, order ${order}`
  const stage = scene(`${round}`, { count: pick(20_000, 40_000) })
  const bytesAll = stage.input.count * stage.input.bytes
  const left = Math.min(wanted - account.outcome.faults, 20)
  const given = { order, isLate, ...parameters }
  let kills = 0
  for (;;) {
    const child = stage.start('load', given)
    const mayKill = kills < left
    const isAlive =
      mayKill && (await killMoment(stage, child, random, resumes ? (2 * bytesAll) / left : bytesAll))
    if (isAlive) {
      child.signal('SIGKILL')
      kills++
    }
    const ended = await child.ended
    if (ended.signal === 'SIGKILL' && !ended.late) continue
    account.addEnd(label, ended, 0)
    break
  }
  account.fault(kills)
  const positions = positionsOf(stage, { isPositional: parameters.checkpoint === true })
  const mayRepeat = ({ id, life, before }) =>
    life > before.life && (!resumes || stage.input.offsets[id] >= (positions.get(life)?.durable ?? 0))
  account.addScene(stage, label, { order, isComplete: true, mayRepeat, tornMax: kills })
  if (resumes) account.expect(label, positionProblems(positions))
  for (const ms of restartsOf(stage)) account.recovered(ms)
}

/** From the opening of the source in a life to the first message accepted in it. */
function restartsOf(stage) {
  const opened = stage.ledger('source').events.filter(({ word }) => word === 'open')
  const accepted = stage.ledger('sink').events.filter(({ word }) => word === 'at')
  return opened.slice(1).flatMap(({ life, ms }) => {
    const first = accepted.find((event) => event.life === life)
    return first === undefined ? [] : [first.ms - ms]
  })
}

export const sigkillFromStart = sigkill(
  'F7-start',
  'SIGKILL; the source begins at its start',
  'all that was read',
  {
    parameters: {},
    resumes: false,
    kills: [6, 200],
  },
)
export const sigkillRemembered = sigkill(
  'F7-own',
  'SIGKILL; the source keeps its own position',
  'what was not acked',
  {
    parameters: { remembers: true },
    resumes: true,
    kills: [6, 200],
  },
)
export const sigkillCheckpoint = sigkill(
  'F7-checkpoint',
  'SIGKILL; lines with a checkpoint',
  'what was not acked',
  {
    parameters: { checkpoint: true },
    resumes: true,
    needsCheckpoint: true,
    kills: [6, 200],
  },
)
export const sigkillFile = sigkill(
  'F7-file',
  'SIGKILL; lines with a checkpoint, into a file',
  'what was not acked',
  {
    parameters: { checkpoint: true, sink: 'file' },
    resumes: true,
    needsCheckpoint: true,
    kills: [6, 200],
  },
)
