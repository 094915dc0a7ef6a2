// How every HTTP server of ours says no: a problem (RFC 9457) as JSON, with `message`, `code` and `timestamp` besides its own names.
// The words are ours alone: nothing of the request is in them, and what went wrong inside only where the caller gives a detail.

import { type ServerResponse, STATUS_CODES } from 'node:http'
import { wallClockMs } from '../kernel/clock.js'

/** Names and values in turn. */
export type HeaderList = readonly string[]

const NO_HEADERS: HeaderList = []

const PROBLEM_TYPE = 'application/problem+json'

/** Sends a problem, and ends the response. `message`: default, the status in words. `more`: other members, such as `detail`. */
export function sendProblem(
  response: ServerResponse,
  status: number,
  message?: string,
  headers: HeaderList = NO_HEADERS,
  more?: Readonly<Record<string, unknown>>,
): void {
  const body = problemText(status, message, more)
  const own = ['Content-Type', PROBLEM_TYPE, 'Content-Length', String(Buffer.byteLength(body))]
  response.writeHead(status, [...own, ...headers])
  response.end(body)
}

/** Gives a whole response as text, for a connection that has no response object. */
export function rawProblem(status: number): string {
  const body = problemText(status)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}`
  return `${head}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
}

function problemText(
  code: number,
  message = (STATUS_CODES[code] ?? 'Error').toLowerCase(),
  more?: Readonly<Record<string, unknown>>,
): string {
  const timestamp = new Date(wallClockMs()).toISOString()
  return `${JSON.stringify({ title: message, status: code, ...more, message, code, timestamp })}\n`
}
