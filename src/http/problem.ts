// How every HTTP server of ours says no: `{ "message", "code", "timestamp" }` as JSON. The words are ours alone: nothing of the
// request, and nothing of what went wrong inside, is in them.

import { type ServerResponse, STATUS_CODES } from 'node:http'
import { wallClockMs } from '../kernel/clock.js'

/** Names and values in turn. */
export type HeaderList = readonly string[]

const NO_HEADERS: HeaderList = []

/** Sends a problem, and ends the response. `message`: default, the status in words. */
export function sendProblem(
  response: ServerResponse,
  status: number,
  message?: string,
  headers: HeaderList = NO_HEADERS,
): void {
  const body = problemText(status, message)
  const own = ['Content-Type', 'application/json', 'Content-Length', String(body.length)]
  response.writeHead(status, [...own, ...headers])
  response.end(body, 'latin1')
}

/** Gives a whole response as text, for a connection that has no response object. */
export function rawProblem(status: number): string {
  const body = problemText(status)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json`
  return `${head}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
}

/** The words are ASCII, so that a character is a byte. */
function problemText(code: number, message = (STATUS_CODES[code] ?? 'Error').toLowerCase()): string {
  return `${JSON.stringify({ message, code, timestamp: new Date(wallClockMs()).toISOString() })}\n`
}
