// F18: no descriptors left. At the start: a clear end, or a run; never a hang. While it runs: batches fail and wait, and go on when
// there are descriptors again.

import { descriptorsOf, limitDescriptors } from '../proc.mjs'
import { still } from '../still.mjs'
import { elapsed, until } from '../until.mjs'

const RESUME_MS = 5_000

/** @type {import('../row.mjs').Row} */
export const descriptors = {
  id: 'F18',
  name: 'descriptors exhausted',
  mostlyWaits: true,
  needs: ['prlimit', 'proc'],
  async run({ scene, pick }, account) {
    for (const order of ['none', 'source'])
      await whileRunning(scene(order, { count: 40_000 }), account, order, pick(2_000, 20_000))
    for (const limit of pick(
      [20, 28, 40, 64],
      [18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60, 64, 80],
    )) {
      await atStart(scene(`start-${limit}`, { count: 2_000 }), account, limit)
    }
  },
}

async function whileRunning(stage, account, order, forMs) {
  const child = stage.start('descriptors', { order, rate: 15_000 })
  await until('messages arrive', () => child.isOver || stage.sizeOf('sink') > 100_000)
  // None below the number of those that are open are free but by closing, and none above may be opened.
  limitDescriptors(child.pid, descriptorsOf(child.pid) >> 1)
  await until('nothing arrives any more', still(stage, 'sink', 500))
  await elapsed(forMs)
  const size = stage.sizeOf('sink')
  limitDescriptors(child.pid, 1_024)
  account.fault()
  const backMs = performance.now()
  await until('messages arrive again', () => child.isOver || stage.sizeOf('sink') > size, RESUME_MS)
  account.recovered(performance.now() - backMs)
  const ended = await child.ended
  account.addEnd(order, ended, 0)
  account.assert(order, (ended.summary?.failed ?? 0) > 0, 'nothing failed: the limit had no effect')
  account.addScene(stage, order, { order, isComplete: true })
}

/** Whatever comes of it, it comes soon, and a failure says so. */
async function atStart(stage, account, limit) {
  const label = `${limit} at the start`
  const under = ['prlimit', `--nofile=${limit}:${limit}`]
  const ended = await stage.run('descriptors', { order: 'none' }, { under, timeoutMs: 30_000 })
  account.fault()
  account.assert(label, !ended.late, 'it hung')
  account.note(
    `${label}: exit code ${ended.code ?? ended.signal}: ${ended.stderr.trim().split('\n').at(-1)?.slice(0, 140)}`,
  )
  if (ended.code === 0) account.addScene(stage, label, { order: 'none', isComplete: true })
  else
    account.assert(
      label,
      /EMFILE|too many open files/i.test(ended.stderr),
      `did not say why: ${ended.stderr.slice(-300)}`,
    )
}
