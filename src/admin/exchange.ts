// One request to the admin port, with all that a route needs to answer it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzip } from 'node:zlib'
import type { Log } from '../kernel/log.js'
import type { AdminState } from './admin-state.js'
import type { AdminView } from './admin-view.js'

export type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly isHead: boolean
  /** The topology that runs. */
  readonly view: AdminView
  readonly state: AdminState
  readonly log: Log
}

/** What is smaller is not worth it. */
const GZIP_BYTES_MIN = 1_024

/** Sends a whole body, compressed where the client takes that. */
export function send(
  { request, response, isHead }: Pick<Exchange, 'request' | 'response' | 'isHead'>,
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(text)
  const common = { 'Content-Type': contentType, Vary: 'Accept-Encoding', ...headers }
  const end = (bytes: Buffer, more: Readonly<Record<string, string>>) => {
    if (response.destroyed) return
    response.writeHead(status, { ...common, ...more, 'Content-Length': bytes.length })
    response.end(isHead ? undefined : bytes)
  }
  if (body.length < GZIP_BYTES_MIN || !takesGzip(request)) end(body, {})
  else
    gzip(body, (error, packed) => {
      if (error === null) end(packed, { 'Content-Encoding': 'gzip' })
      else end(body, {})
    })
}

export function sendJson(exchange: Exchange, status: number, value: unknown): void {
  send(exchange, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

function takesGzip({ headers }: IncomingMessage): boolean {
  const offers = String(headers['accept-encoding'] ?? '').split(',')
  return offers.some((offer) => /^\s*gzip\s*(;\s*q=(1|0\.\d*[1-9])\d*\s*)?$/.test(offer))
}
