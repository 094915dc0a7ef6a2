// F18 over HTTP: no descriptors left: connections that come are shed, or wait; those that are there go on; and new ones are taken
// again when there are descriptors.

import { countOf, HttpStage } from '../http-stage.mjs'
import { cpuMs, descriptorsOf, limitDescriptors, limitWithFree } from '../proc.mjs'
import { elapsed, until } from '../until.mjs'

const OLD_CLIENTS = 10
const NEW_CLIENTS = 20
const THINK_MS = 50
const SLACK_MS = 15_000
const FREE = 4
const ENOUGH = 1_024
const RESUME_MS = 5_000

/** @type {import('../row.mjs').Row} */
export const descriptorsHttp = {
  id: 'F18-http',
  name: 'descriptors exhausted, over HTTP',
  mostlyWaits: true,
  needs: ['prlimit', 'proc'],
  bound: 'once for each that gave up',
  async run({ scene, pick }, account) {
    const noneMs = pick(1_500, 20_000)
    const perCrowd = NEW_CLIENTS * 10
    // More than they can send in all the time: at the end they hurry.
    const old = OLD_CLIENTS * Math.ceil((noneMs + SLACK_MS) / THINK_MS)
    const place = scene('http', { count: old + 2 * perCrowd, keys: 100 })
    const stage = await HttpStage.start(place, { inFlight: 1_000, batchMax: 100, writeMs: 1 })
    const staying = stage.crowd('staying', { from: 0, to: old, clients: OLD_CLIENTS, thinkMs: THINK_MS })
    await until('the old clients are there', () => place.sizeOf('sink') > 2_000)
    const few = { from: old, to: old + perCrowd, clients: NEW_CLIENTS, keepAlive: false }
    await whileFewAreFree(stage, account, few)
    const none = { from: old + perCrowd, to: old + 2 * perCrowd, clients: NEW_CLIENTS, giveUpMs: 700 }
    const [fromMs, toMs] = await whileNoneIsFree(stage, account, none, noneMs)
    staying.hurry()
    await stage.settle(account, 'http', { statuses: [200, 409, 'broken', 'silent'], order: 'none' })
    account.expect('old clients', stayingProblems(staying.exchanges(), fromMs, toMs))
  },
}

/** Those that find none are shed, and come again until one is free. */
async function whileFewAreFree(stage, account, options) {
  const { pid } = stage.child
  limitDescriptors(pid, limitWithFree(pid, FREE))
  account.fault()
  const crowd = stage.crowd('few', options)
  await crowd.ended
  limitDescriptors(pid, ENOUGH)
  const shed = countOf(crowd.exchanges(), 'broken')
  account.note(`with ${FREE} descriptors for ${NEW_CLIENTS} clients ${shed} connections were shed`)
  account.assert('few', shed > 0, 'no connection was shed')
}

/** Gives the time between which there was none. */
async function whileNoneIsFree(stage, account, options, forMs) {
  const { pid } = stage.child
  limitDescriptors(pid, descriptorsOf(pid) >> 1)
  account.fault()
  const fromMs = Date.now()
  const cpuBeforeMs = cpuMs(pid)
  const crowd = stage.crowd('none', options)
  await elapsed(forMs)
  const share = (cpuMs(pid) - cpuBeforeMs) / forMs
  account.note(`with none ${(100 * share).toFixed(0)} % of a core`)
  const sooner = countOf(crowd.exchanges(), 200)
  account.assert('none', sooner === 0, `${sooner} new clients were answered: the limit had no effect`)
  const toMs = Date.now()
  limitDescriptors(pid, ENOUGH)
  await until('new clients are answered', () => countOf(crowd.exchanges(), 200) > 0, RESUME_MS)
  account.recovered(Date.now() - toMs)
  return [fromMs, toMs]
}

/** They kept their connections, and were answered all the while. */
function stayingProblems(exchanges, fromMs, toMs) {
  const problems = exchanges
    .filter(({ status }) => status !== 200)
    .map(({ id, status }) => `${status} for ${id}, which had a connection`)
  const within = exchanges.filter(({ sentMs, tookMs }) => sentMs > fromMs && sentMs + tookMs < toMs)
  if (within.length === 0) problems.push('nobody was answered while there were no descriptors')
  return problems.slice(0, 5)
}
