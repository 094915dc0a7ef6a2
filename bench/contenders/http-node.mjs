// Bare node:http: takes the body of each request, and answers with what the handler makes of it.

import { listen } from '../node-server.mjs'
import { handlerOfThread } from '../serve-work.mjs'

export function serve() {
  const handler = handlerOfThread()
  return listen((body, send) => send(handler({ value: body })))
}
