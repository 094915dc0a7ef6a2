// What an HTTP server of ours takes at most, from anybody, token or not.

export type HttpLimits = {
  /** Request line and headers of one request. */
  headerBytes: number
  /** Connections at once; more are closed as they come. */
  connections: number
  /** Requests at once on one connection of HTTP/2. */
  streams: number
  /** How long the headers of a request may take to come. */
  headersTimeoutMs: number
  /** How long a whole request may take to come. */
  requestTimeoutMs: number
  /** How long a connection without a request stays open. */
  keepAliveMs: number
  /** How long a connection may neither read nor write: longer than any answer takes. */
  idleMs: number
}

const LOOK_MS_MIN = 50
const LOOK_MS_MAX = 1_000

export const HTTP_LIMITS: HttpLimits = {
  headerBytes: 16_384,
  connections: 10_000,
  streams: 128,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 65_000,
  idleMs: 120_000,
}

/** How often somebody looks who takes too long. */
export function lookMsOf({ headersTimeoutMs, requestTimeoutMs }: HttpLimits): number {
  return Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, Math.min(headersTimeoutMs, requestTimeoutMs) / 4))
}
