// An open source `http` without a topology, and clients: proper ones, and raw sockets that send whatever they like.

import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { createLog, type LogRecord } from '../../../../src/kernel/log.js'
import { type HttpOptions, http } from '../../../../src/sources/http.js'
import type { Answer, Source, SourceContext, SourceRecord } from '../../../../src/sources/source.js'

export type Reply = { status: number; headers: IncomingHttpHeaders; body: string }
export type OpenHttp = {
  source: Source
  port: number
  logs: LogRecord[]
  /** Reads until there is a record: gives all that the source gave at once. */
  next(): Promise<readonly SourceRecord[]>
  ack(record: SourceRecord, ...answers: Answer[]): void
  nack(record: SourceRecord, delayMs?: number): void
  /** Begins a drain. */
  drain(): void
  stat(name: string): number
  /** Answers everything with its own value until the end. */
  echo(): void
  post(body?: string | Buffer, options?: RequestOptions): Promise<Reply>
  raw(): Promise<Raw>
  end(): Promise<void>
}

const DEADLINE_MS = 10_000

/** Opens it on a free port, as one that is ready, where nothing else is said. */
export function openHttp(options: Partial<HttpOptions> = {}, more: OpenOptions = {}): Promise<OpenHttp> {
  return openSource(http({ port: 0, ...options }), more)
}

type OpenOptions = { messageBytesMax?: number; isReady?: boolean; cancel?: SourceContext['cancel'] }

/** The same for any source of requests. */
export async function openSource(
  source: Source,
  { messageBytesMax = 1_048_576, isReady = true, cancel }: OpenOptions = {},
): Promise<OpenHttp> {
  const logs: LogRecord[] = []
  const abort = new AbortController()
  const log = createLog((record) => logs.push(record), 'http', 'test')
  await source.open?.({ log, messageBytesMax, signal: abort.signal, ...(cancel && { cancel }) })
  const listens = logs.find(({ message }) => message.includes(' listens on '))
  const port = Number(/:(\d+)(?:\/|$)/.exec(listens?.message ?? '')?.[1])
  const agent = new Agent({ keepAlive: true })
  let reading: Promise<readonly SourceRecord[] | null> | undefined
  if (isReady) reading = Promise.resolve(source.read(512))
  const sockets: Raw[] = []
  const open: OpenHttp = {
    source,
    port,
    logs,
    async next() {
      while (!abort.signal.aborted) {
        reading ??= Promise.resolve(source.read(512))
        const records = (await reading) ?? []
        reading = undefined
        if (records.length > 0) return records
      }
      return []
    },
    ack: ({ offset }, ...answers) =>
      void source.ack?.([
        { partition: 0, offset: BigInt(offset ?? 0), ...(answers.length > 0 && { answers }) },
      ]),
    nack: ({ offset }, delayMs = 0) =>
      void source.nack?.([
        { partition: 0, offset: BigInt(offset ?? 0), reason: 'the secret reason', delayMs },
      ]),
    drain: () => abort.abort(),
    stat: (name) => source.stats?.()[name] ?? 0,
    echo: () => void echo(open, abort.signal),
    post: (body = '', more = {}) => send({ port, agent, path: '/', method: 'POST', ...more }, body),
    async raw() {
      const raw = new Raw(connect(port, '127.0.0.1'))
      sockets.push(raw)
      await once(raw.socket, 'connect')
      return raw
    },
    async end() {
      abort.abort()
      await source.close?.()
      for (const { socket } of sockets) socket.destroy()
      agent.destroy()
    },
  }
  return open
}

async function echo(open: OpenHttp, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const records = await open.next()
    for (const record of records) open.ack(record, { payload: Buffer.from(record.value as Uint8Array) })
  }
}

/** Sends a request and gives the whole answer. */
export function send(options: RequestOptions, body: string | Buffer = ''): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString() })
      })
    })
    sent.on('error', reject)
    // As bytes: beside a text, Node's client would write the headers as UTF-8, too.
    sent.end(Buffer.from(body))
  })
}

/** A connection that sends anything. */
export class Raw {
  readonly socket: Socket
  text = ''
  isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1').on('data', (some: string) => {
      this.text += some
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  write(text: string): this {
    this.socket.write(text, 'latin1')
    return this
  }

  /** All that came, when the pattern is in it. */
  async until(pattern: RegExp): Promise<string> {
    await until(
      () => pattern.test(this.text),
      () => `${pattern} in ${JSON.stringify(this.text)}`,
    )
    return this.text
  }

  /** All that came, when the server has closed. */
  async closed(): Promise<string> {
    await until(
      () => this.isClosed,
      () => `the end after ${JSON.stringify(this.text)}`,
    )
    return this.text
  }

  /** The statuses of the answers that came. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  }
}

/** Waits for a condition, with a deadline. */
export async function until(
  condition: () => boolean,
  what: () => string,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const untilMs = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error(`not within ${deadlineMs} ms: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A request with a body, as text. */
export function postText(body: string, headers: readonly string[] = []): string {
  const lines = ['POST / HTTP/1.1', 'Host: a', `Content-Length: ${Buffer.byteLength(body)}`, ...headers]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
