// F10 over HTTP: a sink becomes ten times slower: beyond what may be in flight requests are refused at once, with a time to come
// again, and memory stays where it was.

import { rmSync, writeFileSync } from 'node:fs'
import { countOf, HttpStage } from '../http-stage.mjs'
import { inFlightMaxOf } from '../occupancy.mjs'
import { quantile } from '../quantile.mjs'
import { Resident } from '../resident.mjs'
import { elapsed, until } from '../until.mjs'

const CLIENTS = 100
const IN_FLIGHT = 64
const BYTES = 1_000
const GROWTH_MIB = 48
/** Of an answer 429: at once, on a machine that is busy. */
const REFUSED_MS_MAX = 2_000

/** @type {import('../row.mjs').Row} */
export const slowSinkHttp = {
  id: 'F10-http',
  name: 'sink 10 times slower, over HTTP',
  mostlyWaits: true,
  needs: ['proc'],
  async run({ scene, pick }, account) {
    const count = pick(6_000, 60_000)
    const place = scene('slow', { count, keys: CLIENTS, bytes: BYTES })
    const stage = await HttpStage.start(place, { inFlight: IN_FLIGHT, batchMax: 16, writeMs: 3 })
    const resident = new Resident(stage.child.pid)
    stage.crowd('crowd', { from: 0, to: count, clients: CLIENTS, thinkMs: 5 })
    await until('a third is done', () => place.sizeOf('sink') > (BYTES * count) / 3)
    const slowFrom = Date.now()
    writeFileSync(place.path('slow'), '')
    account.fault()
    await elapsed(pick(1_500, 20_000))
    rmSync(place.path('slow'))
    const slowTo = Date.now()
    const exchanges = await stage.settle(account, 'slow', { statuses: [200, 429] })
    resident.stop()
    const most = inFlightMaxOf(place.ledger('source').events)
    account.assert('slow', most <= IN_FLIGHT, `${most} in flight, wanted at most ${IN_FLIGHT}`)
    const during = exchanges.filter(({ sentMs }) => sentMs >= slowFrom && sentMs < slowTo)
    account.expect('slow', refusalProblems(account, during, most))
    account.expect('slow', memoryProblems(account, resident, slowFrom))
  },
}

function refusalProblems(account, exchanges, most) {
  const refused = exchanges.filter(({ status }) => status === 429)
  const longest = (status, share) =>
    quantile(
      exchanges.filter((each) => each.status === status).map(({ tookMs }) => tookMs),
      share,
    ) ?? 0
  account.note(
    `while slow ${countOf(exchanges, 200)} accepted within ${longest(200, 0.99).toFixed(0)} ms (p99), ${refused.length} refused within ${longest(429, 0.99).toFixed(0)} ms; in flight at most ${most}`,
  )
  if (refused.length === 0) return ['nobody was refused']
  const last = longest(429, 1)
  return last > REFUSED_MS_MAX ? [`a request was refused after ${last.toFixed(0)} ms, wanted at once`] : []
}

function memoryProblems(account, resident, slowFrom) {
  const before = resident.mostBetween(0, slowFrom)
  const during = resident.mostBetween(slowFrom)
  account.note(`resident ${before.toFixed(0)} MiB before, at most ${during.toFixed(0)} MiB from then on`)
  if (before > 0 && during > 0 && during - before <= GROWTH_MIB) return []
  return [`memory grew from ${before.toFixed(0)} to ${during.toFixed(0)} MiB`]
}
