// F20: very many connections, and a burst of 50 times what came before: what is beyond the limits is refused, what is accepted is
// answered in time, and a second burst needs no more memory than the first.

import { readFileSync } from 'node:fs'
import { countOf, HttpStage } from '../http-stage.mjs'
import { quantile } from '../quantile.mjs'
import { Resident } from '../resident.mjs'
import { until } from '../until.mjs'

const IN_FLIGHT = 256
const BASE_CLIENTS = 10
const BURST = 50
const BURSTS = 3
const CONNECTIONS_FULL = 10_000
/** Descriptors of the clients, and of the process, for all else. */
const OTHER_DESCRIPTORS = 200
/** Of what is accepted, from its sending to its answer: so much, and so much for each connection that sends at the same moment. */
const P99_MS_MAX = 5_000
const P99_MS_EACH = 1.5
/** Of a later burst over the first: what is not collected yet. */
const GROWTH_MIB = 48
const GROWTH_MIB_EACH = 1 / 64

/** @type {import('../row.mjs').Row} */
export const burst = {
  id: 'F20',
  name: 'many connections, bursts of 50 times',
  needs: ['proc'],
  async run(context, account) {
    const { random, pick } = context
    await bursts(context, account, Math.min(pick(BURST * BASE_CLIENTS, CONNECTIONS_FULL), connectionsMax()))
    for (let round = 0; round < pick(1, 5); round++) {
      const connections = random.between(5, 60)
      await tooManyConnections(context, account, { round, connections, count: pick(1_000, 5_000) })
    }
  },
}

/** As far as descriptors allow, here and in the process: each end of a connection is one. */
function connectionsMax() {
  const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return Number(limit) - OTHER_DESCRIPTORS
}

async function bursts({ scene }, account, connections) {
  const label = `${connections} connections`
  const perBurst = 2 * connections
  const base = 2_000
  const count = base + BURSTS * perBurst
  const place = scene('bursts', { count, keys: connections })
  const limits = { inFlight: IN_FLIGHT, connections: 2 * CONNECTIONS_FULL }
  const stage = await HttpStage.start(place, { ...limits, batchMax: 100, writeMs: 1 })
  const resident = new Resident(stage.child.pid)
  const steady = stage.crowd('steady', { from: 0, to: base, clients: BASE_CLIENTS, thinkMs: 15 })
  await until('the steady ones are there', () => place.sizeOf('sink') > 5_000)
  const begins = []
  for (let i = 0; i < BURSTS; i++) {
    begins.push(Date.now())
    const from = base + i * perBurst
    // All are connected first; then each sends one more at the same moment.
    const options = { from, to: from + perBurst, clients: connections, openAtOnce: 50, retryMs: 100 }
    await stage.crowd(`burst-${i}`, options).ended
    account.fault()
  }
  const exchanges = await stage.settle(account, label, { statuses: [200, 429], order: 'none' })
  resident.stop()
  account.expect(label, answerProblems(account, label, exchanges, steady.exchanges(), connections))
  account.expect(label, memoryProblems(account, label, resident, begins, connections))
}

function answerProblems(account, label, exchanges, steady, connections) {
  const p99 = (list) =>
    quantile(
      list.filter(({ status }) => status === 200).map(({ tookMs }) => tookMs),
      0.99,
    )
  const refused = countOf(exchanges, 429)
  const accepted = p99(exchanges) ?? Number.POSITIVE_INFINITY
  account.note(
    `${label}: ${countOf(exchanges, 200)} accepted within ${accepted.toFixed(0)} ms (p99), of the steady ones ${p99(steady)?.toFixed(0)} ms; ${refused} refused`,
  )
  const problems = refused === 0 ? ['nobody was refused'] : []
  const budgetMs = P99_MS_MAX + P99_MS_EACH * connections
  if (accepted > budgetMs) problems.push(`p99 ${accepted.toFixed(0)} ms, wanted at most ${budgetMs}`)
  return problems
}

function memoryProblems(account, label, resident, begins, connections) {
  const peaks = begins.map((ms, i) => resident.mostBetween(ms, begins[i + 1]))
  const before = resident.mostBetween(0, begins[0])
  const told = peaks.map((mib) => mib.toFixed(0)).join(', ')
  account.note(`${label}: resident ${before.toFixed(0)} MiB before, at most ${told} MiB in the bursts`)
  const [first, ...later] = peaks
  const grew = later.filter((mib) => mib - first > GROWTH_MIB + GROWTH_MIB_EACH * connections)
  return first > 0 && grew.length === 0 ? [] : [`memory of the bursts: ${told} MiB`]
}

/** Beyond the limit of connections: closed as they come, and nothing of them is read. */
async function tooManyConnections({ scene }, account, { round, connections, count }) {
  const label = `limit of ${connections} connections`
  const place = scene(`limit-${round}`, { count, keys: 4 * connections })
  const stage = await HttpStage.start(place, { inFlight: IN_FLIGHT, connections, batchMax: 100, writeMs: 5 })
  stage.crowd('crowd', { from: 0, to: count, clients: 4 * connections, keepAlive: false, retryMs: 10 })
  account.fault()
  const exchanges = await stage.settle(account, label, { statuses: [200, 429, 'broken'] })
  const closed = countOf(exchanges, 'broken')
  account.note(`${label}: ${closed} connections closed as they came`)
  account.assert(label, closed > 0, 'no connection was closed')
}
