// Clients of an HTTP source, in a process of their own: each sends its messages one after the other, and notes what it was told.
// Usage: node http-client.mjs <JSON>: the options that Crowd gives. Entries of the ledger:
//   #sent <ms> <id>
//   #answer <ms> <id> <status, or what became of the connection> <ms that it took> <Retry-After or ->

import { Agent, request } from 'node:http'
import { setTimeout as later } from 'node:timers/promises'
import { Input, keysOf } from './input.mjs'
import { Ledger } from './ledger.mjs'
import { chanceOf } from './random.mjs'

const options = JSON.parse(process.argv[2])
const { from, to, clients, attemptsMax, retryMs, giveUpMs, goneShare, goneMs } = options
let { thinkMs } = options
// They think no more: what is left is sent at once.
process.on('SIGUSR2', () => {
  thinkMs = 0
})
const input = new Input(options.input)
const ledger = new Ledger(options.ledger, options.life)
const agents = Array.from(
  { length: clients },
  () => new Agent({ keepAlive: options.keepAlive, maxSockets: 1 }),
)

// The first message of each opens its connection: so many at once.
const unopened = agents.keys()
await Promise.all(Array.from({ length: options.openAtOnce }, open))
ledger.event('opened')
await Promise.all(Array.from(agents.keys(), goOn))
for (const agent of agents) agent.destroy()
ledger.event('end')

async function open() {
  for (const client of unopened) await sendUntilDone(client, from + client)
}

/** Every `clients`th message, so that those of a key follow each other where there are as many keys. */
async function goOn(client) {
  for (let id = from + client + clients; id < to; id += clients) {
    if (thinkMs > 0) await later(thinkMs)
    await sendUntilDone(client, id)
  }
}

async function sendUntilDone(client, id) {
  if (id >= to) return
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const beginMs = performance.now()
    ledger.event('sent', String(id))
    const { status, retryAfter } = await send(agents[client], id, attempt)
    const tookMs = (performance.now() - beginMs).toFixed(1)
    ledger.event('answer', `${id} ${status} ${tookMs} ${retryAfter ?? '-'}`)
    if (status === 200 || status === 'crossed') return
    await later(retryMs * (0.5 + chanceOf(input.seed, id, attempt, 1)))
  }
}

function send(agent, id, attempt) {
  const line = input.lineOf(id)
  const name = `m${id}`
  const isGone = attempt < attemptsMax && chanceOf(input.seed, id, attempt, 2) < goneShare
  const waitMs = isGone ? goneMs * chanceOf(input.seed, id, attempt, 3) : giveUpMs
  return new Promise((resolve) => {
    const headers = { 'X-Numaflow-Id': name, 'X-Numaflow-Keys': keysOf(line)[0] }
    const sent = request({ host: '127.0.0.1', port: options.port, method: 'POST', path: '/', agent, headers })
    const end = (status, retryAfter) => {
      clearTimeout(timer)
      resolve({ status, retryAfter })
    }
    const timer = setTimeout(() => {
      end(isGone ? 'gone' : 'silent')
      sent.destroy()
    }, waitMs)
    sent.on('error', () => end('broken'))
    sent.on('response', (response) => {
      const { statusCode, headers } = response
      const isMine = statusCode !== 200 || headers['x-numaflow-id'] === name
      response.resume().on('error', () => end('broken'))
      response.on('end', () => end(isMine ? statusCode : 'crossed', headers['retry-after']))
    })
    sent.end(line)
  })
}
