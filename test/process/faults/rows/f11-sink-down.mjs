// F11: the sink's other side is down for a while: the sink is tried with back-off and little processor time, and goes on soon after.

import { CollectorProcess } from '../collector-process.mjs'
import { cpuMs } from '../proc.mjs'
import { elapsed, until } from '../until.mjs'

const CPU_SHARE_MAX = 0.2
const RESUME_MS = 5_000
const SETTLE_MS = 500

/** @type {import('../row.mjs').Row} */
export const sinkDown = {
  id: 'F11',
  name: 'sink down for a while',
  mostlyWaits: true,
  needs: ['proc'],
  bound: 'the writes in hand',
  async run({ scene, pick }, account) {
    for (const order of ['none', 'key', 'source']) {
      const stage = scene(order, { count: pick(40_000, 200_000) })
      const collector = await CollectorProcess.start(stage.path('sink.ledger'), 1)
      try {
        await oneOutage(stage, account, { order, collector, downMs: pick(3_000, 20_000) })
      } finally {
        await collector.end()
      }
    }
  },
}

async function oneOutage(stage, account, { order, collector, downMs }) {
  const { port } = collector
  const child = stage.start('collected', { order, port, rate: 20_000 }, { timeoutMs: 120_000 })
  await until('messages arrive', () => stage.sizeOf('sink') > 200_000)
  await collector.end()
  await elapsed(SETTLE_MS)
  const cpuBeforeMs = cpuMs(child.pid)
  await elapsed(downMs)
  const share = (cpuMs(child.pid) - cpuBeforeMs) / downMs
  account.fault()
  const sizeBefore = stage.sizeOf('sink')
  const again = await CollectorProcess.start(stage.path('sink.ledger'), 1, port)
  const backMs = performance.now()
  try {
    await until('messages arrive again', () => stage.sizeOf('sink') > sizeBefore + 100, 2 * RESUME_MS)
    const resumedMs = performance.now() - backMs
    account.recovered(resumedMs)
    account.note(`order ${order}: ${(100 * share).toFixed(1)} % of a core while down`)
    account.assert(order, share < CPU_SHARE_MAX, `${(100 * share).toFixed(0)} % of a core while down`)
    account.assert(order, resumedMs < RESUME_MS, `went on after ${Math.round(resumedMs)} ms`)
    account.addEnd(order, await child.ended, 0)
    // Only what was written when the connection was lost may come again.
    const verdict = account.addScene(stage, order, {
      order,
      isComplete: true,
      mayRepeat: ({ opening, before }) => opening > before.opening,
      tornMax: 1,
    })
    account.assert(
      order,
      verdict.duplicates <= 500,
      `${verdict.duplicates} repeated, wanted at most one batch of 500`,
    )
  } finally {
    await again.end()
  }
}
