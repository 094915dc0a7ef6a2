// What `npm start` runs: the access log of a web server becomes JSON, a line for each request, on two threads and in order.
// Lines that are no requests go to the fallback, with the reason. Each run writes out/ anew; see access.log for the input.

import { fileURLToPath } from 'node:url'
import { defineTopology, lines } from 'millrace'
import { parseLine } from './parse-line.mjs'
import { freshFile, rejectsFile } from './sinks.mjs'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))

export default defineTopology({
  name: 'access-log',
  source: lines({ path: here('access.log') }),
  map: {
    handler: (message) => JSON.stringify(parseLine(message.text())),
    threads: 2,
    // What is no request now will not be one later.
    retry: { attempts: 1 },
  },
  sink: freshFile(here('out/requests.jsonl')),
  fallback: rejectsFile(here('out/rejects.jsonl')),
})
