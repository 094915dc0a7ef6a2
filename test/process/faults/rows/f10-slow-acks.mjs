// F10, the other end: the source takes long to make an ack durable. What is not told yet is somebody's memory: it must be bounded.

import { inFlightMaxOf } from '../occupancy.mjs'

const IN_FLIGHT = 1_000
const ACK_MS = 200

/** @type {import('../row.mjs').Row} */
export const slowAcks = {
  id: 'F10-acks',
  name: 'acks that take long',
  mostlyWaits: true,
  async run({ scene, pick }, account) {
    for (const order of ['key', 'source']) {
      const stage = scene(order, { count: pick(8_000, 50_000) })
      const ended = await stage.run(
        'slow-acks',
        { order, ackMs: ACK_MS, inFlight: IN_FLIGHT },
        { timeoutMs: 120_000 },
      )
      account.fault()
      account.addEnd(order, ended, 0)
      account.addScene(stage, order, { order, isComplete: true })
      const most = inFlightMaxOf(stage.ledger('source').events)
      account.note(`order ${order}: at most ${most} read and not told, with ${IN_FLIGHT} in flight`)
      // Those of the ack that is under way, and those that gather for the next.
      account.assert(
        order,
        most <= 3 * IN_FLIGHT,
        `${most} read and not told, wanted at most ${3 * IN_FLIGHT}`,
      )
    }
  },
}
