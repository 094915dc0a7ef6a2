// A filter for pipes: lets through the lines that hold a word, in their order.
//   cat examples/access-log/access.log | WORD=/checkout node dist/main.js run examples/stdin-filter/topology.mjs | head
// A handler that returns nothing filters its message. Lines of one stream to one ordered sink: that is order 'source'.

import { defineTopology, lines, log } from 'millrace'

const WORD = process.env.WORD ?? 'error'

export default defineTopology({
  name: 'stdin-filter',
  source: lines(),
  map: (message) => (message.text().includes(WORD) ? message : undefined),
  sink: log(),
})
