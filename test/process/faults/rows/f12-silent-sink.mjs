// F12: the sink's other side takes bytes and does not answer until long after the deadline. What then leaves through the late write
// must be what was given to it, though its messages were settled long ago and their memory was wanted by others.

import { CollectorProcess } from '../collector-process.mjs'
import { still } from '../still.mjs'
import { elapsed, until } from '../until.mjs'

const WRITE_TIMEOUT_MS = 250
const ATTEMPTS = 2
/** So large that the mailboxes hold more than the system buffers of a connection: the rest of a late write is read from them. */
const MESSAGE_BYTES = 8 * 1_048_576
const RESUME_MS = 5_000

/** @type {import('../row.mjs').Row} */
export const silentSink = {
  id: 'F12',
  name: 'sink silent beyond its deadline',
  mostlyWaits: true,
  bound: 'what timed out',
  async run({ scene, pick, random }, account) {
    for (const order of ['none', 'key', 'source']) {
      const stage = scene(order, { count: pick(2_500, 10_000), bytes: 24_000, keys: 400 })
      const collector = await CollectorProcess.start(stage.path('sink.ledger'), 1)
      try {
        const silences = pick(1, 5)
        await oneSilence(stage, account, {
          order,
          collector,
          silences,
          silentMs: pick(2_000, 10_000),
          random,
        })
      } finally {
        await collector.end()
      }
    }
  },
}

async function oneSilence(stage, account, { order, collector, silences, silentMs, random }) {
  const { port } = collector
  const parameters = {
    order,
    port,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
    attempts: ATTEMPTS,
    batchMax: 200,
    messageBytes: MESSAGE_BYTES,
  }
  // What is released is overwritten at once: so a write that reads it too late is seen.
  const child = stage.start('collected', parameters, { timeoutMs: 120_000, env: { MILLRACE_DEBUG: '1' } })
  for (let silence = 0; silence < silences && !child.isOver; silence++) {
    const size = stage.sizeOf('sink')
    const growth = random.between(100_000, 2_000_000)
    await until('messages arrive', () => child.isOver || stage.sizeOf('sink') > size + growth)
    collector.signal('SIGSTOP')
    await elapsed(silentMs)
    const fallbackSize = stage.sizeOf('fallback')
    account.assert(order, child.isOver || fallbackSize > 0, 'nothing had timed out')
    const sizeBefore = stage.sizeOf('sink')
    const backMs = performance.now()
    collector.signal('SIGCONT')
    account.fault()
    await until('messages arrive again', () => stage.sizeOf('sink') > sizeBefore, RESUME_MS)
    account.recovered(performance.now() - backMs)
  }
  account.addEnd(order, await child.ended, 0)
  await until('the collector has all', still(stage, 'sink', 300))
  const timedOut = new Map()
  const mayRepeat = ({ id }) => {
    timedOut.set(id, (timedOut.get(id) ?? 1) + 1)
    // Each attempt, and the fallback.
    return timedOut.get(id) <= ATTEMPTS + 1
  }
  // A message that went to the fallback gave up its place, and its late write comes when it comes.
  account.addScene(stage, order, { order: 'none', isComplete: true, mayRepeat })
}
