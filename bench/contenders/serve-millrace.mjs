// A source of requests → map → respond(), with threads for the map; or, with none, all in one loop.

import { startListening } from '../listening.mjs'

export function serve(threads) {
  return startListening(new URL('../topologies/serve.mjs', import.meta.url), threads)
}
