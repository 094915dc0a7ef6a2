// F10: a sink becomes ten times slower: the source is read as slowly, and memory stays where it was.

import { inFlightMaxOf } from '../occupancy.mjs'
import { Resident } from '../resident.mjs'

const IN_FLIGHT = 2_000
const GROWTH_MIB = 48

/** @type {import('../row.mjs').Row} */
export const slowSink = {
  id: 'F10',
  name: 'sink 10 times slower',
  mostlyWaits: true,
  needs: ['proc'],
  async run({ scene, pick }, account) {
    const fastBatches = pick(150, 500)
    const slowBatches = pick(150, 2_000)
    const stage = scene('slow', { count: 100 * (fastBatches + slowBatches), bytes: 1_000 })
    const child = stage.start(
      'slow-sink',
      { fastBatches, fastMs: 2, slowMs: 20, inFlight: IN_FLIGHT },
      { timeoutMs: 180_000 },
    )
    const resident = new Resident(child.pid)
    const ended = await child.ended
    resident.stop()
    account.fault()
    account.addEnd('slow', ended, 0)
    account.addScene(stage, 'slow', { order: 'key', isComplete: true })
    const most = inFlightMaxOf(stage.ledger('source').events)
    account.assert(
      'slow',
      most <= 2 * IN_FLIGHT,
      `${most} in flight, wanted at most ${IN_FLIGHT} and the acks on their way`,
    )
    const slowFrom = stage.ledger('faults').events.find(({ word }) => word === 'slow')?.ms ?? 0
    const before = resident.mostBetween(0, slowFrom)
    const during = resident.mostBetween(slowFrom)
    account.note(
      `in flight at most ${most}; resident ${before.toFixed(0)} MiB before, at most ${during.toFixed(0)} MiB while slow`,
    )
    account.assert(
      'slow',
      before > 0 && during - before <= GROWTH_MIB,
      `memory grew by ${(during - before).toFixed(0)} MiB`,
    )
  },
}
