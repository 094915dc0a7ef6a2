// A webhook: what is posted becomes files.

import type { TemplateFiles, Writer } from './project-files.js'

export function httpFiles({ name, ext, typed }: Writer): TemplateFiles {
  const topology = `// Each event that is posted becomes a file in out/. The answer is sent when the file is there.

import { defineTopology, file, http } from 'millrace'
import { checkEvent } from './check-event.${ext}'
import { outbox } from './outbox.${ext}'

export default defineTopology({
  name: '${name}',
  source: http({ port: Number(process.env.PORT ?? 8080) }),
  // What is no event now is none a moment later: one try.
  map: { handler: checkEvent, retry: { attempts: 1 } },
  sink: outbox('out'),
  fallback: file({ path: 'rejects.jsonl', format: 'json' }),
})
`
  const handler = `// An event is JSON with a type. What is none throws, and is in rejects.jsonl, with the reason.
${typed("\nimport type { Message } from 'millrace'\n")}
export function checkEvent(message${typed(': Message')}) {
  const event = message.json${typed('<{ type?: unknown }>')}()
  if (typeof event.type !== 'string') throw new Error('wanted an event with a type')
  return JSON.stringify({ ...event, receivedAs: message.id })
}
`
  return {
    files: { [`topology.${ext}`]: topology, [`check-event.${ext}`]: handler },
    tests: [],
    about: `Takes events by HTTP, checks them (\`check-event.${ext}\`), and writes a file for each to \`out/\` (\`outbox.${ext}\`).
A 200 says that the event is in a file, or, if it is none, in \`rejects.jsonl\`. With \`npm start\` running:

    curl --data '{"type":"signup"}' http://127.0.0.1:8080/

Ctrl-C finishes what was begun, and ends it.
`,
  }
}
