// The source of HTTP requests: one message for each POST, which is answered when the message is settled.

import { checkNames } from '../kernel/options.js'
import type { RequestSource } from './requests/request-source.js'
import { REQUEST_OPTIONS, type RequestOptions, settingsOf, threadsOf } from './requests/settings.js'
import type { Source, SourceContext } from './source.js'

export type HttpOptions = RequestOptions

const EXAMPLE = '{ port: 8080 }'
const NOTHING: readonly [] = []

/**
 * Takes `POST <path>` (default `/`) as a message: its value is the body, and its answer is what a sink gave with Response.serve,
 * or 200.
 * A message that is nacked is answered 500, and does not come again. Throws ERR_CONFIG for unusable options; opening rejects with
 * ERR_OPEN where the port or the TLS files cannot be used, and with ERR_CONFIG where there is no token.
 */
export function http(options: HttpOptions): Source {
  checkNames('http', options, REQUEST_OPTIONS, EXAMPLE)
  const settings = settingsOf('http', options, EXAMPLE)
  let source: RequestSource | undefined
  let release: (() => void) | undefined
  return {
    name: 'http',
    redelivers: false,
    ...threadsOf(settings),
    check: async () => (await import('./requests/check.js')).checkHttp('http', settings),
    async open(context: SourceContext) {
      // Every thread imports this file, and few of them listen.
      const { RequestSource } = await import('./requests/request-source.js')
      const { openForOne } = await import('./requests/open-for-one.js')
      const { partFor } = await import('./requests/part-for.js')
      const { plainService } = await import('./http/plain.js')
      release = await openForOne('http', settings, async () => {
        const service = plainService(settings.path, settings.timeoutMs)
        source = new RequestSource(partFor(settings, context.thread), context, service)
        await source.open()
      })
    },
    read: (max) => source?.read(max) ?? NOTHING,
    ack: (acks) => source?.ack(acks),
    nack: (nacks) => source?.nack(nacks),
    pending: () => source?.pending ?? 0,
    stats: () => source?.stats() ?? {},
    async close() {
      await source?.close()
      release?.()
    },
  }
}
