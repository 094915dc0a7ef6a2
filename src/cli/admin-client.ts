// Asks the admin port of a running topology. What comes back is not trusted: it has a size, a time and a form.

import { type IncomingMessage, request as requestHttp } from 'node:http'
import { messageOf } from '../kernel/failure.js'
import { printable } from './tap-printable.js'

/** The admin port cannot be asked, or says no: one line, exit code 2. */
export class AdminError extends Error {
  /** True where nobody listens there, or whoever does said no more: a topology that has ended looks like this. */
  readonly isGone: boolean
  /** What the server answered; 0 where it did not. */
  readonly status: number

  constructor(message: string, { isGone = false, status = 0 } = {}) {
    super(message)
    this.isGone = isGone
    this.status = status
  }
}

const ANSWER_MS = 5_000
/** A stream says something every 10 s. */
const SILENCE_MS = 30_000
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
const LINE_BYTES_MAX = 16 * 1024 * 1024

export type AdminClient = {
  /** Where it asks, for messages. */
  readonly where: string
  /** Gives the JSON that is at a path. Rejects with an AdminError. */
  json(path: string, stop?: AbortSignal): Promise<unknown>
  /** Calls back with each line, until the answer ends or `stop` is aborted: then it resolves. Rejects with an AdminError. */
  lines(path: string, onLine: (line: string) => void, stop: AbortSignal): Promise<void>
}

/** Makes one. `token`: what the admin port wants, if it wants one. */
export function createAdminClient(url: URL, token: string | undefined): AdminClient {
  const where = url.href.replace(/\/$/, '')
  const asking = { url, token, where }
  return {
    where,
    json: async (path, stop) => {
      const response = await ask({ ...asking, path, stop, silenceMs: ANSWER_MS })
      return parsed(await textOf(response, where), where)
    },
    lines: async (path, onLine, stop) => {
      const response = await ask({ ...asking, path, stop, silenceMs: SILENCE_MS })
      await eachLine(response, onLine, where, stop)
    },
  }
}

type Asking = {
  url: URL
  token: string | undefined
  where: string
  path: string
  stop: AbortSignal | undefined
  /** How long the server may say nothing. */
  silenceMs: number
}

async function ask({ url, token, where, path, stop, silenceMs }: Asking): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? (await import('node:https')).request : requestHttp
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { headers, timeout: silenceMs, ...(stop && { signal: stop }) }
    const asked = request(new URL(path, url), options, resolve)
    asked.on('timeout', () =>
      asked.destroy(new AdminError(`${where}: nothing came for ${silenceMs / 1_000} s`)),
    )
    asked.once('error', (error) =>
      reject(error instanceof AdminError ? error : connectionError(error, where)),
    )
    asked.end()
  })
  if (response.statusCode === 200) return response
  throw await refusal(response, where)
}

function connectionError(error: Error & { code?: string }, where: string): AdminError {
  const { code } = error
  const isGone = code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE'
  if (code === 'ECONNREFUSED')
    return new AdminError(`${where}: nobody listens there: does it run, with --admin-port?`, { isGone })
  if (code === 'ENOTFOUND') return new AdminError(`${where}: there is no host ${new URL(where).hostname}`)
  if (code?.startsWith('HPE_') || code === 'EPROTO') return notAdmin(where)
  // A server that closes at once speaks something else, or is about to end.
  if (code === 'ECONNRESET')
    return new AdminError(`${where}: the connection was closed: ${NOT_ADMIN}`, { isGone })
  return new AdminError(`${where}: ${messageOf(error) || code}`, { isGone })
}

async function refusal(response: IncomingMessage, where: string): Promise<AdminError> {
  const status = response.statusCode ?? 0
  const text = await textOf(response, where).catch(() => '')
  const said = wordsOf(text)
  if (status === 401)
    return new AdminError(`${where}: it wants its token: give the variable that holds it, by --token-env`, {
      status,
    })
  return said === undefined ? notAdmin(where, status) : new AdminError(`${where}: ${said}`, { status })
}

const NOT_ADMIN = 'is it the port of run --admin-port?'

/** Gives the error for an answer that no admin port gives. */
export function notAdmin(where: string, status = 0): AdminError {
  return new AdminError(`${where}: it answers, but not as an admin port does: ${NOT_ADMIN}`, { status })
}

/** The message of one of our problems. */
function wordsOf(text: string): string | undefined {
  try {
    const { message, timestamp } = JSON.parse(text) as Record<string, unknown>
    const isOurs = typeof message === 'string' && typeof timestamp === 'string'
    return isOurs ? printable(message).slice(0, 500) : undefined
  } catch {
    return undefined
  }
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw notAdmin(where)
  }
}

async function textOf(response: IncomingMessage, where: string): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const some of response) {
      text += some
      if (text.length > ANSWER_BYTES_MAX) throw notAdmin(where)
    }
  } catch (error) {
    throw error instanceof AdminError
      ? error
      : new AdminError(`${where}: the answer broke off: ${messageOf(error)}`, { isGone: true })
  }
  return text
}

async function eachLine(
  response: IncomingMessage,
  onLine: (line: string) => void,
  where: string,
  stop: AbortSignal,
): Promise<void> {
  let rest = ''
  response.setEncoding('utf8')
  try {
    for await (const some of response as AsyncIterable<string>) {
      const lines = (rest + some).split('\n')
      rest = lines.pop() as string
      if (rest.length > LINE_BYTES_MAX) throw notAdmin(where)
      for (const line of lines) if (!stop.aborted) onLine(line)
    }
  } catch (error) {
    if (stop.aborted) return
    if (error instanceof AdminError) throw error
    throw new AdminError(`${where}: the connection broke off`, { isGone: true })
  }
}
