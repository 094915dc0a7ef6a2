// A server with TLS and clients of it: of HTTP/2, and of HTTP/1. Certificates are made once for a test file.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { Carrier } from '../../../src/http/carrier.js'
import type { HttpLimits } from '../../../src/http/http-limits.js'
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../src/http/http-server.js'
import { createLog, type LogRecord } from '../../../src/kernel/log.js'
import { makeCertificate, makeClientCertificate } from '../../support/certificate.js'

const DEADLINE_MS = 10_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-secure-'))
const filesOf = (name: string) => ({
  certFile: join(folder, `${name}.pem`),
  keyFile: join(folder, `${name}.key`),
})

export const FILES = {
  server: filesOf('server'),
  ca: filesOf('ca'),
  otherCa: filesOf('other-ca'),
  client: filesOf('client'),
  stranger: filesOf('stranger'),
}
export const hasOpenssl =
  makeCertificate(FILES.server) &&
  makeCertificate(FILES.ca) &&
  makeCertificate(FILES.otherCa) &&
  makeClientCertificate(FILES.client, FILES.ca, 'worker-7') &&
  makeClientCertificate(FILES.stranger, FILES.otherCa, 'stranger')

export const removeFiles = () => rmSync(folder, { recursive: true })
export const pemOf = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
})

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string; code: number }
export type Open = {
  server: HttpServer
  port: number
  refused: number[]
  gone: Carrier[]
  logs: LogRecord[]
  /** A session of HTTP/2; errors of it are kept. */
  session(options?: object): Client
  end(): Promise<void>
}

/** Opens one on a free port. */
export async function openSecure(
  handler: RequestListener,
  limits: Partial<HttpLimits> = {},
  more: Partial<HttpServerOptions> & { clientCaFile?: string } = {},
): Promise<Open> {
  const logs: LogRecord[] = []
  const refused: number[] = []
  const gone: Carrier[] = []
  const { clientCaFile, ...options } = more
  const server = await createHttpServer({
    name: 'test',
    handler,
    limits,
    refused: (status) => refused.push(status),
    gone: (carrier) => gone.push(carrier),
    tls: {
      files: { ...FILES.server, clientCaFile },
      log: createLog((record) => logs.push(record), 'http', 'test'),
    },
    ...options,
  })
  const port = await server.listen({ port: 0, host: '127.0.0.1' })
  const clients: Client[] = []
  return {
    server,
    port,
    refused,
    gone,
    logs,
    session(given) {
      const client = new Client(port, given)
      clients.push(client)
      return client
    },
    async end() {
      for (const { session } of clients) session.destroy()
      await server.close({ graceMs: 0 })
    },
  }
}

export class Client {
  readonly session: ClientHttp2Session
  readonly errors: string[] = []
  goawayCode: number | undefined

  constructor(port: number, options: object = {}) {
    const ca = readFileSync(FILES.server.certFile)
    this.session = connect(`https://127.0.0.1:${port}`, { ca, ...options })
    this.session.on('error', (error: NodeJS.ErrnoException) => this.errors.push(error.code ?? error.message))
    this.session.on('goaway', (code) => {
      this.goawayCode = code
    })
  }

  /** A stream whose errors end no test. */
  request(headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = this.session.request({ ':path': '/', ...headers })
    return stream.on('error', () => {})
  }

  /** Sends a request and gives the whole answer, when its stream is closed; status 0 where there was none. */
  send(headers: OutgoingHttpHeaders = {}, body?: string | Buffer): Promise<Reply> {
    const method = body === undefined ? 'GET' : 'POST'
    const stream = this.request({ ':method': method, ...headers })
    if (body !== undefined) stream.end(body)
    return replyOf(stream)
  }
}

export function replyOf(stream: ClientHttp2Stream): Promise<Reply> {
  return new Promise((resolve) => {
    const reply: Reply = { status: 0, headers: {}, body: '', code: 0 }
    const chunks: Buffer[] = []
    stream.on('response', (headers) => {
      reply.headers = headers
      reply.status = Number(headers[constants.HTTP2_HEADER_STATUS])
    })
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('close', () =>
      resolve({ ...reply, body: Buffer.concat(chunks).toString(), code: stream.rstCode ?? 0 }),
    )
  })
}

/** A bare connection with TLS. */
export function tlsTo(port: number, options: object = {}): TLSSocket {
  const ca = readFileSync(FILES.server.certFile)
  return tlsConnect({ port, host: '127.0.0.1', ca, ...options }).on('error', () => {})
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const untilMs = performance.now() + DEADLINE_MS
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
