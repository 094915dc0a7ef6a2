// The source `serving`, open: requests, what stands behind them, and what an earlier life has accepted.

import { systemRandom } from '../../kernel/clock.js'
import { messageOf } from '../../kernel/failure.js'
import type { ResultStore } from '../../results/result-store.js'
import { Exchange } from '../requests/exchange.js'
import { RequestSource } from '../requests/request-source.js'
import type { Endpoint } from '../requests/service.js'
import { Ticker } from '../requests/ticker.js'
import type { SourceAck, SourceContext, SourceNack, SourceRecord } from '../source.js'
import { Keeper } from './keeper.js'
import { decodeRequest } from './kept.js'
import { NO_RESULTS } from './no-results.js'
import { openApiOf } from './openapi.js'
import { partOfServing } from './part-of-serving.js'
import { ResultRoutes } from './result-routes.js'
import { ServingService } from './serving-service.js'
import type { ServingSettings } from './settings.js'

/** Else it would be in progress for ever. */
const UNREADABLE = { reason: 'the request that was accepted cannot be read' }
const KEEP_ALIVE_MS = 15_000
/** Of what an earlier life accepted: there each has its number for ever, so that one that kills the process is found again. */
const EARLIER = 1

export class ServingSource {
  private readonly settings: ServingSettings
  private readonly store: ResultStore
  private readonly context: SourceContext
  private readonly keeper: Keeper
  private readonly results: ResultRoutes
  private readonly service: ServingService
  private readonly source: RequestSource
  private ticker: Ticker | undefined
  /** What an earlier life accepted, and is not in work yet. */
  private backlog: Exchange[] = []

  constructor(given: ServingSettings, context: SourceContext) {
    const { log, branchOf } = context
    const settings = partOfServing(given, context.thread)
    this.settings = settings
    this.context = context
    this.store = settings.results ?? NO_RESULTS
    this.keeper = new Keeper(this.store, log, after)
    this.results = new ResultRoutes(this.keeper, log)
    const parts = { log, random: systemRandom, ...(branchOf && { branchOf }) }
    this.service = new ServingService(settings, this.endpoints(), this.keeper, parts)
    this.source = new RequestSource(settings, context, this.service)
    this.service.exchanges = this.results.exchanges = this.source.exchanges
  }

  async open(): Promise<void> {
    await this.store.open?.({ log: this.context.log })
    try {
      await this.resume()
      await this.source.open()
    } catch (error) {
      await this.store.close?.()
      throw error
    }
    this.ticker = new Ticker(KEEP_ALIVE_MS, () => this.results.keepAlive())
  }

  read(max: number): readonly SourceRecord[] | Promise<readonly SourceRecord[]> {
    this.goOn()
    return this.source.read(max)
  }

  ack(acks: readonly SourceAck[]): void {
    this.source.ack(acks)
    this.goOn()
  }

  nack(nacks: readonly SourceNack[]): void {
    this.source.nack(nacks)
    this.goOn()
  }

  get pending(): number {
    return this.source.pending + this.backlog.length
  }

  stats(): Record<string, number> {
    return { ...this.source.stats(), sse_listeners: this.results.listenerCount, backlog: this.backlog.length }
  }

  async close(): Promise<void> {
    this.ticker?.stop()
    this.results.close()
    await this.source.close()
    await this.keeper.close()
  }

  private endpoints(): ReadonlyMap<string, Endpoint> {
    const { path, routes, results } = this.settings
    const isKept = results !== undefined
    const endpoints = new Map<string, Endpoint>()
    const paths = new Set(['', ...routes.flatMap((route) => route.path ?? [])])
    for (const suffix of paths) {
      endpoints.set(`${path}/sync${suffix}`, { method: 'POST', isAsync: false })
      if (isKept) endpoints.set(`${path}/async${suffix}`, { method: 'POST', isAsync: true })
    }
    const { fetch, sse, status } = this.results
    for (const [name, answer] of Object.entries(isKept ? { fetch, sse, status } : {}))
      endpoints.set(`${path}/${name}`, { method: 'GET', isAsync: false, answer })
    const text = openApiOf(this.settings)
    endpoints.set('/openapi.json', {
      method: 'GET',
      isAsync: false,
      answer: async (_, response) => {
        const body = await text
        response
          .writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)])
          .end(body)
        this.source.exchanges.tally.count(200)
      },
    })
    return endpoints
  }

  /** What was accepted, and has no result, is processed again. */
  private async resume(): Promise<void> {
    for await (const { id, request } of this.store.unfinished()) {
      try {
        const { body, className, number = this.service.nextNumber, ...meta } = decodeRequest(request)
        const exchange = new Exchange(undefined, undefined, id, true, body.length, true)
        exchange.isAccepted = true
        Object.assign(exchange.record, meta, { id, value: body, partition: EARLIER, offset: number })
        // It waits in the line of its class, and holds no place: it was admitted in another life.
        if (className !== undefined) exchange.place = { className, sinceMs: Number.NaN, leftMs: undefined }
        this.backlog.push(exchange)
        // The clock may have been set back.
        this.service.nextNumber = Math.max(this.service.nextNumber, number + 1)
      } catch (error) {
        this.context.log.error(`an accepted request cannot be read, and has failed: ${messageOf(error)}`, {
          id,
        })
        this.keeper.keep(id, UNREADABLE, true)
      }
    }
    const count = this.backlog.length
    if (count > 0) this.context.log.info('accepted requests of an earlier run are processed again', { count })
    this.backlog.reverse()
  }

  private goOn(): void {
    const { exchanges } = this.source
    while (this.backlog.length > 0 && !exchanges.isFull && !exchanges.isDraining) {
      const next = this.backlog.pop()
      if (next !== undefined) exchanges.enqueue(next)
    }
  }
}

/** In one turn of a ticker: it keeps no process alive. */
function after(ms: number, call: () => void): void {
  const ticker = new Ticker(ms, () => {
    ticker.stop()
    call()
  })
}
