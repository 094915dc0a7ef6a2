// Messages that nobody expects, from a source of the user's own.

import { createHash } from 'node:crypto'
import { defineTopology, Response } from '../../../../dist/index.js'
import { eventText, Ledger } from '../ledger.mjs'
import { oddRecords } from '../odd-records.mjs'
import { ledgerSource } from './support/ledger-source.mjs'
import { parameters, pathOf } from './support/parameters.mjs'

const { kind, order, limit } = parameters
const records = oddRecords(kind, limit)
let at = 0

const source = ledgerSource({
  name: 'odd',
  open() {},
  read(max) {
    const some = records.slice(at, at + max)
    at += some.length
    return some.length === 0 ? null : some
  },
  ack() {},
})

let ledger
const said = (message) =>
  JSON.stringify({
    offset: String(message.offset),
    id: message.id,
    keys: message.keys,
    headers: Object.keys(message.headers).length,
    tombstone: message.tombstone,
    bytes: message.bytes().length,
    hash: createHash('sha256').update(message.bytes()).digest('hex'),
  })

export default defineTopology({
  name: 'odd-messages',
  source,
  map: { threads: 2, handler: (message) => message },
  order,
  sink: {
    open() {
      ledger = new Ledger(pathOf('sink.ledger'), parameters.life)
    },
    write(batch) {
      for (const message of batch) ledger.append(eventText('said', said(message)))
      return batch.map(Response.ok)
    },
  },
  limits: { messageBytes: limit },
})
