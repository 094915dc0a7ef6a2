// Clients, each with a connection: sends a request, waits for the answer, looks at every byte of its body, and sends the next.
// Cheaper than clients of node:http, and they know of each answer whether it was accepted.

import { connect } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { bodyOf, handlerOfThread } from './serve-work.mjs'

const BODIES = 64
const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_AT = 'HTTP/1.1 '.length
const REFUSALS = [429, 503]
const NOTHING = Buffer.alloc(0)

/** What came of requests: the latencies of those that were answered well, in ms, and how many were not. */
export class Outcome {
  latencies = []
  refused = 0
  wrong = 0
  errors = 0
  fromMs = performance.now()

  get count() {
    return this.latencies.length + this.refused + this.wrong + this.errors
  }

  result() {
    const { refused, wrong, errors } = this
    const seconds = (performance.now() - this.fromMs) / 1000
    const sorted = Float64Array.from(this.latencies).sort()
    const quantile = (q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
    const quantiles = { p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999) }
    return { requests: sorted.length, refused, wrong, errors, seconds, ...quantiles }
  }
}

/** The requests that the clients send in turn, and what each must be answered. */
export function exchangesOf(sizeBytes) {
  const handler = handlerOfThread()
  return Array.from({ length: BODIES }, (_, number) => {
    const body = bodyOf(sizeBytes, number)
    const head = `POST /v1/process/sync HTTP/1.1\r\nHost: bench\r\nContent-Type: application/octet-stream\r\nContent-Length: ${sizeBytes}\r\n\r\n`
    return { body, request: Buffer.concat([Buffer.from(head), body]), answer: handler({ value: body }) }
  })
}

/** Any number of clients. `heeds`: who is refused comes again after the answer's Retry-After, else at once. */
export class Clients {
  outcome = new Outcome()
  clients = []

  constructor(port, exchanges, { heeds = false } = {}) {
    this.port = port
    this.exchanges = exchanges
    this.heeds = heeds
    this.ended = false
  }

  grow(count) {
    while (this.clients.length < count) {
      const client = new Client(this, this.clients.length)
      this.clients.push(client)
      client.connect()
    }
  }

  /** Resolves after this time, and once there are as many answers as clients: a slow server takes longer. */
  async warmUp(ms) {
    await after(ms)
    while (this.outcome.count < this.clients.length) await after(10)
  }

  /** What comes from now on is counted anew. Gives what came until now. */
  turn() {
    const result = this.outcome.result()
    this.outcome = new Outcome()
    return result
  }

  end() {
    this.ended = true
    for (const client of this.clients) client.end()
  }
}

class Client {
  constructor(all, number) {
    this.all = all
    this.number = number
    this.received = NOTHING
    this.waits = false
  }

  connect() {
    const socket = connect({ port: this.all.port, host: '127.0.0.1', noDelay: true })
    this.socket = socket
    socket.on('connect', () => this.send())
    socket.on('data', (chunk) => this.take(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.closed())
  }

  send() {
    const { exchanges } = this.all
    this.exchange = exchanges[this.number++ % exchanges.length]
    this.waits = true
    this.sentMs = performance.now()
    this.socket.write(this.exchange.request)
  }

  take(chunk) {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk])
    const headEnd = this.received.indexOf(HEAD_END)
    if (headEnd === -1) return
    const head = this.received.latin1Slice(0, headEnd)
    const bodyAt = headEnd + HEAD_END.length
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1])
    if (this.received.length < bodyAt + length) return
    const body = this.received.subarray(bodyAt)
    this.received = NOTHING
    this.waits = false
    this.judge(Number(head.slice(STATUS_AT, STATUS_AT + 3)), head, body)
  }

  judge(status, head, body) {
    const { outcome, heeds } = this.all
    const isRefused = REFUSALS.includes(status)
    if (isRefused) outcome.refused++
    else if (status !== 200 || !body.equals(this.exchange.answer)) outcome.wrong++
    else outcome.latencies.push(performance.now() - this.sentMs)
    if (this.all.ended) return
    const seconds = isRefused && heeds ? Number(/\r\nretry-after: *(\d+)/i.exec(head)?.[1] ?? 1) : 0
    // Spread over a second: clients that were refused together would come again together.
    if (seconds > 0) this.timer = setTimeout(() => this.again(), (seconds + Math.random()) * 1000)
    else this.again()
  }

  again() {
    if (this.socket.writable) this.send()
  }

  closed() {
    if (this.all.ended) return
    if (this.waits) this.all.outcome.errors++
    this.waits = false
    this.received = NOTHING
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.connect(), 10)
  }

  end() {
    clearTimeout(this.timer)
    this.socket.destroy()
  }
}
