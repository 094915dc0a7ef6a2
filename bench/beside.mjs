// Processes beside the one that was started as the server: they belong to it, so their CPU time counts, and they end with it.

import { once } from 'node:events'

/** In such a process: answers for its CPU time, and ends where the server has ended. */
export function belong() {
  process.on('message', (question) => {
    if (question === 'cpu') process.send(process.cpuUsage())
  })
  process.on('disconnect', () => process.exit())
}

/** In the server: the CPU time that these processes took until now, in µs. */
export async function cpuMicrosOf(children) {
  const usages = children.map(async (child) => {
    const answered = once(child, 'message')
    child.send('cpu')
    const [{ user, system }] = await answered
    return user + system
  })
  return (await Promise.all(usages)).reduce((sum, micros) => sum + micros, 0)
}
