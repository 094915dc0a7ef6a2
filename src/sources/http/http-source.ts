// The source of HTTP requests: takes them, gives their bodies as records, and answers them when they are settled.
// A request is answered exactly once, or its connection has ended. What is held is limited: requests that wait, and their bytes.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { BearerToken } from '../../http/bearer-token.js'
import { createHttpServer, type HttpServer } from '../../http/http-server.js'
import { sendProblem } from '../../http/problem.js'
import { countText } from '../../kernel/count-text.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { SourceAck, SourceContext, SourceNack, SourceRecord } from '../source.js'
import { refusalOf } from './admission.js'
import { sendAnswer } from './answer.js'
import { DISCARD_BYTES_MAX, receivingOn, takeBody } from './body.js'
import { Exchange } from './exchange.js'
import { IdMaker } from './id-maker.js'
import { Inbox } from './inbox.js'
import { eventTimeOf, setHeaders } from './message-headers.js'
import { REFUSALS, type Refusal } from './refusal.js'
import type { HttpSettings } from './settings.js'
import { Tally } from './tally.js'
import { Ticker } from './ticker.js'
import { Waiting } from './waiting.js'

/** A request's time has about this many turns of the clock. */
const TICKS = 20
const TICK_MS_MAX = 250
/** Bodies that are held at once, all together: this, or a few of the largest. */
const HELD_BYTES = 67_108_864
const HELD_BODIES_MIN = 4
/** How long a close waits for connections in the middle of a request or an answer. */
const CLOSE_MS = 500
const NOTHING: readonly SourceRecord[] = []

export class HttpSource {
  readonly path: string
  readonly bodyBytesMax: number
  token: BearerToken | undefined
  isReady = false
  isDraining = false
  private readonly settings: HttpSettings
  private readonly context: SourceContext
  private readonly heldBytesMax: number
  private readonly inbox = new Inbox()
  private readonly waiting: Waiting
  private readonly ids = new IdMaker()
  private readonly tally: Tally
  private server: HttpServer | undefined
  private ticker: Ticker | undefined
  private tick = 0
  /** How many turns a request may wait. */
  private ticksMax = TICKS

  constructor(settings: HttpSettings, context: SourceContext) {
    this.settings = settings
    this.context = context
    this.path = settings.path
    this.tally = new Tally(context.log)
    this.waiting = new Waiting(settings.inFlight)
    this.bodyBytesMax = settings.bodyBytes ?? context.messageBytesMax
    this.heldBytesMax = Math.max(HELD_BYTES, HELD_BODIES_MIN * this.bodyBytesMax)
    if (this.bodyBytesMax <= context.messageBytesMax) return
    const what = `http: limits.bodyBytes: got ${countText(this.bodyBytesMax)}, wanted at most limits.messageBytes, ${countText(context.messageBytesMax)}`
    throw new MillraceError('ERR_CONFIG', what)
  }

  async open(): Promise<void> {
    const { auth, tls, limits, port, host, path, timeoutMs } = this.settings
    const { log, signal } = this.context
    this.token = auth && new BearerToken('http: auth', auth, log)
    const handler = (request: IncomingMessage, response: ServerResponse) => this.take(request, response)
    const refused = (status: number, socket?: Exchange['socket']) => {
      this.tally.count(status)
      this.forgetReceiving(socket && receivingOn(socket))
    }
    const more = { tls: tls && { files: tls, log }, limits, refused }
    this.server = await createHttpServer({ name: 'http', handler, continues: handler, ...more })
    this.server.onConnection((socket) => socket.once('close', () => this.gone(socket)))
    await this.server.listen({ port, host })
    log.info(`http listens on ${this.server.url}${path}`)
    const tickMs = Math.max(1, Math.min(TICK_MS_MAX, Math.round(timeoutMs / TICKS)))
    this.ticksMax = Math.ceil(timeoutMs / tickMs)
    this.ticker = new Ticker(tickMs, () => this.turn())
    signal.addEventListener('abort', () => this.drain(), { once: true })
  }

  read(max: number): readonly SourceRecord[] | Promise<readonly SourceRecord[]> {
    this.isReady = true
    return this.isDraining ? NOTHING : this.inbox.read(max)
  }

  ack(acks: readonly SourceAck[]): void {
    for (const { offset, answers } of acks) {
      const exchange = this.waiting.settle(Number(offset))
      if (exchange === undefined) this.tally.late++
      else this.answer(exchange, answers)
    }
  }

  nack(nacks: readonly SourceNack[]): void {
    for (const { offset, delayMs } of nacks) {
      const exchange = this.waiting.settle(Number(offset))
      if (exchange === undefined) {
        this.tally.late++
        continue
      }
      exchange.state = 'over'
      const headers = delayMs > 0 ? ['Retry-After', String(Math.ceil(delayMs / 1_000))] : []
      // Why, is nobody's business outside.
      this.say(exchange.response, 500, 'the message was not processed', headers)
    }
  }

  /** Requests that were not read yet. */
  get pending(): number {
    return this.inbox.size
  }

  stats(): Record<string, number> {
    return {
      ...this.tally.counts(),
      waiting: this.waiting.size,
      orphans: this.waiting.orphanCount,
      held_bytes: this.inbox.heldBytes,
      dropped_connections: this.server?.dropped ?? 0,
    }
  }

  async close(): Promise<void> {
    this.drain()
    this.ticker?.stop()
    for (const exchange of this.waiting.all()) this.end(exchange, REFUSALS.stopped)
    await this.server?.close({ graceMs: CLOSE_MS })
  }

  get isFull(): boolean {
    return this.waiting.size >= this.settings.inFlight
  }

  get freeBytes(): number {
    return this.heldBytesMax - this.inbox.heldBytes
  }

  hasId(id: string): boolean {
    return this.waiting.hasId(id)
  }

  isOurs(id: string): boolean {
    return this.ids.isOurs(id)
  }

  held(bytes: number): void {
    this.inbox.heldBytes += bytes
  }

  complete(exchange: Exchange): void {
    if (this.isDraining) this.turnAway(exchange, REFUSALS.draining)
    else if (this.isFull) this.turnAway(exchange, REFUSALS.tooMany)
    else {
      exchange.state = 'queued'
      exchange.tick = this.tick
      this.waiting.add(exchange)
      this.inbox.push(exchange)
    }
  }

  tooLarge(exchange: Exchange): void {
    this.turnAway(exchange, REFUSALS.tooLarge)
  }

  tooMuch(exchange: Exchange): void {
    this.turnAway(exchange, REFUSALS.tooMany)
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const { headers, socket } = request
    const declaredBytes = declaredBytesOf(request)
    const refusal = refusalOf(request, declaredBytes, this)
    if (refusal !== undefined) {
      this.refuse(request, response, declaredBytes, refusal)
      return
    }
    const ownId = headers['x-numaflow-id']
    const isOwnId = ownId !== undefined
    const id = isOwnId ? String(ownId) : this.ids.next()
    const exchange = new Exchange(response, socket, id, isOwnId, declaredBytes)
    const { record } = exchange
    record.id = id
    record.eventTime = eventTimeOf(headers)
    setHeaders(record, headers, queryOf(request.url ?? ''))
    this.waiting.reserveId(exchange)
    if (headers.expect !== undefined) response.writeContinue()
    takeBody(exchange, request, this)
  }

  /** Says no to a request before it is an exchange. */
  private refuse(
    request: IncomingMessage,
    response: ServerResponse,
    declaredBytes: number,
    { status, message, headers }: Refusal,
  ): void {
    // A body that is too long to be read and forgotten ends the connection. (One that was to be asked for ends it anyway.)
    const ends = declaredBytes < 0 || declaredBytes > DISCARD_BYTES_MAX
    this.say(response, status, message, headers, ends)
    request.resume()
  }

  /** Says no to a request whose body comes, or has come. */
  private turnAway(exchange: Exchange, { status, message, headers }: Refusal): void {
    this.forgetReceiving(exchange)
    this.say(exchange.response, status, message, headers)
  }

  /** False where there is none. */
  private forgetReceiving(exchange: Exchange | undefined): boolean {
    if (exchange === undefined) return false
    exchange.state = 'over'
    this.inbox.forget(exchange)
    this.waiting.releaseId(exchange)
    return true
  }

  private answer(exchange: Exchange, answers: SourceAck['answers']): void {
    exchange.state = 'over'
    const { response, id } = exchange
    try {
      sendAnswer(response, id, answers, this.isDraining)
      this.tally.count(response.statusCode)
    } catch (error) {
      this.tally.badAnswer(messageOf(error))
      this.say(response, 500, 'the answer cannot be sent')
    }
  }

  /** Ends the wait of a request without its message's outcome. */
  private end(exchange: Exchange, { status, message, headers }: Refusal): void {
    this.leave(exchange)
    this.say(exchange.response, status, message, headers)
  }

  private leave(exchange: Exchange): void {
    this.waiting.leave(exchange)
    if (exchange.state === 'queued') this.inbox.withdraw(exchange)
    exchange.state = 'over'
  }

  private say(
    response: ServerResponse,
    status: number,
    message: string,
    headers: readonly string[] = [],
    ends = false,
  ): void {
    this.tally.count(status)
    const isLast = ends || this.isDraining
    sendProblem(response, status, message, isLast ? [...headers, 'Connection', 'close'] : headers)
  }

  /** A turn of the clock: whose time is over? */
  private turn(): void {
    this.tick++
    for (const exchange of this.waiting.since(this.tick - this.ticksMax)) {
      // What was not read was not taken: it can be sent again without a doubt.
      this.end(exchange, exchange.state === 'queued' ? REFUSALS.notTaken : REFUSALS.late)
    }
    this.tally.tell()
  }

  /** No new requests. What was read is finished; what was not is refused: nobody reads it any more. */
  private drain(): void {
    if (this.isDraining) return
    this.isDraining = true
    for (const exchange of this.waiting.all())
      if (exchange.state === 'queued') this.end(exchange, REFUSALS.draining)
    this.inbox.interrupt()
  }

  /** A connection has ended: whoever waited on it is gone. */
  private gone(socket: Exchange['socket']): void {
    if (this.forgetReceiving(receivingOn(socket))) this.tally.gone()
    for (const exchange of this.waiting.of(socket)) {
      this.leave(exchange)
      this.tally.gone()
    }
  }
}

/** Gives the length of a body, or −1 where only its end will tell. */
function declaredBytesOf({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return -1
  return Number(headers['content-length'] ?? 0)
}

function queryOf(url: string): string {
  const end = url.indexOf('?')
  return end < 0 ? '' : url.slice(end + 1)
}
