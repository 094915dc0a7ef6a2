// Calls a slow service for each message, many calls at once, and keeps the order of the messages of each key.
//   node dist/main.js run examples/enrich/topology.mjs
// `order: 'key'`: a message waits for those with its keys that came before it, and for no others.

import { setTimeout as delay } from 'node:timers/promises'
import { defineTopology, generator, log } from 'millrace'

export default defineTopology({
  name: 'enrich',
  source: generator({ count: 400, keys: 40 }),
  map: { handler: enrich, threads: 2, concurrency: 32, handlerTimeoutMs: 2_000 },
  order: 'key',
  sink: log(),
})

async function enrich(message) {
  const [customer] = message.keys
  const { value } = message.json()
  return { value: JSON.stringify({ order: value, customer, country: await countryOf(customer) }) }
}

// Stands for a request over the network: some take longer than others.
async function countryOf(customer) {
  const number = Number(customer.slice('key-'.length))
  await delay(1 + (number % 7) * 3)
  return ['de', 'fr', 'in', 'us'][number % 4]
}
