// A contender that answers requests, in a process of its own: prints its port, and when its stdin ends the CPU time that it took
// since the line before that.

import { createInterface } from 'node:readline'

const [file, threads] = process.argv.slice(2)
const { serve } = await import(`./contenders/${file}.mjs`)
print({ port: await serve(Number(threads)) })

let from = process.cpuUsage()
for await (const _ of createInterface({ input: process.stdin })) from = process.cpuUsage()
const { user, system } = process.cpuUsage(from)
print({ cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss() })
// A topology that takes requests has no end of its own.
process.kill(process.pid, 'SIGKILL')

function print(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
