// The table of what the admin port answers. Each route's file is loaded when it is first asked for.

import type { Exchange } from './exchange.js'

export type Answer = (exchange: Exchange) => void | Promise<void>

export type Route = {
  /** Loads the function that answers. It may answer later, and in parts; then it ends when `state.ended` is aborted. */
  load(): Promise<Answer>
}

/** By path, for GET and HEAD, once the topology runs and the token is right. The probes are not here: they answer always. */
export const ROUTES: Readonly<Record<string, Route>> = {
  '/': { load: async () => (await import('./page/page-route.js')).answerPage },
  '/events': { load: async () => (await import('./events-route.js')).answerEvents },
  '/inspect': { load: async () => (await import('./inspect-route.js')).answerInspect },
  '/metrics': { load: async () => (await import('./metrics/metrics-route.js')).answerMetrics },
  '/tap': { load: async () => (await import('./tap-route.js')).answerTap },
}
