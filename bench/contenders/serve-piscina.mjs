// Bare node:http that gives each request to a piscina pool.

import { Piscina } from 'piscina'
import { listen } from '../node-server.mjs'
import { own } from '../work.mjs'

export function serve(threads) {
  const pool = new Piscina({
    filename: new URL('../workers/serve-piscina.mjs', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    recordTiming: false,
  })
  const failed = Buffer.from('failed')
  return listen((body, send) => {
    pool.run(own(body)).then(send, () => send(failed, 500))
  })
}
