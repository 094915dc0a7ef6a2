// GET /inspect: the plan with what each actor does, as JSON.

import { type Exchange, sendJson } from './exchange.js'

export function answerInspect(exchange: Exchange): void {
  sendJson(exchange, 200, exchange.view.inspect())
}
