// Clients that send one request after another, each its own body, until they are stopped.

import { Agent } from 'node:http'
import type { ServingProcess } from './serving-process.js'

export class Crowd {
  readonly outcomes: { body: string; status: number | undefined; answer: string }[] = []
  private isStopped = false
  private sent = 0
  private readonly agent = new Agent({ keepAlive: true })
  private readonly clients: Promise<void>[]

  constructor(served: ServingProcess, count: number, bodyOf: (n: number) => string = (n) => `crowd ${n}`) {
    this.clients = Array.from({ length: count }, async () => {
      while (!this.isStopped) {
        const body = bodyOf(this.sent++)
        const { status, body: answer } = await served.post('sync', body, {}, this.agent)
        this.outcomes.push({ body, status, answer })
        // Nobody is there: another try would only be a spin.
        if (status === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
  }

  count(status: number | undefined): number {
    return this.outcomes.filter((outcome) => outcome.status === status).length
  }

  async stop(): Promise<void> {
    this.isStopped = true
    await Promise.all(this.clients)
    this.agent.destroy()
  }
}
