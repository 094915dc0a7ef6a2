// A scene whose source is HTTP: starts the process, finds its port, and settles the account with what the clients were told.

import { request } from 'node:http'
import { Crowd } from './http-crowd.mjs'
import { idOf, unstamped } from './input.mjs'
import { until } from './until.mjs'

/** So far may the clocks of two processes be apart. */
const CLOCKS_MS = 10

export class HttpStage {
  /** Starts the process, and resolves when it takes messages. @param {import('./scene.mjs').Scene} scene @param {object} parameters */
  static async start(scene, parameters, options = {}) {
    const child = scene.start('http-in', parameters, { timeoutMs: 120_000, ...options })
    const listening = () => /http:\/\/127\.0\.0\.1:(\d+)/.exec(child.text)
    await until('it listens', () => child.isOver || listening())
    const port = Number(listening()?.[1])
    if (!(port > 0)) throw new Error(`it does not listen: ${child.text.slice(-400)}`)
    const stage = new HttpStage(scene, child, port)
    while ((await stage.#statusOfNone()) === 503) if (child.isOver) throw new Error(child.text.slice(-400))
    return stage
  }

  constructor(scene, child, port) {
    this.scene = scene
    this.child = child
    this.port = port
    /** @type {Crowd[]} */
    this.crowds = []
  }

  /** Lets clients begin. @param {Omit<ConstructorParameters<typeof Crowd>[2], 'port'>} options */
  crowd(name, options) {
    const crowd = new Crowd(this.scene, name, { port: this.port, ...options })
    this.crowds.push(crowd)
    return crowd
  }

  /** What it says to a request that is no message: 503 as long as it takes none. */
  #statusOfNone() {
    const headers = { 'X-Numaflow-Event-Time': 'never' }
    const options = { host: '127.0.0.1', port: this.port, method: 'POST', path: '/', agent: false, headers }
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      })
      sent.on('error', reject).end()
    })
  }

  /** What all clients were told. */
  exchanges() {
    return this.crowds.flatMap((crowd) => crowd.exchanges())
  }

  /**
   * Waits for the clients, drains, and adds all to the account: each message was answered with 200 at last, none of these is lost, a
   * message comes again only where a client went without an answer, and nobody got one that is not among `statuses`.
   * @param {import('./account.mjs').Account} account
   * @param {string} label
   * @param {{ statuses: (number | string)[], order?: 'key' | 'none' }} wanted
   * @returns {Promise<import('./http-crowd.mjs').Exchange[]>}
   */
  async settle(account, label, { statuses, order = 'key' }) {
    await Promise.all(this.crowds.map(({ ended }) => ended))
    this.child.signal('SIGTERM')
    const ended = await this.child.ended
    account.addEnd(label, ended, 0)
    const exchanges = this.exchanges()
    const source = this.crowds.flatMap((crowd, opening) => crowd.asSource(opening))
    const mayRepeat = onceForEach(exchanges.filter(({ status }) => status === 'gone' || status === 'silent'))
    const verdict = account.addScene(this.scene, label, { order, isComplete: true, source, mayRepeat })
    const others = exchanges.filter(({ status }) => !statuses.includes(status))
    const said = others.slice(0, 5).map(({ id, status, tookMs }) => `${status} for ${id} after ${tookMs} ms`)
    account.assert(
      label,
      others.length === 0,
      `${others.length} answers that are none of ${statuses}: ${said.join(', ')}`,
    )
    account.expect(label, earlyProblems(this.scene.sinkLedger().events, exchanges))
    const { acked } = ended.summary ?? {}
    const written = verdict.accepted + verdict.duplicates
    account.assert(label, acked === written, `acked ${acked}, but the sink accepted ${written}`)
    account.expect(label, retryProblems(exchanges))
    return exchanges
  }
}

/** I6: nobody has his 200 before the sink has the message. */
function earlyProblems(accepted, exchanges) {
  const firstMs = new Map()
  for (const { ms, lines } of accepted) {
    for (const line of lines) {
      const id = idOf(unstamped(line))
      if (!firstMs.has(id)) firstMs.set(id, ms)
    }
  }
  const early = exchanges.filter(
    ({ id, status, sentMs, tookMs }) =>
      status === 200 && sentMs + tookMs + CLOCKS_MS < (firstMs.get(id) ?? Number.POSITIVE_INFINITY),
  )
  if (early.length === 0) return []
  return [
    `${early.length} answered with 200 before the sink had them: ${early.slice(0, 5).map(({ id }) => id)}`,
  ]
}

/** Each of them allows one repeat of its message. */
function onceForEach(exchanges) {
  const left = new Map()
  for (const { id } of exchanges) left.set(id, (left.get(id) ?? 0) + 1)
  return ({ id }) => {
    const count = left.get(id) ?? 0
    left.set(id, count - 1)
    return count > 0
  }
}

/** Whoever is told to come again is told when. */
function retryProblems(exchanges) {
  const refused = exchanges.filter(({ status }) => status === 429 || status === 503)
  const mute = refused.filter(({ retryAfter }) => !(Number(retryAfter) >= 1))
  return mute.length > 0
    ? [`${mute.length} of ${refused.length} answers 429 and 503 have no Retry-After`]
    : []
}

/** @param {import('./http-crowd.mjs').Exchange[]} exchanges */
export function countOf(exchanges, status) {
  return exchanges.filter((each) => each.status === status).length
}
