// The connections of a server that have agreed on HTTP/2: its requests go to the same handlers, and what may take how long, and how
// much at once, is the same as with HTTP/1. They have a connection already: this listens nowhere.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Duplex } from 'node:stream'
import { type Clock, systemClock } from '../kernel/clock.js'
import { bytesOfHeaders } from './bytes-of-headers.js'
import { type HttpLimits, lookMsOf } from './http-limits.js'
import type { HttpServerOptions } from './http-server.js'
import { expectBody } from './http2-body.js'
import { likeHttp1 } from './like-http1.js'
import { hasOneHost } from './one-host.js'
import { sendProblem } from './problem.js'

/** What there is to know of a session. */
type Use = {
  readonly socket: Duplex
  streams: number
  idleSinceMs: number
  /** The client has agreed to our settings: it speaks HTTP/2. */
  hasAgreed: boolean
  /** The session is destroyed, and its connection should have ended. */
  isLeft: boolean
}
/** A request whose body comes. */
type Incoming = { sinceMs: number; response: ServerResponse }

const MIB = 1_048_576
/** Each header of a list counts 32 bytes more than it has. */
const HEADER_BYTES = 32
/** Frames that are none; more end the connection. Node takes 1,000. */
const INVALID_FRAMES = 100

export class Http2Sessions {
  private readonly options: HttpServerOptions
  private readonly limits: HttpLimits
  private readonly clock: Clock
  private readonly server: Http2Server
  private readonly sessions = new Map<ServerHttp2Session, Use>()
  /** In the order of their time. */
  private readonly incoming = new Map<ServerHttp2Stream, Incoming>()
  private isDraining = false
  private timer: NodeJS.Timeout | undefined

  constructor(options: HttpServerOptions, limits: HttpLimits, clock: Clock = systemClock) {
    this.options = options
    this.limits = limits
    this.clock = clock
    const { headerBytes, streams } = limits
    this.server = createServer({
      settings: { maxConcurrentStreams: streams, maxHeaderListSize: headerBytes },
      maxHeaderListPairs: Math.ceil(headerBytes / HEADER_BYTES),
      // In MB: room for the headers of all streams, and for what Node keeps beside them.
      maxSessionMemory: 2 + Math.ceil((streams * headerBytes) / MIB),
      maxSessionInvalidFrames: INVALID_FRAMES,
    })
    this.server.setTimeout(limits.idleMs)
    this.listen(options)
  }

  /** Takes a connection whose TLS has agreed on HTTP/2. */
  take(socket: Duplex): void {
    // It comes at once.
    this.server.once('session', (session) => this.greet(session, socket))
    this.server.emit('connection', socket)
  }

  /** Takes no more requests on any connection: each is told so, and ends when those that it has are answered. */
  drain(): void {
    this.isDraining = true
    for (const session of this.sessions.keys()) session.close()
  }

  private listen({ handler, continues, refused }: HttpServerOptions): void {
    const { server } = this
    const withEach =
      (listener: RequestListener) => (request: Http2ServerRequest, response: Http2ServerResponse) =>
        this.begin(request, response, listener)
    const refuse = (status: number) =>
      withEach((_, response) => {
        refused?.(status)
        sendProblem(response, status)
      })
    server.on('request', withEach(handler))
    if (continues !== undefined) server.on('checkContinue', withEach(continues))
    server.on('checkExpectation', refuse(417))
    server.on('connect', refuse(405))
    // A connection that breaks is no refusal; one that we end for what it sent is.
    server.on('sessionError', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('ERR_HTTP2_') && error.code !== 'ERR_HTTP2_SESSION_ERROR') refused?.(0)
    })
  }

  private greet(session: ServerHttp2Session, socket: Duplex): void {
    const use: Use = { socket, streams: 0, idleSinceMs: this.clock.now(), hasAgreed: false, isLeft: false }
    this.sessions.set(session, use)
    this.timer ??= setInterval(() => this.look(), lookMsOf(this.limits)).unref()
    session.once('localSettings', () => {
      use.hasAgreed = true
    })
    session.on('stream', (stream) => this.hold(session, stream, use))
    session.once('close', () => {
      this.sessions.delete(session)
      if (this.sessions.size > 0) return
      clearInterval(this.timer)
      this.timer = undefined
    })
  }

  private hold(session: ServerHttp2Session, stream: ServerHttp2Stream, use: Use): void {
    use.streams++
    stream.once('close', () => {
      use.streams--
      use.idleSinceMs = this.clock.now()
      this.incoming.delete(stream)
      // It was closed before its answer was whole.
      if (stream.aborted) this.options.gone?.(stream)
    })
    if (this.isDraining) session.close()
  }

  private begin(
    http2Request: Http2ServerRequest,
    http2Response: Http2ServerResponse,
    handler: RequestListener,
  ) {
    const { stream } = http2Request
    likeHttp1(http2Request, http2Response)
    const request = http2Request as unknown as IncomingMessage
    const response = http2Response as unknown as ServerResponse
    if (!stream.endAfterHeaders) this.awaitBody(stream, http2Request, response)
    // Node looks only once the client has agreed to a limit.
    if (bytesOfHeaders(request) > this.limits.headerBytes) this.refuse(response, 431)
    else if (!hasOneHost(request)) this.refuse(response, 400, 'wanted one Host header')
    else handler(request, response)
  }

  private refuse(response: ServerResponse, status: number, message?: string): void {
    this.options.refused?.(status)
    sendProblem(response, status, message)
  }

  private awaitBody(stream: ServerHttp2Stream, request: Http2ServerRequest, response: ServerResponse): void {
    this.incoming.set(stream, { sinceMs: this.clock.now(), response })
    expectBody(request)
    stream.once('end', () => this.incoming.delete(stream))
  }

  private look(): void {
    const nowMs = this.clock.now()
    this.endSlow(nowMs)
    for (const [session, use] of this.sessions) {
      if (session.destroyed) leave(use)
      else if (use.streams === 0) this.endIdle(session, use, nowMs - use.idleSinceMs)
    }
  }

  private endIdle(session: ServerHttp2Session, { hasAgreed }: Use, idleMs: number): void {
    const { keepAliveMs, headersTimeoutMs } = this.limits
    if (!hasAgreed && idleMs >= headersTimeoutMs) {
      this.options.refused?.(0)
      session.destroy()
    } else if (idleMs >= keepAliveMs) {
      // The first time it is told, and the next time it has not listened.
      if (session.closed) session.destroy()
      else session.close()
    }
  }

  /** Requests that do not come to their end. */
  private endSlow(nowMs: number): void {
    for (const [stream, { sinceMs, response }] of this.incoming) {
      if (nowMs - sinceMs < this.limits.requestTimeoutMs) return
      this.incoming.delete(stream)
      if (response.headersSent) stream.close(constants.NGHTTP2_CANCEL)
      else {
        // Whoever does not take the answer has as long again.
        this.incoming.set(stream, { sinceMs: nowMs, response })
        this.options.refused?.(408, stream)
        sendProblem(response, 408)
      }
    }
  }
}

/** Node waits for the client to take the last words, and to end the connection. We do so from one look to the next. */
function leave(use: Use): void {
  if (use.isLeft) use.socket.destroy()
  use.isLeft = true
}
