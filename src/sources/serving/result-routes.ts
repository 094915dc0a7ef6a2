// What may be asked of an id: its result, its state, and its result as server-sent events as soon as there is one.

import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { wallClockMs } from '../../kernel/clock.js'
import { messageOf } from '../../kernel/failure.js'
import type { Log } from '../../kernel/log.js'
import type { Exchanges } from '../requests/exchanges.js'
import { REFUSALS, refusal } from '../requests/refusal.js'
import type { Replies } from '../requests/replies.js'
import type { Keeper, Known } from './keeper.js'
import type { KeptResult } from './kept.js'

const LISTENERS_MAX = 1_024
const ID = /^[\x21-\x7e]{1,256}$/
const BAD_ID = refusal(400, 'id: wanted one, of 1 to 256 visible ASCII characters')
const UNKNOWN = refusal(404, 'nothing is known of this id')
const UNREADABLE = refusal(503, 'the results cannot be read', ['Retry-After', '1'])
const TOO_MANY = refusal(429, 'too many listen already', ['Retry-After', '5'])

export class ResultRoutes {
  /** Set before the first request. */
  exchanges!: Exchanges
  private readonly keeper: Keeper
  private readonly log: Log
  private readonly listening = new Set<ServerResponse>()

  constructor(keeper: Keeper, log: Log) {
    this.keeper = keeper
    this.log = log
  }

  get listenerCount(): number {
    return this.listening.size
  }

  /** The result, as the client would have had it; `in-progress`, or 404. */
  readonly fetch = (request: IncomingMessage, response: ServerResponse): void => {
    void this.answer(request, response, (id, known) => {
      if (known.state === 'accepted') this.json(response, { status: 'in-progress' })
      else if ('reason' in known.result)
        this.replies.say(response, { ...REFUSALS.failed, detail: known.result.reason })
      else
        this.replies.answer(
          response,
          id,
          known.result.answers.length === 0 ? undefined : known.result.answers,
        )
    })
  }

  /** In words. */
  readonly status = (request: IncomingMessage, response: ServerResponse): void => {
    void this.answer(request, response, (id, known) => this.json(response, { id, ...stateOf(known) }))
  }

  /** Each payload is an event, and then comes `end`, or `failure`. */
  readonly sse = (request: IncomingMessage, response: ServerResponse): void => {
    void this.answer(request, response, (id, known) => {
      if (this.listening.size >= LISTENERS_MAX) {
        this.replies.say(response, TOO_MANY)
        return
      }
      const last = lastEventOf(request.headers['last-event-id'])
      response.writeHead(200, [
        'Content-Type',
        'text/event-stream',
        'Cache-Control',
        'no-store',
        'X-Numaflow-Id',
        id,
      ])
      this.exchanges.tally.count(200)
      if (known.state === 'finished') response.end(eventsOf(known.result, last))
      // It is told nothing of what comes: so it does not wait.
      else if (request.method === 'HEAD') response.end()
      else void this.listen(response, id, last)
    })
  }

  /** Something is said to those who listen, so that nobody takes the connection for dead. */
  keepAlive(): void {
    for (const response of this.listening) response.write(':\n\n')
  }

  /** Nobody is told anything any more. */
  close(): void {
    for (const response of this.listening) response.end()
  }

  private async listen(response: ServerResponse, id: string, last: number): Promise<void> {
    const unlisten = this.keeper.listen(id, (result) => {
      if (!response.writableEnded) response.end(eventsOf(result, last))
    })
    this.listening.add(response)
    response.write('retry: 1000\n\n')
    response.once('close', () => {
      this.listening.delete(response)
      unlisten()
    })
    // It may have come while it was looked for.
    const known =
      this.exchanges.byId(id) === undefined
        ? await this.keeper.findSafe(id).catch(() => undefined)
        : undefined
    if (known?.state === 'finished' && !response.writableEnded) response.end(eventsOf(known.result, last))
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    say: (id: string, known: Known) => void,
  ): Promise<void> {
    const id = idOf(request.url ?? '')
    if (id === undefined) {
      this.replies.say(response, BAD_ID)
      return
    }
    let known: Known | undefined
    try {
      known = this.exchanges.byId(id) === undefined ? await this.keeper.findSafe(id) : { state: 'accepted' }
    } catch (error) {
      this.log.error(`a result cannot be read: ${messageOf(error)}`)
      this.replies.say(response, UNREADABLE)
      return
    }
    if (response.destroyed) return
    if (known === undefined) this.replies.say(response, UNKNOWN)
    else say(id, known)
  }

  private get replies(): Replies {
    return this.exchanges.replies
  }

  private json(response: ServerResponse, value: unknown): void {
    const body = Buffer.from(`${JSON.stringify(value)}\n`)
    response
      .writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)])
      .end(body)
    this.exchanges.tally.count(200)
  }
}

function stateOf(known: Known): object {
  if (known.state === 'accepted') return { status: 'in-progress' }
  const timestamp = new Date(known.sinceMs || wallClockMs()).toISOString()
  if ('reason' in known.result) return { status: 'failed', reason: known.result.reason, timestamp }
  return { status: 'completed', payloads: known.result.answers.length, timestamp }
}

/** Gives the number of the last event that the client has seen; −1 where it says none that is ours. */
function lastEventOf(id: string | string[] | undefined): number {
  return /^\d{1,9}$/.test(String(id)) ? Number(id) : -1
}

/** Events after the one with the number `last`. */
function eventsOf(result: KeptResult, last: number): string {
  if ('reason' in result) return `event: failure\ndata: ${JSON.stringify({ reason: result.reason })}\n\n`
  const events = result.answers.map(({ payload }, number) => (number > last ? eventOf(payload, number) : ''))
  return `${events.join('')}event: end\ndata: ${JSON.stringify({ payloads: result.answers.length })}\n\n`
}

/** What is no text is an event `base64`. */
function eventOf(payload: Buffer, number: number): string {
  const isText = isUtf8(payload)
  const text = payload.toString(isText ? 'utf8' : 'base64')
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `id: ${number}\n${isText ? '' : 'event: base64\n'}${lines.join('')}\n`
}

/** Gives the one parameter `id`. */
function idOf(url: string): string | undefined {
  const start = url.indexOf('?')
  const ids = start < 0 ? [] : new URLSearchParams(url.slice(start)).getAll('id')
  return ids.length === 1 && ID.test(ids[0]) ? ids[0] : undefined
}
