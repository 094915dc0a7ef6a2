// Makes request and response of HTTP/2 such as handlers know them from HTTP/1: Node's own compatible objects are nearly so. The
// request has no names that begin with a colon, and a Host; the response leaves out what is said of a connection.

import { type Http2ServerRequest, Http2ServerResponse, type IncomingHttpHeaders } from 'node:http2'

/** Of a connection of HTTP/1. HTTP/2 forbids them, and Node would warn. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'http2-settings',
])
const AUTHORITY = ':authority'
/** What Node's response does itself. */
const NODES = Http2ServerResponse.prototype

/** Changes both; before anybody has seen them. */
export function likeHttp1(request: Http2ServerRequest, response: Http2ServerResponse): void {
  const authority = request.headers[AUTHORITY]
  const rawHeaders = plainList(request.rawHeaders, authority)
  Object.defineProperties(request, {
    headers: { value: plainHeaders(request.headers, authority) },
    rawHeaders: { value: rawHeaders },
    headersDistinct: { get: () => distinct(rawHeaders) },
  })
  response.setHeader = setHeader
  response.writeHead = writeHead as typeof response.writeHead
}

function plainHeaders(headers: IncomingHttpHeaders, authority: string | undefined): IncomingHttpHeaders {
  const plain: IncomingHttpHeaders = Object.create(null)
  for (const name in headers) if (name[0] !== ':') plain[name] = headers[name]
  if (authority !== undefined) plain.host ??= authority
  return plain
}

/** Where the authority and a Host differ there are two hosts: nobody can say which one counts. */
function plainList(list: readonly string[], authority: string | undefined): string[] {
  const plain: string[] = []
  let hasSame = authority === undefined
  for (let i = 0; i < list.length; i += 2) {
    const [name, value] = [list[i], list[i + 1]]
    if (name[0] === ':') continue
    plain.push(name, value)
    hasSame ||= name === 'host' && value === authority
  }
  if (!hasSame) plain.push('host', authority as string)
  return plain
}

function distinct(list: readonly string[]): NodeJS.Dict<string[]> {
  const byName: NodeJS.Dict<string[]> = Object.create(null)
  for (let i = 0; i < list.length; i += 2) {
    byName[list[i]] ??= []
    byName[list[i]]?.push(list[i + 1])
  }
  return byName
}

function setHeader(
  this: Http2ServerResponse,
  name: string,
  value: number | string | readonly string[],
): void {
  if (!isOfConnection(name)) NODES.setHeader.call(this, name, value)
}

/** The words of a status, where they are given, have no place in HTTP/2. */
function writeHead(this: Http2ServerResponse, status: number, ...rest: unknown[]): Http2ServerResponse {
  const headers = rest.find((each) => typeof each === 'object') as object | undefined
  const own = Array.isArray(headers)
    ? headers.filter((_, at) => !isOfConnection(headers[at - (at % 2)]))
    : Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !isOfConnection(name)))
  return (NODES.writeHead as (status: number, headers: object) => Http2ServerResponse).call(this, status, own)
}

function isOfConnection(name: unknown): boolean {
  return OF_CONNECTION.has(String(name).toLowerCase())
}
