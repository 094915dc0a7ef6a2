// Clients of one class, in a process of their own, and behind how many others they wait.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { ROOT } from '../../support/child.js'

const SCRIPT = `${ROOT}test/fmea/support/class-clients.mjs`
const FOR_EVER = 1_000_000_000

export class ClassClients {
  private readonly child: ChildProcess

  constructor(port: number, className: string, count: number) {
    this.child = fork(SCRIPT, [String(port), className, String(count)], { execArgv: [] })
  }

  /** Has them ask until so many were answered 200; gives how many others were answered while those waited. */
  async wait(samples: number): Promise<{ p50: number; p99: number }> {
    const told = once(this.child, 'message')
    this.child.send(samples)
    const [result] = await told
    return result
  }

  begin(): void {
    this.child.send(FOR_EVER)
  }

  /** Those who wait still have their answers. */
  stop(): void {
    this.child.send(0)
  }

  end(): void {
    this.child.kill('SIGKILL')
  }
}
