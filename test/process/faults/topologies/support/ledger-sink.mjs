// A sink that appends what it accepts to a ledger: one write for each batch.

import { Response } from '../../../../../dist/index.js'
import { eventText, Ledger } from '../../ledger.mjs'
import { parameters, pathOf } from './parameters.mjs'

/** @param {{ name?: string, before?: (batch: any, ledger: Ledger) => void | Promise<void> }} options `before`: what happens before a batch is written; a throw fails it */
export function ledgerSink({ name = 'sink', before, ...more } = {}) {
  let ledger
  const accept = (batch) => {
    ledger.append(eventText('at') + textOf(batch))
    return batch.map(Response.ok)
  }
  return {
    name,
    ordered: true,
    open() {
      ledger = new Ledger(pathOf(`${name}.ledger`), parameters.life)
    },
    write(batch) {
      const waits = before?.(batch, ledger)
      return waits === undefined ? accept(batch) : waits.then(() => accept(batch))
    },
    ...more,
  }
}

export function textOf(batch) {
  let text = ''
  for (const message of batch) text += `${message.text()}\n`
  return text
}

/** The fallback: each message as an event that says why, and the line under it. */
export function ledgerFallback({ name = 'fallback', before } = {}) {
  let ledger
  return {
    name,
    open() {
      ledger = new Ledger(pathOf(`${name}.ledger`), parameters.life)
    },
    write(batch) {
      before?.(batch)
      const why = ({ headers, reason }) =>
        JSON.stringify({
          reason,
          ...Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)])),
        })
      ledger.append(batch.map((message) => `${eventText('why', why(message))}${message.text()}\n`).join(''))
      return batch.map(Response.ok)
    },
  }
}
