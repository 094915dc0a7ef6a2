// What a record gets of a request's headers. What belongs to the connection, and what is secret, it does not get.

import { isUtf8 } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import type { SourceRecord } from '../source.js'

const LEFT_OUT = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-numaflow-id',
  'x-numaflow-keys',
  'x-numaflow-event-time',
  'traceparent',
  'tracestate',
])
/** Ours: nobody outside says why a message was given up. */
const OUR_PREFIX = 'millrace-'
const QUERY_HEADER = 'millrace-query'
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/
const TRACESTATE_MAX = 512
const TRACEPARENT_MAX = 256

/** Sets keys, trace and headers of a record. `query`: what follows the path's question mark, or nothing. */
export function setHeaders(record: SourceRecord, headers: IncomingHttpHeaders, query: string): void {
  let own: Record<string, string> | undefined
  const hops = hopsOf(headers.connection)
  for (const name in headers) {
    if (LEFT_OUT.has(name) || name.startsWith(OUR_PREFIX) || hops?.includes(name)) continue
    own ??= {}
    own[name] = textOf(headers[name])
  }
  if (query !== '') {
    own ??= {}
    own[QUERY_HEADER] = query
  }
  record.headers = own
  const keys = headers['x-numaflow-keys']
  if (keys !== undefined) record.keys = keysOf(textOf(keys))
  const { traceparent } = headers
  if (traceparent !== undefined) record.trace = traceOf(textOf(traceparent), headers.tracestate)
}

/** Gives the headers that were meant for the next hop only, which is us; usually nothing is said of any. */
function hopsOf(connection: string | undefined): readonly string[] | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined
  return connection
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
}

/** Gives ms since 1970, undefined where there is no header, NaN where it is none. */
export function eventTimeOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['x-numaflow-event-time']
  if (text === undefined) return undefined
  return /^\d{1,15}$/.test(String(text)) ? Number(text) : Number.NaN
}

function keysOf(text: string): readonly string[] | undefined {
  const keys = text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
  return keys.length === 0 ? undefined : keys
}

function traceOf(parent: string, state: string | string[] | undefined): string | undefined {
  // What is no trace context is not passed on: whoever reads it may trust its form.
  if (parent.length > TRACEPARENT_MAX || !TRACEPARENT.test(parent)) return undefined
  const text = state === undefined ? '' : textOf(state)
  return text === '' || text.length > TRACESTATE_MAX ? parent : `${parent}\n${text}`
}

/** Node gives the bytes of a header as Latin-1; most who send others than ASCII mean UTF-8. */
function textOf(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join(', ') : (value ?? '')
  if (!/[\x80-\xff]/.test(text)) return text
  const bytes = Buffer.from(text, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : text
}
