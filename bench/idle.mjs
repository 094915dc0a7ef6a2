// CPU time of a process whose topology is idle, in % of one core: prints one line of JSON.

import { setTimeout as sleep } from 'node:timers/promises'
import { start } from 'millrace'

const SETTLE_MS = 1_000
const seconds = Number(process.argv[2])

const running = await start(new URL('./topologies/idle.mjs', import.meta.url))
await sleep(SETTLE_MS)
const cpu = process.cpuUsage()
const from = performance.now()
await sleep(seconds * 1000)
const used = process.cpuUsage(cpu)
const percent = (used.user + used.system) / 10 / (performance.now() - from)
const { read, acked } = await running.drain()
process.stdout.write(`${JSON.stringify({ percent, read, acked })}\n`)
