// The answer to a request whose message was acked: what sinks gave with Response.serve, or 200 without content.

import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http'
import type { HeaderValue } from '../../kernel/codec.js'
import type { Answer } from '../source.js'

/** A text of one byte a character goes out with the headers in one write; larger payloads are not worth the copy. */
const ONE_WRITE_MAX = 8_192
const DEFAULT_TYPE = 'application/octet-stream'
const STATUS_MIN = 200
const STATUS_MAX = 599
/** These have no body: with one, the next answer would begin in the middle of it. */
const WITHOUT_BODY = new Set([204, 205, 304])
/** Of the connection, or ours to say. */
const NOT_THE_SINKS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'trailer',
  'upgrade',
  'x-numaflow-id',
])

/**
 * Sends the answer of an acked message. Throws TypeError where a sink gave a status or a header that cannot be sent: then nothing
 * was sent.
 */
export function sendAnswer(
  response: ServerResponse,
  id: string,
  answers: readonly Answer[] | undefined,
  emptyStatus: 200 | 204,
  isLast: boolean,
): void {
  if (answers === undefined) {
    const headers = ['X-Numaflow-Id', id]
    if (emptyStatus === 200) headers.push('Content-Length', '0')
    if (isLast) headers.push('Connection', 'close')
    response.writeHead(emptyStatus, headers).end()
    return
  }
  const [first] = answers
  const payload = answers.length === 1 ? first.payload : Buffer.concat(answers.map((each) => each.payload))
  const status =
    answers.length === 1 ? first.status : answers.find((each) => each.status !== undefined)?.status
  checkStatus(status)
  const headers = headersOf(answers, status, payload.length)
  headers.push('X-Numaflow-Id', id)
  if (isLast) headers.push('Connection', 'close')
  response.writeHead(status ?? 200, headers)
  if (WITHOUT_BODY.has(status ?? 200)) response.end()
  else if (payload.length <= ONE_WRITE_MAX) response.end(payload.toString('latin1'), 'latin1')
  else response.end(payload)
}

function headersOf(answers: readonly Answer[], status: number | undefined, bytes: number): string[] {
  const list = WITHOUT_BODY.has(status ?? 200) ? [] : ['Content-Length', String(bytes)]
  let hasType = false
  const given = new Set<string>()
  for (const { headers } of answers) {
    if (headers === undefined) continue
    for (const [name, value] of Object.entries(headers)) {
      const lower = name.toLowerCase()
      // The first answer that says something of a kind says it for all.
      if (NOT_THE_SINKS.has(lower) || given.has(lower)) continue
      given.add(lower)
      if (lower === 'content-type') hasType = true
      const text = textOf(value)
      // Here, and not when half of the answer is made.
      validateHeaderName(name)
      validateHeaderValue(name, text)
      list.push(name, text)
    }
  }
  if (!hasType && bytes > 0 && !WITHOUT_BODY.has(status ?? 200)) list.push('Content-Type', DEFAULT_TYPE)
  if (answers.length > 1) {
    const lengths = answers.map(({ payload }) => payload.length).join(',')
    list.push('Numaflow-Array-Len', String(answers.length), 'Numaflow-Array-Index-Len', lengths)
  }
  return list
}

function checkStatus(status: number | undefined): void {
  if (status === undefined || (status >= STATUS_MIN && status <= STATUS_MAX)) return
  throw new TypeError(`the status of an answer is from ${STATUS_MIN} to ${STATUS_MAX}, not ${status}`)
}

/** Node takes the bytes of a header as Latin-1: so text of UTF-8 arrives as such. */
function textOf(value: HeaderValue): string {
  // Its types take a text or bytes, and not what may be either.
  return Buffer.from(value as string).toString('latin1')
}
