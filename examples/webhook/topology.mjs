// A webhook: each event is a line of a file, and is answered 200 when that is written; what is no event is answered 422.
//   node dist/main.js run examples/webhook/topology.mjs
//   curl --data '{"type":"signup","user":7}' http://127.0.0.1:8080/hooks
// PORT, OUT: another port, another file.

import { fileURLToPath } from 'node:url'
import { defineTopology, file, http, Response } from 'millrace'

const { PORT = '8080', OUT = fileURLToPath(new URL('events.jsonl', import.meta.url)) } = process.env

export default defineTopology({
  name: 'webhook',
  source: http({ port: Number(PORT), path: '/hooks', limits: { bodyBytes: 65_536 } }),
  map: { handler: eventOf, threads: 1 },
  sink: file({ path: OUT }),
  sinks: { refuse: { name: 'refuse', write: (batch) => batch.map(refuse) } },
  routes: [{ when: { or: ['refused'] }, to: 'refuse' }],
  // What the handler cannot take is answered 500 at once: the sender tries again.
  retry: { attempts: 1 },
})

/** One line: the event, with the id that its sender gave it. */
function eventOf(message) {
  const event = parsed(message.text())
  if (typeof event?.type !== 'string') return { value: 'wanted {"type": …}', tags: ['refused'] }
  return JSON.stringify({ id: message.id, ...event })
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Only a sink answers who waits: with the message that the handler made for it. */
function refuse(message) {
  return Response.serve(message, message.text(), { status: 422, headers: { 'content-type': 'text/plain' } })
}
