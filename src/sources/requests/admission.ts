// Who may come in: what speaks against a request before its body is read. First who asks, then what, then whether there is room.

import type { IncomingMessage } from 'node:http'
import { authorizationIn } from '../../http/authorization.js'
import type { BearerToken } from '../../http/bearer-token.js'
import { eventTimeOf } from './message-headers.js'
import { REFUSALS, type Refusal } from './refusal.js'
import type { Endpoint } from './service.js'

/** How it stands with the source. */
export type Door = {
  readonly token: BearerToken | undefined
  readonly isDraining: boolean
  readonly isReady: boolean
  /** True where no more requests may wait. */
  readonly isFull: boolean
  /** True where only those may come in who have not waited for it. */
  readonly isCrowded: boolean
  readonly bodyBytesMax: number
  /** Bytes that may still be held. */
  readonly freeBytes: number
  /** True where a message with the id of one in flight is not taken. */
  readonly isIdTaken: (id: string) => boolean
  /** True for one that only the source may give. */
  readonly isOurs: (id: string) => boolean
}

const OWN_ID = /^[\x21-\x7e]{1,256}$/

/** Says no to whoever may ask nothing, or nothing of the kind. Undefined: it may be looked at. */
export function strangerOf(
  request: IncomingMessage,
  endpoint: Endpoint | undefined,
  { token }: Door,
): Refusal | undefined {
  if (endpoint === undefined) return REFUSALS.notFound
  if (token !== undefined && !token.accepts(authorizationIn(request))) return REFUSALS.unauthorized
  const { method } = request
  // Node leaves the body out of what is said to HEAD.
  if (method === endpoint.method || (method === 'HEAD' && endpoint.method === 'GET')) return undefined
  return endpoint.method === 'POST' ? REFUSALS.notPost : REFUSALS.notGet
}

/**
 * `declaredBytes`: the length of its body, or −1 where only its end will tell. `hasRested`: it has waited
 * while its connection was not read. Undefined: it may come in.
 */
export function refusalOf(
  { headers }: IncomingMessage,
  declaredBytes: number,
  door: Door,
  hasRested: boolean,
): Refusal | undefined {
  if (door.isDraining) return REFUSALS.draining
  if (!door.isReady) return REFUSALS.notReady
  const id = headers['x-numaflow-id']
  if (id !== undefined) {
    if (!OWN_ID.test(String(id)) || door.isOurs(String(id))) return REFUSALS.badId
    if (door.isIdTaken(String(id))) return REFUSALS.sameId
  }
  if (Number.isNaN(eventTimeOf(headers))) return REFUSALS.badEventTime
  const coding = headers['transfer-encoding']
  // Node undoes the chunks at the end of a list, and nothing else: what is left would look like the body. Other lists it refuses.
  if (coding !== undefined && /,\s*chunked$/i.test(coding)) return REFUSALS.badCoding
  if (declaredBytes > door.bodyBytesMax) return REFUSALS.tooLarge
  if (hasRested && door.isCrowded) return REFUSALS.tooMany
  return door.isFull || declaredBytes > door.freeBytes ? REFUSALS.tooMany : undefined
}

/** Without the query, and without the origin, which a request to a proxy has in front. */
export function pathOf(url: string): string {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  return path.charCodeAt(0) === SLASH ? path : path.replace(/^https?:\/\/[^/]*/i, '')
}

const SLASH = 0x2f
