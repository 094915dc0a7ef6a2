// The lines of a file, parsed.

import type { TemplateFiles, Writer } from './project-files.js'

export function linesFiles({ name, ext, typed }: Writer): TemplateFiles {
  const topology = `// Each line of orders.csv becomes a file in out/. What cannot be parsed is in rejects.jsonl, with the reason.

import { defineTopology, file, lines } from 'millrace'
import { outbox } from './outbox.${ext}'
import { parseOrder } from './parse-order.${ext}'

export default defineTopology({
  name: '${name}',
  // With checkpoint: 'state' the next run goes on where this one ended.
  source: lines({ path: 'orders.csv' }),
  // What cannot be parsed now cannot be parsed a moment later: one try.
  map: { handler: parseOrder, retry: { attempts: 1 } },
  sink: outbox('out'),
  fallback: file({ path: 'rejects.jsonl', format: 'json' }),
})
`
  const handler = `// One line, such as 1001,lamp,2,19.90, becomes an order.
${typed("\nimport type { Message } from 'millrace'\n")}
export function parseOrder(message${typed(': Message')}) {
  const [id, article, count, price] = message.text().split(',')
  const cents = Math.round(100 * Number(price))
  if (Number.isNaN(cents)) throw new Error('wanted id,article,count,price')
  return JSON.stringify({ id, article, count: Number(count), cents })
}
`
  return {
    files: {
      [`topology.${ext}`]: topology,
      [`parse-order.${ext}`]: handler,
      'orders.csv': '1001,lamp,2,19.90\n1002,desk,1,249\nthis is no order\n1003,chair,4,59.50\n',
    },
    tests: [],
    about: `Reads \`orders.csv\`, parses each line (\`parse-order.${ext}\`), and writes a file for each order to \`out/\` (\`outbox.${ext}\`).
One line is no order: it is in \`rejects.jsonl\`, with the reason.
`,
  }
}
