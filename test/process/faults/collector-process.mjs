// The collector as a child process: starts, says its port, can be stopped and killed.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from './until.mjs'

const PROGRAM = fileURLToPath(new URL('./collector.mjs', import.meta.url))

export class CollectorProcess {
  /** @param {string} ledger where it writes @param {number} life @param {number} [port] default: any */
  static async start(ledger, life, port = 0) {
    const collector = new CollectorProcess(ledger, life, port)
    await until('the collector listens', () => collector.port > 0 || collector.isOver)
    if (collector.port === 0) throw new Error(`the collector did not start: ${collector.text}`)
    return collector
  }

  constructor(ledger, life, port) {
    this.port = 0
    this.isOver = false
    this.text = ''
    this.process = spawn(process.execPath, [PROGRAM, String(port), ledger, String(life)])
    this.process.stdout.on('data', (some) => {
      this.port = Number(some)
    })
    this.process.stderr.on('data', (some) => {
      this.text += some
    })
    this.ended = new Promise((resolve) => {
      this.process.on('close', () => {
        this.isOver = true
        resolve(undefined)
      })
    })
  }

  signal(name) {
    this.process.kill(name)
  }

  /** Kills it, even where it is stopped, and waits for its end. */
  async end() {
    this.signal('SIGKILL')
    await this.ended
  }
}
