// What stands behind the source `http`: one path, and messages that are answered when they are settled.

import type { Endpoint, Service } from '../requests/service.js'

const POST: Endpoint = { method: 'POST', isAsync: false }

/** `timeoutMs`: how long any request may wait for its answer. */
export function plainService(path: string, timeoutMs: number): Service {
  return {
    name: 'http',
    emptyStatus: 200,
    joins: false,
    endpointOf: (asked) => (asked === path ? POST : undefined),
    admit(exchange) {
      exchange.timeoutMs = timeoutMs
      return undefined
    },
    arrived: () => true,
    given() {},
    answerAccepted() {},
    settled() {},
    released() {},
    // Why, is nobody's business outside.
    detailOf: () => undefined,
    stats: () => ({}),
  }
}
