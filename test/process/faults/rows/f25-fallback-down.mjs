// F25: the fallback sink is down too: what it should take stays in flight, the source is read no more, nothing is dropped, and all
// goes on when it is back.

import { rmSync, writeFileSync } from 'node:fs'
import { failsAt } from '../fails-at.mjs'
import { fallbackOf } from '../fallback.mjs'
import { inFlightMaxOf } from '../occupancy.mjs'
import { cpuMs } from '../proc.mjs'
import { still } from '../still.mjs'
import { elapsed, until } from '../until.mjs'

const IN_FLIGHT = 500
const PROBABILITY = 0.2
const CPU_SHARE_MAX = 0.2
const RESUME_MS = 5_000

/** @type {import('../row.mjs').Row} */
export const fallbackDown = {
  id: 'F25',
  name: 'fallback sink down too',
  mostlyWaits: true,
  needs: ['proc'],
  async run({ scene, pick }, account) {
    for (const order of pick(['none', 'source'], ['none', 'key', 'source'])) {
      const stage = scene(order, { count: pick(10_000, 50_000), keys: 1_000 })
      await oneOutage(stage, account, order, pick(2_000, 20_000))
    }
  },
}

async function oneOutage(stage, account, order, downMs) {
  writeFileSync(stage.path('down'), '')
  const child = stage.start(
    'fallback-down',
    { order, probability: PROBABILITY, inFlight: IN_FLIGHT },
    { timeoutMs: 120_000 },
  )
  // Nothing is read for a while, though there is more.
  const isStill = still(stage, 'source', 1_000)
  await until('it halts', () => child.isOver || (isStill() && stage.sizeOf('source') > 0))
  const [sizeBefore, cpuBeforeMs] = [stage.sizeOf('source'), cpuMs(child.pid)]
  await elapsed(downMs)
  const share = (cpuMs(child.pid) - cpuBeforeMs) / downMs
  account.fault()
  account.note(`order ${order}: ${(100 * share).toFixed(1)} % of a core while halted`)
  account.assert(order, share < CPU_SHARE_MAX, `${(100 * share).toFixed(0)} % of a core while halted`)
  account.assert(order, stage.sizeOf('source') === sizeBefore, 'the source was read while all was in flight')
  account.assert(order, !child.isOver, 'it ended though the fallback was down')
  rmSync(stage.path('down'))
  const backMs = performance.now()
  await until('it goes on', () => child.isOver || stage.sizeOf('source') > sizeBefore, RESUME_MS)
  account.recovered(performance.now() - backMs)
  account.addEnd(order, await child.ended, 0)
  account.addScene(stage, order, { order: 'none', isComplete: true })
  const wanted = refused(stage)
  const given = fallbackOf(stage)
    .map(({ id }) => id)
    .sort((a, b) => a - b)
  account.assert(
    order,
    given.join() === wanted.join(),
    `the fallback has ${given.length} messages, wanted ${wanted.length}`,
  )
  // The ack of a record that is settled may still be on its way while the next is read.
  const most = inFlightMaxOf(stage.ledger('source').events)
  account.assert(
    order,
    most <= 2 * IN_FLIGHT,
    `${most} in flight, wanted at most ${IN_FLIGHT} and the acks on their way`,
  )
}

function refused({ seed, input }) {
  const ids = Array.from({ length: input.count }, (_, id) => id)
  return ids.filter((id) => failsAt(seed, id, 1, PROBABILITY))
}
