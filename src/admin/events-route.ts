// GET /events: what the live page draws, once a second.

import { sendProblem } from '../http/problem.js'
import type { Exchange } from './exchange.js'

export function answerEvents({ response, isHead, state }: Exchange): void {
  if (state.ended.aborted || state.events.isFull)
    sendProblem(response, 503, 'too many listen already', ['Retry-After', '5'])
  else if (isHead) response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).end()
  else state.events.add(response)
}
