// One order becomes a message for each of its items, and each item goes where its tags say.
//   node dist/main.js run examples/fan-out/topology.mjs --quiet
// Parcels to stdout, downloads to stderr, fragile parcels to both, samples to nobody. An order is acked when all of it is done.

import { fileURLToPath } from 'node:url'
import { defineTopology, lines, log } from 'millrace'

export default defineTopology({
  name: 'fan-out',
  source: lines({ path: fileURLToPath(new URL('orders.jsonl', import.meta.url)) }),
  map: (message) => {
    const { order, items } = message.json()
    return items.map(({ sku, kind }) => ({ value: `${order} ${sku}`, keys: [sku], tags: [kind] }))
  },
  sink: log(),
  sinks: { downloads: log({ stream: 'stderr' }) },
  // The first that matches decides; what matches none goes to 'sink'.
  routes: [
    { when: { and: ['sample'] }, to: 'drop' },
    { when: { and: ['fragile'] }, to: ['sink', 'downloads'] },
    { when: { or: ['download', 'licence'] }, to: 'downloads' },
  ],
})
