// Which way a request goes: by its path, its headers, a function, by chance, or by a key that always goes the same way.

import type { IncomingHttpHeaders } from 'node:http'
import { mix } from '../../kernel/shares.js'
import type { StandardSchema } from './standard-schema.js'

/** What a route may look at. */
export type RequestView = { path: string; headers: IncomingHttpHeaders }

export type RequestRoute = {
  /** The tag that its messages have: branches of a map stage and routes to sinks choose by it. */
  tag: string
  /** What follows `/sync` or `/async`, such as `/orders`. Default: any. */
  path?: string
  /** Headers that the request must have, with these values. Names in lower case. */
  headers?: Readonly<Record<string, string>>
  /** Runs on the source's thread: it must not compute for long. One that throws is no match, and is told in the log. */
  when?: (request: RequestView) => boolean
  /** The part of those that match which goes this way: 0.05 is five of a hundred. Default 1. */
  share?: number
  /** The header by which the share is divided: the same value always goes the same way. Default: chance. */
  sticky?: string
  /** The class of its requests; what the class header says counts for more. */
  class?: string
  /** What a body must be: JSON that this schema takes. */
  schema?: StandardSchema
}

/** Gives the first route that a request takes. `chance`: a number in [0, 1). */
export function routeFor(
  routes: readonly RequestRoute[],
  request: RequestView,
  chance: () => number,
  failed: (route: RequestRoute, error: unknown) => void,
): RequestRoute | undefined {
  for (const route of routes)
    if (matches(route, request, failed) && isInShare(route, request, chance)) return route
  return undefined
}

function matches(
  route: RequestRoute,
  request: RequestView,
  failed: (route: RequestRoute, error: unknown) => void,
): boolean {
  const { path, headers, when } = route
  if (path !== undefined && path !== request.path) return false
  for (const name in headers) if (request.headers[name] !== headers[name]) return false
  if (when === undefined) return true
  try {
    return when(request) === true
  } catch (error) {
    failed(route, error)
    return false
  }
}

function isInShare(
  { tag, share = 1, sticky }: RequestRoute,
  { headers }: RequestView,
  chance: () => number,
): boolean {
  if (share >= 1) return true
  const key = sticky === undefined ? undefined : headers[sticky]
  return (key === undefined ? chance() : fractionOf(tag, String(key))) < share
}

/**
 * The same number in [0, 1) for the same key, everywhere: FNV-1a, then mixed. Not that of lanes, nor that of another tag: these
 * divisions are independent, so that a share of what the route before has left is that share.
 */
function fractionOf(tag: string, value: string): number {
  const key = `${tag}\n${value}`
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (mix(hash) >>> 0) / 2 ** 32
}
