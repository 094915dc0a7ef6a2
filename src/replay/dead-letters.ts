// The source of a replay: the lines of a file, each made the message again that was given up. `lines` does the reading, gives
// again what was nacked, and keeps how far the file is done: so a replay that was ended goes on there.

import { countText } from '../kernel/count-text.js'
import { isMillraceError, MillraceError } from '../kernel/failure.js'
import { lines } from '../sources/lines.js'
import type { Source, SourceAck, SourceContext, SourceRecord } from '../sources/source.js'
import { beginsWithEnvelope } from './begins-with-envelope.js'
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
  let limit = 0
  return {
    ...inner,
    name: 'replay',
    open(context: SourceContext) {
      areEnvelopes = beginsWithEnvelope(path)
      limit = context.messageBytesMax
      const messageBytesMax = JSON_FACTOR * context.messageBytesMax + META_BYTES_MAX
      return inner.open?.({ ...context, messageBytesMax })
    },
    async read(max: number) {
      for (;;) {
        const records = await readInner(max)
        if (records === null || records.length === 0) return records
        const letters = records.flatMap((record) => letterOf(record))
        // Where it cannot be kept that they are passed over, closing tells it.
        if (letters.length < records.length) quietly(inner.ack?.(passedOver(records, letters)))
        if (letters.length > 0) return letters
      }
    },
  }

  async function readInner(max: number): Promise<readonly SourceRecord[] | null> {
    try {
      return await inner.read(max)
    } catch (error) {
      throw isMillraceError(error) && error.code === 'ERR_MESSAGE_TOO_LARGE' ? tooLong(error) : error
    }
  }

  /** The limit of a line is not what the user has set, nor can set. */
  function tooLong(cause: MillraceError): MillraceError {
    const [line = 'a line'] = /the line at byte [\d,]+/.exec(cause.message) ?? []
    const what = `${line} is longer than any message of limits.messageBytes = ${countText(limit)} is: raise limits.messageBytes (at most 64 MiB)`
    return new MillraceError('ERR_MESSAGE_TOO_LARGE', `replay: ${path}: ${what}`)
  }

  function letterOf({ offset, value }: SourceRecord): SourceRecord[] {
    const line = deadLineOf(Buffer.from(value as Uint8Array), areEnvelopes, replay, places)
    return line.kind === 'letter' ? [{ ...line.letter, offset }] : []
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
