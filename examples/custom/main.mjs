// A program of one's own that runs a topology: `node examples/custom/main.mjs`
// start() wants the module's URL, not the topology: every thread loads it again.

import { start } from 'millrace'

const running = await start(new URL('./topology.mjs', import.meta.url))

// Without this a signal would end the process at once; with it, what is in flight is finished.
process.once('SIGTERM', () => running.drain().catch(() => {}))
process.once('SIGINT', () => running.drain().catch(() => {}))

for (const { name, thread } of running.inspect().actors) console.log(`${name} is on thread ${thread}`)

// Rejects with a MillraceError where the topology failed.
const { read, acked, written } = await running.finished
console.log(`${read} readings read, ${written} written, ${acked} acked`)
