// A source, and a ledger of all that it gives and is told. With `remembers` it goes on where its ledger says that all before is acked:
// the re-readable source with a position of its own.

import { readFileSync } from 'node:fs'
import { lines } from '../../../../../dist/index.js'
import { Heartbeat } from '../../heartbeat.mjs'
import { keysOf } from '../../input.mjs'
import { eventText, Ledger, readLedger } from '../../ledger.mjs'
import { lowWatermark } from '../../watermark.mjs'
import { parameters, pathOf } from './parameters.mjs'

/** The lines of the input, by key, with a ledger. @param {{ rate?: number, checkpoint?: string }} options `rate`: records a second */
export function inputSource({ rate = parameters.rate, ...more } = {}) {
  return ledgerSource(lines({ path: pathOf('input.txt'), keys: keysOf, ...more }), { rate })
}

export function ledgerSource(source, { rate = Number.POSITIVE_INFINITY } = {}) {
  let ledger
  let startedMs = 0
  let given = 0
  let beat
  const told = (word, list) => ledger.event(word, list.map(({ offset }) => offset).join(' '))
  const mayGive = () =>
    rate === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : Math.floor(((performance.now() - startedMs) * rate) / 1_000) - given

  const noted = (records) => {
    if (records === null) ledger.event('end')
    else if (records.length > 0) told('R', records)
    given += records?.length ?? 0
    return records
  }

  return {
    ...source,
    open(context) {
      const resume = context.resume ?? (parameters.remembers ? positionOf() : undefined)
      ledger = new Ledger(pathOf('source.ledger'), parameters.life)
      startedMs = performance.now()
      beat = new Heartbeat()
      return source.open({ ...context, ...(resume && { resume }) })
    },
    read(max) {
      const count = Math.min(max, mayGive())
      if (count < 1) return []
      const records = source.read(count)
      return records instanceof Promise ? records.then(noted) : noted(records)
    },
    async ack(acks) {
      told('A', acks)
      const offsets = acks.map(({ offset }) => offset).join(' ')
      await source.ack?.(acks)
      ledger.append(eventText('D', offsets))
    },
    async nack(nacks) {
      told('N', nacks)
      await source.nack?.(nacks)
    },
    close() {
      ledger?.event('beat', String(Math.round(beat.stop())))
      ledger?.event('close')
      return source.close?.()
    },
  }
}

function positionOf() {
  const bytes = readFileSync(pathOf('input.txt'))
  const after = (offset) => bytes.indexOf(10, offset) + 1
  const offset = lowWatermark(readLedger(pathOf('source.ledger')).events, 'D', after, false)
  return offset === 0 ? undefined : { partition: 0, offset: BigInt(offset) }
}
