// The source of HTTP requests: one message for each POST, which is answered when the message is settled.

import type { TlsFiles } from '../http/certificate.js'
import type { HttpLimits } from '../http/http-limits.js'
import type { HttpSource } from './http/http-source.js'
import { settingsOf } from './http/settings.js'
import type { Source, SourceContext } from './source.js'

export type HttpOptions = {
  /** 0: any that is free; the log says which. */
  port: number
  /** The address to listen on. Default 127.0.0.1: this machine only. */
  host?: string
  /** The one path that takes messages. Default `/`. */
  path?: string
  /** Requests that wait for their answer; more are answered 429. Default 1,024. */
  inFlight?: number
  /** How long a request waits for its answer; then it is 504, and the message goes on. Default 30,000. */
  timeoutMs?: number
  /** Requests must carry `Authorization: Bearer <token>`; the token is in an environment variable, or in a file. */
  auth?: { tokenEnv: string } | { tokenFile: string }
  /** PEM files; with them it is HTTPS. */
  tls?: TlsFiles
  limits?: Partial<Omit<HttpLimits, 'idleMs'>> & {
    /** The largest body. Default, and at most: limits.messageBytes. */
    bodyBytes?: number
  }
}

const NOTHING: readonly [] = []

/**
 * Takes `POST <path>` as a message: its value is the body, and its answer is what a sink gave with Response.serve, or 200.
 * A message that is nacked is answered 500, and does not come again. Throws ERR_CONFIG for unusable options; opening rejects with
 * ERR_OPEN where the port or the TLS files cannot be used, and with ERR_CONFIG where there is no token.
 */
export function http(options: HttpOptions): Source {
  const settings = settingsOf(options)
  let source: HttpSource | undefined
  return {
    name: 'http',
    redelivers: false,
    check: async () => (await import('./http/check.js')).checkHttp(settings),
    async open(context: SourceContext) {
      // Every thread imports this file, and one of them listens.
      const { HttpSource } = await import('./http/http-source.js')
      source = new HttpSource(settings, context)
      await source.open()
    },
    read: (max) => source?.read(max) ?? NOTHING,
    ack: (acks) => source?.ack(acks),
    nack: (nacks) => source?.nack(nacks),
    pending: () => source?.pending ?? 0,
    stats: () => source?.stats() ?? {},
    close: () => source?.close(),
  }
}
