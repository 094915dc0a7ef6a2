// F24: clients leave before they have their answer, and send the same id again: while it is in flight that is refused; after that
// it is a new message. Nobody who stayed has his message twice.

import { countOf, HttpStage } from '../http-stage.mjs'

const CLIENTS = 50
const GONE_SHARE = 0.3

/** @type {import('../row.mjs').Row} */
export const clientsLeave = {
  id: 'F24',
  name: 'clients leave, and send the same id again',
  bound: 'once for each time that one left',
  async run({ scene, pick }, account) {
    const count = pick(3_000, 50_000)
    const place = scene('leave', { count, keys: CLIENTS })
    const stage = await HttpStage.start(place, { inFlight: 1_000, batchMax: 20, writeMs: 10 })
    const leaving = { goneShare: GONE_SHARE, goneMs: 40, retryMs: 2 }
    stage.crowd('crowd', { from: 0, to: count, clients: CLIENTS, ...leaving })
    const exchanges = await stage.settle(account, 'leave', { statuses: [200, 409, 'gone'] })
    const gone = countOf(exchanges, 'gone')
    const same = countOf(exchanges, 409)
    account.fault(gone)
    account.note(`${gone} left; ${same} came again while their message was in flight`)
    account.assert('leave', gone > 0 && same > 0, `${gone} left, ${same} were refused as the same id`)
  },
}
