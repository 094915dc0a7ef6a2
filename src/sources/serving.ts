// The source of requests that want an answer: each POST becomes a message, and what a sink answers goes back to the client.

import type { ResultStore } from '../results/result-store.js'
import { type RequestOptions, threadsOf } from './requests/settings.js'
import type { ClassOptions } from './serving/class-options.js'
import type { RequestRoute } from './serving/request-route.js'
import type { ServingSource } from './serving/serving-source.js'
import { servingSettingsOf } from './serving/settings.js'
import type { StandardSchema } from './serving/standard-schema.js'
import type { Source, SourceContext } from './source.js'

export type ServingOptions = RequestOptions & {
  /** What a request with the id of one in flight gets: 409, or the same answer as that one. Default `reject`. */
  duplicates?: 'reject' | 'join'
  /** Whether a request with the id of one that is done gets its answer, as long as that is kept. Default true. */
  dedupe?: boolean
  /**
   * Where results are kept, and what was accepted. Default: in memory, see memoryResults. false: nowhere; then there is `/sync`
   * alone, and it may run on several `threads`.
   */
  results?: ResultStore | false
  /** How many requests may be in work at once: between these bounds it follows the latency. false: no more than `inFlight`. */
  concurrency?: { min?: number; max?: number } | false
  /** Classes of requests, each with its share; the first is that of requests which name none. Their names are tags of the messages. */
  classes?: Readonly<Record<string, ClassOptions>>
  /** The header that names a request's class. */
  classHeader?: string
  /** The first that a request matches sets its tag. */
  routes?: readonly RequestRoute[]
  /** What a body must be: JSON that this schema takes. For requests of routes that have none of their own. */
  schema?: StandardSchema
  /** What `/openapi.json` says of itself. */
  openapi?: { title?: string; version?: string; description?: string }
}

const NOTHING: readonly [] = []

/**
 * Takes `POST <path>/sync` and `<path>/async` as messages (`path`: default `/v1/process`), and answers `GET <path>/fetch`, `/sse`
 * and `/status` with what is known of an id, and `GET /openapi.json`. A message that nobody answers is 204, one that is nacked
 * 500. Throws ERR_CONFIG for unusable options; opening rejects as that of `http` does, and where the results cannot be opened.
 */
export function serving(options: ServingOptions): Source {
  const settings = servingSettingsOf(options)
  let source: ServingSource | undefined
  let release: (() => void) | undefined
  return {
    name: 'serving',
    redelivers: false,
    cancels: true,
    ...threadsOf(settings),
    async check() {
      const { checkHttp } = await import('./requests/check.js')
      await checkHttp('serving', settings)
      await settings.results?.check?.()
    },
    async open(context: SourceContext) {
      // Every thread imports this file, and few of them listen.
      const { ServingSource } = await import('./serving/serving-source.js')
      const { openForOne } = await import('./requests/open-for-one.js')
      release = await openForOne('serving', settings, async () => {
        source = new ServingSource(settings, context)
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
