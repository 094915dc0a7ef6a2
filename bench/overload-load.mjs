// Overload from a process of its own: clients one after another, as many as make the peak; then ten times as many. Prints what came
// of both; the server is told before the second is counted, by a line on stdout.

import { setTimeout } from 'node:timers/promises'
import { Clients, exchangesOf } from './http-clients.mjs'

const PEAK_CLIENTS = 64
const OVERLOAD_CLIENTS = 10 * PEAK_CLIENTS

const [port, sizeBytes, warmMs, ms, heeds] = process.argv.slice(2).map(Number)
const clients = new Clients(port, exchangesOf(sizeBytes), { heeds: heeds === 1 })

const peak = await counted(PEAK_CLIENTS)
const overload = await counted(OVERLOAD_CLIENTS, () => process.stdout.write('warm\n'))
clients.end()
process.stdout.write(`${JSON.stringify({ peak, overload })}\n`)

/** What comes of so many clients, once they have been there for a while. */
async function counted(count, onWarm = () => {}) {
  clients.grow(count)
  await clients.warmUp(warmMs)
  clients.turn()
  onWarm()
  const from = process.cpuUsage()
  await setTimeout(ms)
  const result = clients.turn()
  const { user, system } = process.cpuUsage(from)
  return { ...result, loadCpuPercent: (user + system) / 1e4 / result.seconds }
}
