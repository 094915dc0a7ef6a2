// A source of HTTP requests: listens, says who may come in, and makes an exchange of each request that may.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { BearerToken } from '../../http/bearer-token.js'
import { type Carrier, carrierOf } from '../../http/carrier.js'
import { declaredBytesOf } from '../../http/declared-bytes.js'
import { createHttpServer, type HttpServer } from '../../http/http-server.js'
import { probePort } from '../../http/probe-port.js'
import { canSharePort } from '../../http/share-port.js'
import { countText } from '../../kernel/count-text.js'
import { MillraceError } from '../../kernel/failure.js'
import type { SourceAck, SourceContext, SourceNack, SourceRecord } from '../source.js'
import { pathOf, refusalOf, strangerOf } from './admission.js'
import { DISCARD_BYTES_MAX, receivingOn, takeBody } from './body.js'
import { Exchange } from './exchange.js'
import { Exchanges } from './exchanges.js'
import { IdMaker } from './id-maker.js'
import { eventTimeOf, setHeaders } from './message-headers.js'
import type { Refusal } from './refusal.js'
import { Resting } from './resting.js'
import type { Service } from './service.js'
import type { RequestSettings } from './settings.js'
import { Ticker } from './ticker.js'

/** How long a close waits for connections in the middle of a request or an answer. */
const CLOSE_MS = 500
const TOO_MANY = 429

export class RequestSource {
  readonly exchanges: Exchanges
  token: BearerToken | undefined
  isReady = false
  readonly isIdTaken: (id: string) => boolean
  readonly isOurs: (id: string) => boolean
  private readonly service: Service
  private readonly settings: RequestSettings
  private readonly context: SourceContext
  private readonly ids = new IdMaker()
  private server: HttpServer | undefined
  private ticker: Ticker | undefined
  private readonly resting = new Resting()

  constructor(settings: RequestSettings, context: SourceContext, service: Service) {
    this.settings = settings
    this.context = context
    this.service = service
    this.exchanges = new Exchanges(settings, context, service)
    this.isIdTaken = (id) => !service.joins && this.exchanges.byId(id) !== undefined
    this.isOurs = (id) => this.ids.isOurs(id)
    if (this.bodyBytesMax <= context.messageBytesMax) return
    const what = `${service.name}: limits.bodyBytes: got ${countText(this.bodyBytesMax)}, wanted at most limits.messageBytes, ${countText(context.messageBytesMax)}`
    throw new MillraceError('ERR_CONFIG', what)
  }

  async open(): Promise<void> {
    const { auth, tls, limits, host, path, tickMs, threads } = this.settings
    const { log, signal, thread } = this.context
    const { exchanges } = this
    const { name } = this.service
    this.token = auth && new BearerToken(`${name}: auth`, auth, log)
    const handler = (request: IncomingMessage, response: ServerResponse) => this.take(request, response)
    const refused = (status: number, carrier?: Carrier) => {
      exchanges.tally.count(status)
      exchanges.forgetReceiving(carrier && receivingOn(carrier))
    }
    const gone = (carrier: Carrier) => exchanges.gone(carrier)
    const more = { tls: tls && { files: tls, log }, limits, refused, gone }
    this.server = await createHttpServer({ name, handler, continues: handler, ...more })
    await this.server.listen({ port: await this.port(), host, reusePort: thread !== undefined })
    if (threads > 1 && !canSharePort())
      log.warn(`${name}: threads: ${threads}, but this Node cannot share a port: it runs on one`)
    log.info(`${name} listens on ${this.server.url}${path}`)
    this.ticker = new Ticker(tickMs, () => this.exchanges.turn())
    signal.addEventListener('abort', () => this.drain(), { once: true })
  }

  read(max: number): readonly SourceRecord[] | Promise<readonly SourceRecord[]> {
    this.isReady = true
    return this.exchanges.read(max)
  }

  ack(acks: readonly SourceAck[]): void {
    this.exchanges.ack(acks)
  }

  nack(nacks: readonly SourceNack[]): void {
    this.exchanges.nack(nacks)
  }

  /** Requests that were not read yet. */
  get pending(): number {
    return this.exchanges.pending
  }

  stats(): Record<string, number> {
    return {
      ...this.exchanges.stats(),
      dropped_connections: this.server?.dropped ?? 0,
      uncertified_connections: this.server?.uncertified ?? 0,
      resting: this.resting.size,
    }
  }

  async close(): Promise<void> {
    this.drain()
    this.ticker?.stop()
    this.exchanges.stop()
    this.resting.end()
    await this.server?.close({ graceMs: CLOSE_MS })
  }

  get isDraining(): boolean {
    return this.exchanges.isDraining
  }

  get isFull(): boolean {
    return this.exchanges.isFull || this.exchanges.isFullOfBodies
  }

  get isCrowded(): boolean {
    return this.resting.isCrowded
  }

  get bodyBytesMax(): number {
    return this.exchanges.bodyBytesMax
  }

  get freeBytes(): number {
    return this.exchanges.freeBytes
  }

  /** Where any port will do, several threads agree on one, also with those that were there before. */
  private async port(): Promise<number> {
    const { port, host } = this.settings
    const { thread } = this.context
    return port !== 0 || thread === undefined
      ? port
      : thread.agree(await probePort(this.service.name, { port, host }))
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const { headers, url = '' } = request
    const socket = carrierOf(request)
    const declaredBytes = declaredBytesOf(request)
    const endpoint = this.service.endpointOf(pathOf(url))
    const stranger = strangerOf(request, endpoint, this)
    if (stranger === undefined && endpoint?.answer !== undefined) {
      request.resume()
      endpoint.answer(request, response)
      return
    }
    const hasRested = this.resting.takeRested(request)
    const refusal = stranger ?? refusalOf(request, declaredBytes, this, hasRested)
    if (refusal !== undefined) {
      this.refuse(request, response, declaredBytes, refusal, hasRested)
      return
    }
    const ownId = headers['x-numaflow-id']
    const isOwnId = ownId !== undefined
    const isAsync = endpoint?.isAsync === true
    const id = isOwnId ? String(ownId) : isAsync ? this.ids.nextSecret() : this.ids.next()
    const exchange = new Exchange(response, socket, id, isOwnId, declaredBytes, isAsync)
    const { record } = exchange
    record.id = id
    record.eventTime = eventTimeOf(headers)
    setHeaders(record, headers, queryOf(url))
    const denied = this.service.admit(exchange, request)
    if (denied !== undefined) {
      this.refuse(request, response, declaredBytes, denied, hasRested)
      return
    }
    this.exchanges.begin(exchange)
    if (headers.expect !== undefined) response.writeContinue()
    takeBody(exchange, request, this.exchanges)
  }

  private drain(): void {
    this.exchanges.drain()
    this.server?.drain()
  }

  /** Says no to a request before it is an exchange. */
  private refuse(
    request: IncomingMessage,
    response: ServerResponse,
    declaredBytes: number,
    refusal: Refusal,
    hasRested: boolean,
  ): void {
    // A body that is too long to be read and forgotten ends the connection. (One that was to be asked for ends it anyway.)
    this.exchanges.replies.say(response, refusal, declaredBytes < 0 || declaredBytes > DISCARD_BYTES_MAX)
    request.resume()
    if (refusal.status === TOO_MANY && request.httpVersionMajor === 1 && !hasRested) this.resting.add(request)
  }
}

function queryOf(url: string): string {
  const end = url.indexOf('?')
  return end < 0 ? '' : url.slice(end + 1)
}
