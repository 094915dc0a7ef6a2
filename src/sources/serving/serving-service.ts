// What stands behind the source `serving`: its endpoints, which way a request goes, whether there is room for it, and its result.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { type Random, systemClock, wallClockMs } from '../../kernel/clock.js'
import { messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import { pathOf } from '../requests/admission.js'
import type { Exchange } from '../requests/exchange.js'
import type { Exchanges } from '../requests/exchanges.js'
import { REFUSALS, type Refusal, refusal } from '../requests/refusal.js'
import type { Ending, Endpoint, Outcome, Service } from '../requests/service.js'
import type { SourceContext } from '../source.js'
import { ClassLines } from './class-lines.js'
import { Classes } from './classes.js'
import type { Keeper } from './keeper.js'
import { encodeRequest, type KeptResult } from './kept.js'
import { type RequestRoute, routeFor } from './request-route.js'
import type { ServingSettings } from './settings.js'
import type { StandardSchema } from './standard-schema.js'
import { bodyProblems } from './validate-body.js'

const TIMEOUT_HEADER = 'x-request-timeout-ms'
const REASON_CHARS_MAX = 200
/** No more are accepted in a ms. */
const NUMBERS_A_MS = 1_000

const BAD_TIMEOUT = refusal(400, 'X-Request-Timeout-Ms: wanted a whole number of milliseconds')
const BAD_CLASS = refusal(400, 'the class header names no class')
const NOT_KEPT = refusal(503, 'the request could not be kept', ['Retry-After', '1'])
const NO_ROOM = refusal(503, 'there is no room for more requests', ['Retry-After', '5'])
const SCHEMA_FAILED = refusal(500, 'the body could not be checked')

export class ServingService implements Service {
  readonly name = 'serving'
  readonly emptyStatus = 204
  readonly joins: boolean
  /** Set before the first request. */
  exchanges!: Exchanges
  private readonly settings: ServingSettings
  private readonly endpoints: ReadonlyMap<string, Endpoint>
  private readonly keeper: Keeper
  private readonly classes: Classes
  readonly line: ClassLines | undefined
  private readonly random: Random
  private readonly log: Log
  /** What the bodies must be that have not come yet; empty where nothing is wanted of them. */
  private readonly schemas = new WeakMap<Exchange, StandardSchema>()
  private readonly hasSchemas: boolean
  /** Of what is accepted: above all that were given in an earlier life. */
  nextNumber = NUMBERS_A_MS * wallClockMs()
  private routeFailures = 0
  private lastFailure = ''

  constructor(
    settings: ServingSettings,
    endpoints: ReadonlyMap<string, Endpoint>,
    keeper: Keeper,
    { log, random, branchOf }: { log: Log; random: Random; branchOf?: SourceContext['branchOf'] },
  ) {
    this.settings = settings
    this.endpoints = endpoints
    this.keeper = keeper
    this.joins = settings.duplicates === 'join'
    const classes = settings.classes.map((each) => ({ ...each, branch: branchOf?.([each.name]) ?? 0 }))
    this.classes = new Classes(classes, settings.concurrency)
    if (classes.length > 1) this.line = new ClassLines(classes, settings.inFlight)
    this.hasSchemas = [settings, ...settings.routes].some(({ schema }) => schema !== undefined)
    this.log = log
    this.random = random
  }

  endpointOf(path: string): Endpoint | undefined {
    return this.endpoints.get(path)
  }

  admit(exchange: Exchange, request: IncomingMessage): Refusal | undefined {
    const { settings } = this
    const { headers } = request
    const timeoutMs = timeoutMsOf(headers, settings.timeoutMs)
    if (timeoutMs === undefined) return BAD_TIMEOUT
    exchange.timeoutMs = timeoutMs
    const route = settings.routes.length === 0 ? undefined : this.routeOf(request)
    const given = settings.classHeader && headers[settings.classHeader]
    const className = given ?? route?.class ?? settings.classes[0].name
    if (given !== undefined && !this.classes.has(String(given))) return BAD_CLASS
    const tags = route === undefined ? [] : [route.tag]
    if (settings.hasClasses) tags.push(String(className))
    if (tags.length > 0) exchange.record.tags = tags
    const schema = route?.schema ?? settings.schema
    if (schema !== undefined) this.schemas.set(exchange, schema)
    // A second request with the id of one in work waits for it: it is no more work.
    const joins = this.joins && exchange.isOwnId && this.exchanges.byId(exchange.id) !== undefined
    if (!joins && !this.classes.hasRoom(String(className))) return this.tooManyOf(String(className))
    exchange.place = { className: String(className), sinceMs: Number.NaN, leftMs: undefined }
    return undefined
  }

  arrived(exchange: Exchange): boolean {
    // Only now: whoever sends a body slowly, or none of it, keeps nobody out, and its time says nothing of ours.
    const { place } = exchange
    if (place !== undefined && !this.classes.admit(place.className)) {
      this.exchanges.turnAway(exchange, this.tooManyOf(place.className))
      return false
    }
    if (place !== undefined) place.sinceMs = systemClock.now()
    const mayBeKnown = exchange.isOwnId && this.settings.dedupe
    if (!exchange.isAsync && !mayBeKnown && !this.hasSchemas) return true
    void this.prepare(exchange)
    return false
  }

  given(exchange: Exchange): void {
    // What memory keeps is safe once the topology has it: a drain finishes that.
    if (exchange.isAsync && !this.keeper.store.durable) this.exchanges.accept(exchange)
  }

  answerAccepted(exchange: Exchange): void {
    const { response, id } = exchange
    exchange.response = undefined
    if (response === undefined) return
    const timestamp = new Date(wallClockMs()).toISOString()
    const body = `${JSON.stringify({ message: 'accepted', id, code: 200, timestamp })}\n`
    const headers = [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(body.length),
      'X-Numaflow-Id',
      id,
    ]
    response.writeHead(200, headers).end(body)
    this.exchanges.tally.count(200)
  }

  settled(exchange: Exchange, outcome: Outcome): void {
    const { id, isAsync, isOwnId } = exchange
    // Nobody can ask for it later, or listen.
    if (!isAsync && !isOwnId) return
    const hasFailed = 'reason' in outcome
    // What is durable and was given up at the end of the topology is processed by the next one.
    if (isAsync && hasFailed && this.exchanges.isDraining && this.keeper.store.durable) return
    const result: KeptResult = hasFailed
      ? { reason: cut(outcome.reason) }
      : { answers: outcome.answers ?? [] }
    // A failure is nobody's answer: the same request may be tried again.
    if (isAsync || (this.settings.dedupe && !hasFailed)) this.keeper.keep(id, result, isAsync)
    else this.keeper.tell(id, result)
  }

  released(exchange: Exchange, ending: Ending): void {
    const { place, id } = exchange
    if (this.keeper.isHeard(id) && this.exchanges.byId(id) === undefined)
      void this.keeper.over(id, REFUSALS.failed.message)
    this.line?.done(exchange, ending === 'answered')
    if (place !== undefined && !Number.isNaN(place.sinceMs) && this.classes.has(place.className))
      this.classes.release(place.className, systemClock.now() - place.sinceMs, ending)
  }

  detailOf(reason: string): string {
    return cut(reason)
  }

  stats(): Record<string, number> {
    return {
      ...this.classes.stats(),
      ...this.keeper.stats(),
      ...this.keeper.store.stats?.(),
      route_failures: this.routeFailures,
    }
  }

  private tooManyOf(className: string): Refusal {
    return {
      ...REFUSALS.tooMany,
      headers: ['Retry-After', String(this.classes.retryAfterSeconds(className))],
    }
  }

  /** Before it is a message: is the body right, is the answer known, is it kept safely. */
  private async prepare(exchange: Exchange): Promise<void> {
    try {
      if (await this.isWrong(exchange)) return
      if (exchange.isOwnId && (await this.isKnown(exchange))) return
      if (exchange.isAsync && !(await this.isAccepted(exchange))) return
      // It was turned away meanwhile, and nobody was told that it is accepted.
      if (exchange.isAsync && exchange.state !== 'arrived') await this.keeper.store.forget(exchange.id)
    } catch (error) {
      this.tell(`a request could not be prepared: ${messageOf(error)}`)
      this.exchanges.turnAway(exchange, NOT_KEPT)
      return
    }
    // Who waited may be gone meanwhile.
    if (exchange.state !== 'arrived') return
    if (exchange.isAsync) {
      this.exchanges.enqueue(exchange)
      if (this.keeper.store.durable) this.exchanges.accept(exchange)
    } else if (this.exchanges.isDraining) this.exchanges.turnAway(exchange, REFUSALS.draining)
    else this.exchanges.enqueue(exchange)
  }

  private async isWrong(exchange: Exchange): Promise<boolean> {
    const schema = this.schemas.get(exchange)
    if (schema === undefined) return false
    try {
      const problems = await bodyProblems(exchange.record.value as Buffer, schema)
      if (problems.length === 0) return false
      this.exchanges.turnAway(exchange, {
        ...refusal(422, 'the body is not what is wanted'),
        more: { errors: problems },
      })
    } catch (error) {
      this.tell(`a schema failed: ${messageOf(error)}`)
      this.exchanges.turnAway(exchange, SCHEMA_FAILED)
    }
    return true
  }

  /** Once, as long as it is the same: clients can have it happen as often as they like. */
  private tell(failure: string): void {
    if (failure !== this.lastFailure) this.log.error(failure)
    this.lastFailure = failure
  }

  /** Answers with what is known of its id. */
  private async isKnown(exchange: Exchange): Promise<boolean> {
    const { id, isAsync } = exchange
    const known = await this.keeper.find(id)
    if (exchange.state !== 'arrived') return true
    if (known === undefined) return false
    if (known.state === 'accepted') {
      this.exchanges.turnAway(exchange, REFUSALS.sameId)
      return true
    }
    const { result } = known
    // The state of what was accepted can be asked for; who waits is told how it ended.
    if (isAsync) this.exchanges.accept(exchange)
    if ('reason' in result) this.exchanges.turnAway(exchange, { ...REFUSALS.failed, detail: result.reason })
    else this.exchanges.answerKnown(exchange, result.answers.length === 0 ? undefined : result.answers)
    return true
  }

  private async isAccepted(exchange: Exchange): Promise<boolean> {
    const { value, headers, keys, tags, trace, eventTime } = exchange.record
    const body = value as Buffer
    const { place } = exchange
    const number = this.nextNumber++
    const kept = { body, headers, keys, tags, trace, eventTime, number, className: place?.className }
    const acceptance = await this.keeper.store.accept(exchange.id, encodeRequest(kept))
    if (acceptance === 'accepted') return true
    this.exchanges.turnAway(exchange, acceptance === 'full' ? NO_ROOM : REFUSALS.sameId)
    return false
  }

  private routeOf({ url = '', headers }: IncomingMessage): RequestRoute | undefined {
    const path = routePathOf(url, this.settings.path)
    return routeFor(this.settings.routes, { path, headers }, this.random, (route, error) => {
      this.routeFailures++
      if (this.routeFailures === 1) this.log.error(`route ${route.tag}: when() failed: ${messageOf(error)}`)
    })
  }
}

/** Gives how long the client waits, at most as long as is allowed; undefined where it says what is none. */
function timeoutMsOf(headers: IncomingHttpHeaders, mostMs: number): number | undefined {
  const given = headers[TIMEOUT_HEADER]
  if (given === undefined) return mostMs
  if (!/^[1-9]\d{0,11}$/.test(String(given))) return undefined
  return Math.min(mostMs, Number(given))
}

/** Gives what follows `/sync` or `/async`. */
function routePathOf(url: string, prefix: string): string {
  return pathOf(url)
    .slice(prefix.length)
    .replace(/^\/a?sync/, '')
}

/** One line, and not a long one: a reason may have a stack behind it. */
function cut(reason: string): string {
  const [line] = reason.split('\n', 1)
  return line.length <= REASON_CHARS_MAX ? line : `${line.slice(0, REASON_CHARS_MAX)}…`
}
