// What an HTTP server of ours takes at most, from anybody, token or not.

export type HttpLimits = {
  /** Request line and headers of one request. */
  headerBytes: number
  /** Connections at once; more are closed as they come. */
  connections: number
  /** How long the headers of a request may take to come. */
  headersTimeoutMs: number
  /** How long a whole request may take to come. */
  requestTimeoutMs: number
  /** How long a connection without a request stays open. */
  keepAliveMs: number
  /** How long a connection may neither read nor write: longer than any answer takes. */
  idleMs: number
}

export const HTTP_LIMITS: HttpLimits = {
  headerBytes: 16_384,
  connections: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 65_000,
  idleMs: 120_000,
}
