// A crowd of HTTP clients as a child process, and what they were told.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readLedger } from './ledger.mjs'

const PROGRAM = fileURLToPath(new URL('./http-client.mjs', import.meta.url))

const DEFAULTS = {
  /** Ms between two messages of a client. */
  thinkMs: 0,
  /** A message that was not answered with 200 is sent again so often, after about so many ms. */
  attemptsMax: 1_000,
  retryMs: 30,
  giveUpMs: 20_000,
  /** False: a connection for each request. */
  keepAlive: true,
  /** This share of the requests is left, within so many ms. */
  goneShare: 0,
  goneMs: 50,
}

/**
 * @typedef {{ id: number, status: number | 'gone' | 'silent' | 'broken' | 'crossed', sentMs: number, tookMs: number, retryAfter: string }} Exchange
 *   `gone`: the client left; `silent`: there was no answer in time; `crossed`: the answer is another one's
 */

export class Crowd {
  /**
   * @param {import('./scene.mjs').Scene} scene
   * @param {string} name of the ledger
   * @param {{ port: number, from: number, to: number, clients: number } & Partial<typeof DEFAULTS> & { openAtOnce?: number }} options
   *   it sends the messages `from` to `to`; `openAtOnce`: so many connections are opened at the same time
   */
  constructor(scene, name, options) {
    this.path = scene.path(`${name}.ledger`)
    this.input = scene.input
    this.life = scene.life
    this.isOver = false
    this.text = ''
    const { seed, count, keys, bytes } = scene.input
    const input = { seed, count, keys, bytes }
    const own = { input, ledger: this.path, life: this.life, openAtOnce: options.clients }
    const all = JSON.stringify({ ...DEFAULTS, ...own, ...options })
    this.process = spawn(process.execPath, [PROGRAM, all], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.process.stderr.setEncoding('utf8').on('data', (some) => {
      this.text += some
    })
    /** Resolves when each message was answered, or given up; rejects where the clients fail. @type {Promise<void>} */
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject)
      this.process.on('close', (code) => {
        this.isOver = true
        if (code === 0) resolve()
        else reject(new Error(`the clients ended with ${code}: ${this.text.slice(-400)}`))
      })
    })
    this.ended.catch(() => undefined)
    scene.children.add(this)
  }

  /** From now on its clients do not wait between their messages. */
  hurry() {
    if (!this.isOver) this.process.kill('SIGUSR2')
  }

  /** Kills it, and waits for its end. */
  async end() {
    if (!this.isOver) this.process.kill('SIGKILL')
    await this.ended.catch(() => undefined)
  }

  /** In the order of their ends. @returns {Exchange[]} */
  exchanges() {
    return this.#events()
      .filter(({ word }) => word === 'answer')
      .map(({ more, ms }) => {
        const [id, status, tookMs, retryAfter] = more.split(' ')
        return {
          id: Number(id),
          status: /^\d+$/.test(status) ? Number(status) : status,
          sentMs: ms - Number(tookMs),
          tookMs: Number(tookMs),
          retryAfter,
        }
      })
  }

  /** As the checker wants a source's ledger: a 200 is an ack. @param {number} opening a number of its own */
  asSource(opening) {
    const eventOf = (word, id) => ({ word, more: String(this.input.offsets[id]), lines: [], life: this.life })
    return this.#events().flatMap(({ word, more, ms }) => {
      const [id, status] = more.split(' ')
      if (word === 'sent') return [{ ...eventOf('R', id), ms, opening }]
      return word === 'answer' && status === '200' ? [{ ...eventOf('A', id), ms, opening }] : []
    })
  }

  #events() {
    return readLedger(this.path).events
  }
}
