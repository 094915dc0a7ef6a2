// A contender that answers requests, in a process of its own: prints its port, and when its stdin ends the CPU time that it took,
// with the processes beside it, since the line before that.

import { createInterface } from 'node:readline'

const [file, threads] = process.argv.slice(2)
const { serve, cpuMicrosBeside = () => 0 } = await import(`./contenders/${file}.mjs`)
print({ port: await serve(Number(threads)) })

let from = await cpuMicros()
for await (const _ of createInterface({ input: process.stdin })) from = await cpuMicros()
print({ cpuSeconds: ((await cpuMicros()) - from) / 1e6 })
// A topology that takes requests has no end of its own.
process.kill(process.pid, 'SIGKILL')

async function cpuMicros() {
  const { user, system } = process.cpuUsage()
  return user + system + (await cpuMicrosBeside())
}

function print(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
