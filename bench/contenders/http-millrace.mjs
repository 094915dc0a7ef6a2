// http → map → a sink that answers, each on a thread of its own; or, with no threads, all in one loop.

import { startListening } from '../listening.mjs'

export function serve(threads) {
  return startListening(new URL('../topologies/http-echo.mjs', import.meta.url), threads)
}
