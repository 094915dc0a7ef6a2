// F19: the process is stopped for longer than each of its deadlines, and continued: nothing has timed out, nothing has failed.

import { elapsed, until } from '../until.mjs'

const RESUME_MS = 5_000

/** @type {import('../row.mjs').Row} */
export const stopped = {
  id: 'F19',
  name: 'SIGSTOP, then SIGCONT',
  mostlyWaits: true,
  async run({ scene, pick, random }, account) {
    for (const order of ['none', 'key', 'source']) {
      const stage = scene(order, { count: pick(8_000, 30_000), keys: 500 })
      await onePause(stage, account, { order, pauses: pick(1, 3), pauseMs: pick(3_000, 60_000), random })
    }
  },
}

async function onePause(stage, account, { order, pauses, pauseMs, random }) {
  const child = stage.start(
    'pausable',
    { order, timeoutMs: 1_000, rate: 5_000 },
    { timeoutMs: pauses * pauseMs + 120_000 },
  )
  for (let pause = 0; pause < pauses; pause++) {
    const wanted = stage.sizeOf('sink') + random.between(1_000, 100_000)
    await until('messages arrive', () => child.isOver || stage.sizeOf('sink') > wanted)
    child.signal('SIGSTOP')
    await elapsed(pauseMs)
    const size = stage.sizeOf('sink')
    const continuedMs = performance.now()
    child.signal('SIGCONT')
    account.fault()
    await until('messages arrive again', () => child.isOver || stage.sizeOf('sink') > size, RESUME_MS)
    account.recovered(performance.now() - continuedMs)
  }
  const ended = await child.ended
  account.addEnd(order, ended, 0)
  account.addScene(stage, order, { order, isComplete: true })
  const { failed, retried, fallback } = ended.summary ?? {}
  const said = `failed ${failed}, retried ${retried}, fallback ${fallback}`
  account.assert(order, failed === 0 && retried === 0 && fallback === 0, `${said}, wanted 0 of each`)
}
