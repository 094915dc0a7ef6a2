// An HTTP or HTTPS server with limits on everything that comes from outside, and a close that ends. What the sources and the
// admin port have in common; it knows nothing of messages. Loaded when a server is opened, and not before; HTTP/2 only with TLS.

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { within } from '../kernel/deadline.js'
import type { Carrier } from './carrier.js'
import { HTTP_LIMITS, type HttpLimits, lookMsOf } from './http-limits.js'
import type { Http2Sessions } from './http2-sessions.js'
import { addressText, listenError } from './listen-error.js'
import { hasOneHost } from './one-host.js'
import { rawProblem, sendProblem } from './problem.js'
import type { TlsSettings } from './secure-server.js'

export type HttpServerOptions = {
  /** For errors: whose server it is. */
  name: string
  handler: RequestListener
  /** Gets requests that wait for `100 Continue`; without it they are continued, and go to `handler`. */
  continues?: RequestListener
  /** With them it is HTTPS, and HTTP/2 for clients that want it; the log hears of a certificate that ends. */
  tls?: TlsSettings | undefined
  limits?: Partial<HttpLimits>
  /**
   * A request was refused by the server itself: with this status, or 0 where nothing could be said. With a carrier where that may
   * have been in the middle of a body: whoever waits for the rest of it has its answer.
   */
  refused?(status: number, carrier?: Carrier): void
  /** A carrier of requests is closed: whoever has no answer to one of them will have none. */
  gone?(carrier: Carrier): void
}

/** `reusePort`: others of this process listen there, too, and each is given a part of the connections. */
export type Address = { port: number; host: string; reusePort?: boolean }

/** Of the errors that Node's parser and its time-outs give; all others of the parser are 400. */
const STATUS_BY_CODE: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}
const PARSER_ERROR = 'HPE_'
/** The connection has ended, and the request on it has not. */
const CUT_SHORT = 'HPE_INVALID_EOF_STATE'
/** How long whoever sends a request on an open connection just now is still told that it closes. */
const LINGER_MS = 250
/** The client has no certificate, where it must have one. */
const NO_CERTIFICATE = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'
/** The newest response of a connection. */
const NEWEST = Symbol('newest response')
type Connection = Socket & { [NEWEST]?: ServerResponse; authorizationError?: unknown }

/** Makes a server that does not listen yet. Throws ERR_OPEN where the TLS files cannot be used. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...HTTP_LIMITS, ...options.limits }
  const settings = settingsOf(limits)
  const { name, tls } = options
  if (tls === undefined) return new HttpServer(createServer(settings), options, limits)
  const [{ createSecureServer }, { Http2Sessions }] = await Promise.all([
    import('./secure-server.js'),
    import('./http2-sessions.js'),
  ])
  const http2 = new Http2Sessions(options, limits)
  const server = createSecureServer(
    name,
    tls,
    { ...settings, handshakeTimeout: limits.headersTimeoutMs },
    http2,
  )
  return new HttpServer(server, options, limits, http2)
}

export class HttpServer {
  /** True once it closes: whoever answers then should send `Connection: close`. */
  isClosing = false
  /** Connections that were closed as they came, because there were too many. */
  dropped = 0
  /** Connections that were refused because their client had no certificate, or one of somebody else. */
  uncertified = 0
  private readonly server: Server
  private readonly http2: Http2Sessions | undefined
  /** All of them: Node does not count those whose TLS has not begun. */
  private readonly sockets = new Set<Socket>()
  private readonly options: HttpServerOptions

  constructor(server: Server, options: HttpServerOptions, limits: HttpLimits, http2?: Http2Sessions) {
    this.server = server
    this.options = options
    this.http2 = http2
    server.maxConnections = limits.connections
    server.timeout = limits.idleMs
    // Their bytes are limited. A limit on their number would leave some out, and say nothing.
    server.maxHeadersCount = 0
    server.on('request', (request, response) => this.take(request, response, options.handler))
    const { continues } = options
    if (continues !== undefined)
      server.on('checkContinue', (request, response) => this.take(request, response, continues))
    // Node would answer both without our words, or not at all.
    server.on('checkExpectation', (request, response) =>
      this.take(request, response, () => {
        options.refused?.(417)
        sendProblem(response, 417, undefined, ['Connection', 'close'])
      }),
    )
    server.on('connect', (_, connection) => {
      options.refused?.(405)
      connection.end(rawProblem(405))
    })
    server.on('clientError', (error, connection) => this.refuse(error, connection as Connection))
    server.on('drop', () => this.dropped++)
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
    this.onConnection((socket) => {
      // Of HTTP/2 each stream is a carrier of its own.
      if ((socket as TLSSocket).alpnProtocol !== 'h2') socket.once('close', () => options.gone?.(socket))
    })
  }

  /** Listens; resolves with the port, which is another one where port 0 was asked for. Rejects with ERR_OPEN and one clear line. */
  async listen(address: Address): Promise<number> {
    const { server } = this
    await new Promise<void>((resolve, reject) => {
      const failed = (error: Error) => reject(listenError(this.options.name, address, error))
      server.once('error', failed)
      server.listen(address, () => {
        server.off('error', failed)
        // An accept that fails, for want of descriptors, is no reason to end: those who are connected go on.
        server.on('error', () => this.options.refused?.(0))
        resolve()
      })
    })
    return (server.address() as AddressInfo).port
  }

  /** Where it listens, as a URL without a path. */
  get url(): string {
    const { port, address } = this.server.address() as AddressInfo
    return `${this.options.tls === undefined ? 'http' : 'https'}://${addressText({ port, host: address })}`
  }

  /** Has every answer say that it is the last one of its connection, and every connection of HTTP/2 take no more requests. */
  drain(): void {
    this.isClosing = true
    this.http2?.drain()
  }

  /** Calls back for every connection, once its TLS has come about. */
  onConnection(listener: (socket: Socket) => void): void {
    this.server.on(this.options.tls === undefined ? 'connection' : 'secureConnection', listener)
  }

  /** Listens no more, ends connections without a request, and after `graceMs` all others. Resolves when all have ended. */
  async close({ graceMs }: { graceMs: number }): Promise<void> {
    this.drain()
    const { server } = this
    if (!server.listening) return
    // Not the server's own close: that resets connections that are idle, also where a request is on its way on one of them.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
    await within(Math.min(LINGER_MS, graceMs / 2), closed, () => {})
    server.close()
    await within(graceMs, closed, () => {
      for (const socket of this.sockets) socket.destroy()
      return closed
    })
  }

  private take(request: IncomingMessage, response: ServerResponse, handler: RequestListener): void {
    ;(request.socket as Connection)[NEWEST] = response
    if (!hasOneHost(request)) {
      this.options.refused?.(400)
      sendProblem(response, 400, 'wanted one Host header', ['Connection', 'close'])
      return
    }
    if (this.isClosing) response.setHeader('Connection', 'close')
    handler(request, response)
  }

  /** What came is no request, or came too slowly. It is said where that cannot be taken for the answer to an earlier request. */
  private refuse(error: NodeJS.ErrnoException, connection: Connection): void {
    const { code = '' } = error
    if (code === NO_CERTIFICATE || connection.authorizationError) this.uncertified++
    if (isGone(error, connection)) {
      connection.destroy()
      return
    }
    const status = STATUS_BY_CODE[code] ?? (code.startsWith(PARSER_ERROR) ? 400 : 0)
    // Anything else is no HTTP: it was reset before it asked for anything, or its TLS did not come about.
    if (status === 0 || !connection.writable || !awaitsNothing(connection)) {
      this.options.refused?.(0, connection)
      connection.destroy()
      return
    }
    this.options.refused?.(status, connection)
    connection.end(rawProblem(status), () => connection.destroy())
  }
}

/** Tells whether a client went away whose request a handler has: that is no request of its own, and not the server's to count. */
function isGone({ code, syscall }: NodeJS.ErrnoException, connection: Connection): boolean {
  const newest = connection[NEWEST]
  if (newest === undefined) return false
  return syscall !== undefined || (code === CUT_SHORT && !newest.req.complete)
}

/** Tells whether what is written now is about the request that comes now. */
function awaitsNothing(connection: Connection): boolean {
  const newest = connection[NEWEST]
  if (newest === undefined) return true
  // A response that is not its connection's turn has none.
  return newest.req.complete ? newest.writableFinished : newest.socket !== null && !newest.headersSent
}

function settingsOf(limits: HttpLimits): ServerOptions {
  const { headerBytes, headersTimeoutMs, requestTimeoutMs, keepAliveMs } = limits
  return {
    maxHeaderSize: headerBytes,
    // We look ourselves: Node does not look for two, and nobody hears of its answer.
    requireHostHeader: false,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    // Node looks at them this often; its default of 30 s is no limit.
    connectionsCheckingInterval: lookMsOf(limits),
  }
}
