// F9: SIGTERM while something does not return: exit code 1 in time, with an error that names it. A second SIGTERM: at once.

import { conservationProblems } from '../check.mjs'
import { until } from '../until.mjs'

const GRACE_MS = 1_000
/** P7: a stop by failure takes at most this long; and some time for a machine that is busy. */
const STOP_MS = 2_000
const SLACK_MS = 1_500
/** Signals nearer to each other than this are one. */
const SAME_SIGNAL_MS = 100

const CULPRITS = {
  sink: /ERR_DRAIN .*\bsink has \d+ in hand/,
  handler: /ERR_DRAIN .*\bmap has \d+ in hand/,
  spin: /ERR_DRAIN .*the handler of map has not returned/,
  source: /ERR_DRAIN .*a read of lines has not returned/,
}

/** @type {import('../row.mjs').Row} */
export const stuck = {
  id: 'F9',
  name: 'SIGTERM with something stuck; a second SIGTERM',
  mostlyWaits: true,
  async run({ scene }, account) {
    for (const [what, culprit] of Object.entries(CULPRITS)) {
      for (const signals of [1, 2]) {
        const stage = scene(`${what}-${signals}`, { count: 20_000 })
        await oneStop(stage, account, { what, culprit, signals })
      }
    }
  },
}

async function oneStop(stage, account, { what, culprit, signals }) {
  const label = `stuck ${what}, ${signals} signals`
  const child = stage.start('stuck', { stuck: what, graceMs: signals === 1 ? GRACE_MS : 60_000 })
  const isStuck = () => stage.ledger('faults').events.some(({ word }) => word === 'stuck')
  await until(`${what} is stuck`, () => child.isOver || isStuck())
  let signalledMs = performance.now()
  child.signal('SIGTERM')
  if (signals === 2) {
    const firstMs = signalledMs
    await until('the second is another signal', () => performance.now() - firstMs > 2 * SAME_SIGNAL_MS)
    signalledMs = performance.now()
    child.signal('SIGTERM')
  }
  const ended = await child.ended
  const tookMs = performance.now() - signalledMs
  account.fault()
  account.recovered(tookMs)
  const limitMs = (signals === 1 ? GRACE_MS : 0) + STOP_MS + SLACK_MS
  account.assert(label, tookMs <= limitMs, `took ${Math.round(tookMs)} ms, wanted ${limitMs}`)
  account.assert(label, ended.code === 1, `exit code ${ended.code ?? ended.signal}, wanted 1`)
  const said = signals === 1 ? culprit : /stopped by a second SIGTERM with [\d,.\s]+ in flight/
  account.assert(label, said.test(ended.stderr), `did not say ${said}: ${ended.stderr.trim().slice(-400)}`)
  if (signals === 1) account.expect(label, conservationProblems(ended.summary))
  account.addScene(stage, label, { order: 'key' })
}
