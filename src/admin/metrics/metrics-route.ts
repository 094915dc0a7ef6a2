// GET /metrics: everything for Prometheus, in its text format.

import { type Exchange, send } from '../exchange.js'
import { writeFieldMetrics } from './field-metrics.js'
import { writeOwnMetrics } from './own-metrics.js'
import { Scrape } from './scrape.js'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function answerMetrics(exchange: Exchange): void {
  const scrape = new Scrape(exchange.view, exchange.state)
  writeFieldMetrics(scrape)
  writeOwnMetrics(scrape)
  send(exchange, 200, CONTENT_TYPE, scrape.text.text)
}
