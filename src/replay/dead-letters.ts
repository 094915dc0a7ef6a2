// The source of a replay: the lines of a file, each made the message again that was given up. `lines` does the reading, gives
// again what was nacked, and keeps how far the file is done: so a replay that was ended goes on there.

import { closeSync, openSync, readSync } from 'node:fs'
import { ENVELOPE_START } from '../kernel/envelope.js'
import { lines } from '../sources/lines.js'
import type { Source, SourceAck, SourceContext, SourceRecord } from '../sources/source.js'
import { deadLineOf, type Replay } from './dead-line.js'
import type { Places } from './places.js'

/** The most that JSON makes of a byte, and of keys, tags and headers beside the value. */
const JSON_FACTOR = 6
const META_BYTES_MAX = 1024 * 1024

/** Gives the directory in which it is kept how far a file is done. */
export function positionOf(path: string): string {
  return `${path}.position`
}

/** Makes the source. What is not to be sent again it passes over: it stays in the file. */
export function deadLetters(replay: Replay, places: Places): Source {
  const { path } = replay
  const inner = lines({ path, checkpoint: positionOf(path) })
  let areEnvelopes = false
  return {
    ...inner,
    name: 'replay',
    open(context: SourceContext) {
      areEnvelopes = beginsWithEnvelope(path)
      const messageBytesMax = JSON_FACTOR * context.messageBytesMax + META_BYTES_MAX
      return inner.open?.({ ...context, messageBytesMax })
    },
    async read(max: number) {
      for (;;) {
        const records = await inner.read(max)
        if (records === null || records.length === 0) return records
        const letters = records.flatMap((record) => letterOf(record))
        // Where it cannot be kept that they are passed over, closing tells it.
        if (letters.length < records.length) quietly(inner.ack?.(passedOver(records, letters)))
        if (letters.length > 0) return letters
      }
    },
  }

  function letterOf({ offset, value }: SourceRecord): SourceRecord[] {
    const line = deadLineOf(Buffer.from(value as Uint8Array), areEnvelopes, replay, places)
    return line.kind === 'letter' ? [{ ...line.letter, offset }] : []
  }
}

/** Tells whether the first line of a file is an envelope. */
export function beginsWithEnvelope(path: string): boolean {
  const start = Buffer.alloc(ENVELOPE_START.length)
  const fd = openSync(path, 'r')
  try {
    return readSync(fd, start, 0, start.length, 0) === start.length && String(start) === ENVELOPE_START
  } finally {
    closeSync(fd)
  }
}

function quietly(promise: void | Promise<void>): void {
  if (promise instanceof Promise) promise.catch(() => {})
}

function passedOver(records: readonly SourceRecord[], letters: readonly SourceRecord[]): SourceAck[] {
  const sent = new Set(letters.map(({ offset }) => offset))
  return records
    .filter(({ offset }) => !sent.has(offset))
    .map(({ offset }) => ({ partition: 0, offset: BigInt(offset as number) }))
}
