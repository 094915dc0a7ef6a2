// The admin port: an HTTP server on the main thread that tells how a topology stands. It changes nothing, and user code cannot stop
// it, as that runs on other threads. It listens before anything is opened, and until the topology has ended.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { authorizationIn } from '../http/authorization.js'
import { BearerToken } from '../http/bearer-token.js'
import { createHttpServer, type HttpServer } from '../http/http-server.js'
import { sendProblem } from '../http/problem.js'
import { messageOf } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import { type AdminOptions, isLoopback } from './admin-options.js'
import { AdminState } from './admin-state.js'
import type { AdminView } from './admin-view.js'
import { basicAsBearer } from './basic-as-bearer.js'
import { answerLive, answerReady } from './probes.js'
import { ROUTES, type Route } from './routes.js'

/** Few should ask, and none for long. */
const LIMITS = {
  connections: 256,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveMs: 5_000,
}
/** How long the last words may take. The process does not wait for them. */
const CLOSE_MS = 250
/** What holds for all answers: nobody keeps them, embeds them or guesses what they are. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
}

export class AdminServer {
  port = 0
  private readonly options: AdminOptions & { host: string }
  private readonly log: Log
  private readonly token: BearerToken | undefined
  private server: HttpServer | undefined
  private view: AdminView | undefined
  private state: AdminState | undefined

  /** Throws ERR_CONFIG where the token cannot be had. */
  constructor(options: AdminOptions & { host: string }, log: Log) {
    const { tokenEnv, tokenFile } = options
    this.options = options
    this.log = log
    const isGuarded = tokenEnv !== undefined || tokenFile !== undefined
    this.token = isGuarded ? new BearerToken('admin', { tokenEnv, tokenFile }, log) : undefined
  }

  /** Rejects with ERR_OPEN where the port cannot be had. */
  async listen(): Promise<void> {
    const { port, host } = this.options
    const handler = (request: IncomingMessage, response: ServerResponse) => this.take(request, response)
    this.server = await createHttpServer({ name: 'admin', handler, limits: LIMITS })
    // Whoever is connected does not keep the process alive.
    this.server.onConnection((socket) => socket.unref())
    this.port = await this.server.listen({ port, host })
    this.log.info(`admin port on ${this.url}`)
  }

  get url(): string {
    return `${this.server?.url ?? ''}/`
  }

  /** The topology runs: from here on it can be looked at. */
  attach(view: AdminView): void {
    this.view = view
    this.state = new AdminState(view)
  }

  /** Says the last words to whoever listens, and closes. Never rejects. */
  async close(): Promise<void> {
    this.state?.close()
    await this.server?.close({ graceMs: CLOSE_MS }).catch(() => {})
  }

  /** Whatever goes wrong here must not end the process that it tells of. */
  private take(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.route(request, response)
    } catch (error) {
      this.log.warn(`a request could not be answered: ${messageOf(error)}`)
      response.destroy()
    }
  }

  private route(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const [path, query = ''] = (request.url ?? '').split(/\?(.*)/s)
    const isHead = request.method === 'HEAD'
    if (request.method !== 'GET' && !isHead) sendProblem(response, 405, undefined, ['Allow', 'GET, HEAD'])
    else if (path === '/livez') answerLive(this.view, response, isHead)
    else if (path === '/readyz') answerReady(this.view, response, isHead)
    else if (this.admits(request, response)) void this.answer(path, query, isHead, request, response)
  }

  private admits(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.token === undefined) {
      // A page of somebody else, whose name was made to lead here, must not read what only this machine may.
      if (isOurs(request.headersDistinct.host)) return true
      sendProblem(response, 421)
      return false
    }
    if (this.token.accepts(basicAsBearer(authorizationIn(request)))) return true
    sendProblem(response, 401, undefined, ['WWW-Authenticate', 'Basic realm="millrace", charset="UTF-8"'])
    return false
  }

  private async answer(
    path: string,
    query: string,
    isHead: boolean,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { view, state, log } = this
    const route: Route | undefined = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
    if (route === undefined) sendProblem(response, 404)
    else if (view === undefined || state === undefined)
      sendProblem(response, 503, 'it has not started yet', ['Retry-After', '1'])
    else {
      try {
        const answer = await route.load()
        await answer({
          request,
          response,
          query: new URLSearchParams(query),
          isHead,
          view,
          state,
          log,
        })
      } catch (error) {
        log.warn(`${path} could not be answered: ${messageOf(error)}`)
        if (response.headersSent) response.destroy()
        else sendProblem(response, 500)
      }
    }
  }
}

/** Tells whether the Host header names this machine. Without one, it was no browser that asked; of two, one may lie. */
function isOurs(hosts: readonly string[] | undefined): boolean {
  if (hosts === undefined) return true
  const [host, ...others] = hosts
  return others.length === 0 && isLoopback(host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'))
}
