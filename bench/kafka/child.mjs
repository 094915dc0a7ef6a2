// One run of one contender in a process of its own, until it is told to stop. What it took of the CPU is noted all the while.

import { jobOfProcess } from './work.mjs'

const EVERY_MS = 50
const cpu = []

const noting = setInterval(() => {
  const { user, system } = process.cpuUsage()
  cpu.push([Date.now(), user + system])
}, EVERY_MS)

const contender = await import(`../contenders/${process.argv[2]}.mjs`)
const running = await contender.run(jobOfProcess())
process.once('message', async () => {
  clearInterval(noting)
  const result = await running.stop()
  process.send({ ...result, cpu }, () => process.exit())
})
