// Ports for brokers. They lie below the range of outgoing connections: nobody takes the port of a broker that was killed.

import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const LOWEST = 15_000
const HIGHEST = 30_000

/** Gives so many ports that are free now. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = randomInt(LOWEST, HIGHEST)
    if (!ports.includes(port) && (await isFree(host, port))) ports.push(port)
  }
  return ports
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
