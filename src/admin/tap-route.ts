// GET /tap: which mailboxes there are; with `mailbox`, samples of the messages that pass that one, as lines of JSON.

import { sendProblem } from '../http/problem.js'
import type { AdminView } from './admin-view.js'
import { type Exchange, sendJson } from './exchange.js'
import { TAPS_MAX, TapHub } from './tap-hub.js'
import { tapQueryOf } from './tap-query.js'

const hubs = new WeakMap<AdminView, TapHub>()

export function answerTap(exchange: Exchange): void {
  const { response, view, state, isHead, log } = exchange
  const query = tapQueryOf(exchange.query)
  if (typeof query === 'string') {
    sendProblem(response, 400, query)
    return
  }
  const mailboxes = view.inspect().mailboxes.map((each) => ({ mailbox: `${each.from}..${each.to}`, ...each }))
  if (query.mailbox === undefined) {
    sendJson(exchange, 200, { mailboxes })
    return
  }
  const number = mailboxes.findIndex(({ mailbox }) => mailbox === query.mailbox)
  const hub = hubs.get(view) ?? new TapHub(view.mailboxes, log)
  hubs.set(view, hub)
  if (number < 0) sendProblem(response, 404, 'there is no such mailbox: GET /tap lists them')
  else if (state.ended.aborted) sendProblem(response, 503, 'the topology has ended')
  else if (hub.isFull)
    sendProblem(response, 429, `${TAPS_MAX} taps are running, and no more may`, ['Retry-After', '5'])
  else if (isHead) response.writeHead(200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' }).end()
  else hub.add(number, query.mailbox, query, response, state.ended)
}
