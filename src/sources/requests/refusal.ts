// Why a request is refused before it is a message. The words are fixed: nothing of the request is in them.

import type { HeaderList } from '../../http/problem.js'

export type Refusal = {
  status: number
  message: string
  headers: HeaderList
  /** What may be said besides the fixed words. */
  detail?: string | undefined
  /** Other members of the problem. */
  more?: Readonly<Record<string, unknown>>
}

/** For what goes away by itself. */
const SOON: HeaderList = ['Retry-After', '1']

/** Makes one. */
export const refusal = (status: number, message: string, headers: HeaderList = []): Refusal => ({
  status,
  message,
  headers,
})

export const REFUSALS = {
  badId: refusal(400, 'X-Numaflow-Id: wanted 1 to 256 visible ASCII characters'),
  badEventTime: refusal(400, 'X-Numaflow-Event-Time: wanted milliseconds since 1970'),
  unauthorized: refusal(401, 'wanted Authorization: Bearer with the token', ['WWW-Authenticate', 'Bearer']),
  notFound: refusal(404, 'not found'),
  notPost: refusal(405, 'wanted POST', ['Allow', 'POST']),
  notGet: refusal(405, 'wanted GET or HEAD', ['Allow', 'GET, HEAD']),
  sameId: refusal(409, 'a message with this id is in flight'),
  tooLarge: refusal(413, 'the body is too large'),
  tooMany: refusal(429, 'too many requests wait for their answer', SOON),
  failed: refusal(500, 'the message was not processed'),
  badCoding: refusal(501, 'wanted no transfer coding but chunked'),
  notReady: refusal(503, 'not ready yet', SOON),
  draining: refusal(503, 'no new messages are taken', SOON),
  notTaken: refusal(503, 'the message was not taken in time', SOON),
  stopped: refusal(503, 'stopped before the message was settled'),
  late: refusal(504, 'the answer did not come in time'),
}
