// One client of a tap: a line of JSON for each message, so many a second at most. A client that reads slowly gets fewer: nothing
// waits here for it, but what its connection has taken already.

import type { ServerResponse } from 'node:http'
import type { TappedRecord } from '../kernel/tap.js'
import { tappedMessage } from './tap-message.js'
import type { TapQuery } from './tap-query.js'

/** A silent client that is gone must not keep its place for ever: what is written to it fails some day. */
const ALIVE_MS = 10_000

export class TapStream {
  readonly query: TapQuery
  private readonly mailbox: string
  private readonly response: ServerResponse
  /** Messages that may go out now: a second's worth at most, so that a few that come together are all seen. */
  private allowance: number
  private filledMs: number
  private writtenMs: number
  private shown = 0

  constructor(response: ServerResponse, mailbox: string, query: TapQuery, nowMs: number) {
    this.response = response
    this.mailbox = mailbox
    this.query = query
    this.allowance = query.rate
    this.filledMs = this.writtenMs = nowMs
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' })
    this.write({ tap: 'begin', mailbox, rate: query.rate, bytes: query.bytes }, nowMs)
  }

  /** Tells how many messages it would take now. */
  room(nowMs: number): number {
    const { query } = this
    this.allowance = Math.min(query.rate, this.allowance + ((nowMs - this.filledMs) / 1_000) * query.rate)
    this.filledMs = nowMs
    if (nowMs - this.writtenMs >= ALIVE_MS) this.write({ tap: 'alive' }, nowMs)
    return this.response.writableNeedDrain ? 0 : Math.floor(this.allowance)
  }

  offer(record: TappedRecord, nowMs: number): void {
    if (this.allowance < 1 || this.response.writableNeedDrain) return
    this.allowance--
    this.shown++
    this.write(tappedMessage(record, this.mailbox, this.query), nowMs)
  }

  /** Says why it ends, and ends. */
  end(reason: string, missedBytes: number): void {
    if (!this.response.writable) return
    this.response.end(`${JSON.stringify({ tap: 'end', reason, shown: this.shown, missedBytes })}\n`)
  }

  private write(line: object, nowMs: number): void {
    this.writtenMs = nowMs
    this.response.write(`${JSON.stringify(line)}\n`)
  }
}
