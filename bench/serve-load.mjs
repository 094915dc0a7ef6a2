// Requests from a process of their own. First by clients that look at every answer: the server is warm, and answers right. Then by
// wrk where it is installed, else by autocannon, which look at every answer too. Prints what came of it; the server is told in
// between, by a line on stdout.

import { Clients, exchangesOf } from './http-clients.mjs'
import { hasWrk, load as loadByWrk } from './wrk.mjs'

const [port, sizeBytes, connections, warmMs, seconds] = process.argv.slice(2).map(Number)
const exchanges = exchangesOf(sizeBytes)

const checked = await check()
process.stdout.write('warm\n')
const load = (await hasWrk()) ? loadByWrk : (await import('./autocannon.mjs')).load
const result = await load({ port, connections, seconds, exchange: exchanges[0] })
process.stdout.write(`${JSON.stringify({ ...result, wrong: result.wrong + checked })}\n`)

/** How many answers were wrong. */
async function check() {
  const clients = new Clients(port, exchanges)
  clients.grow(connections)
  await clients.warmUp(warmMs)
  const { refused, wrong, errors } = clients.turn()
  clients.end()
  return refused + wrong + errors
}
