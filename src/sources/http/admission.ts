// Who may come in: what speaks against a request before its body is read. First who asks, then what, then whether there is room.

import type { IncomingMessage } from 'node:http'
import { authorizationIn } from '../../http/authorization.js'
import type { BearerToken } from '../../http/bearer-token.js'
import { eventTimeOf } from './message-headers.js'
import { REFUSALS, type Refusal } from './refusal.js'

/** How it stands with the source. */
export type Door = {
  readonly path: string
  readonly token: BearerToken | undefined
  readonly isDraining: boolean
  readonly isReady: boolean
  /** True where no more requests may wait. */
  readonly isFull: boolean
  readonly bodyBytesMax: number
  /** Bytes that may still be held. */
  readonly freeBytes: number
  /** True for the id of a message in flight. */
  hasId(id: string): boolean
  /** True for one that only the source may give. */
  isOurs(id: string): boolean
}

const OWN_ID = /^[\x21-\x7e]{1,256}$/

/** `declaredBytes`: the length of its body, or −1 where only its end will tell. Undefined: it may come in. */
export function refusalOf(request: IncomingMessage, declaredBytes: number, door: Door): Refusal | undefined {
  const { headers, url = '', method } = request
  if (url !== door.path && pathOf(url) !== door.path) return REFUSALS.notFound
  if (door.token !== undefined && !door.token.accepts(authorizationIn(request))) return REFUSALS.unauthorized
  if (method !== 'POST') return REFUSALS.notPost
  if (door.isDraining) return REFUSALS.draining
  if (!door.isReady) return REFUSALS.notReady
  const id = headers['x-numaflow-id']
  if (id !== undefined) {
    if (!OWN_ID.test(String(id)) || door.isOurs(String(id))) return REFUSALS.badId
    if (door.hasId(String(id))) return REFUSALS.sameId
  }
  if (Number.isNaN(eventTimeOf(headers))) return REFUSALS.badEventTime
  if (declaredBytes > door.bodyBytesMax) return REFUSALS.tooLarge
  return door.isFull || declaredBytes > door.freeBytes ? REFUSALS.tooMany : undefined
}

/** Without the query, and without the origin, which a request to a proxy has in front. */
function pathOf(url: string): string {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  return path.replace(/^https?:\/\/[^/]*/i, '')
}
