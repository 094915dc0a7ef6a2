// Names records in a mailbox, for a story: what they are, and of which root.

import {
  HAS_ID,
  MARKER,
  MESSAGE,
  OK_RUN,
  OK_RUN_ENTRY_BYTES,
  OUTCOMES,
  SETTLEMENT,
  textAt,
} from '../kernel/codec.js'
import {
  EPOCH,
  KIND,
  LENGTH,
  RECORD_HEADER_BYTES,
  SEQUENCE_DOUBLE,
  TAIL_WORD,
  VALUE_BYTES,
} from '../kernel/layout.js'
import { Ring } from '../kernel/mailbox.js'
import { PADDING_KIND } from '../kernel/outbound.js'

/** Gives the names of the records from a position to the tail, and the tail. */
export function newRecords(memory: SharedArrayBuffer, from: number | undefined): [string[], number] {
  const ring = new Ring(memory)
  const tail = ring.words[TAIL_WORD]
  const names: string[] = []
  for (let position = from ?? tail; ((tail - position) | 0) > 0; ) {
    const at = ring.wordAt(position)
    const length = ring.words[at + LENGTH]
    if (length <= 0) break
    if ((ring.words[at + KIND] & 0xff) !== PADDING_KIND) names.push(nameOf(ring, at))
    position = (position + length) | 0
  }
  return [names, tail]
}

function nameOf(ring: Ring, at: number): string {
  const kind = ring.words[at + KIND]
  const root = `#${ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE]}${ring.words[at + EPOCH] > 1 ? ` of epoch ${ring.words[at + EPOCH]}` : ''}`
  const outcome = OUTCOMES[(kind >>> 8) & 0xff]
  switch (kind & 0xff) {
    case MESSAGE:
      return `${textAt(ring, at, HAS_ID) ?? 'a message'} (${root})${(kind >>> 16) & 0xff ? ' for the fallback' : ''}`
    case MARKER:
      return `a marker ${outcome} (${root})`
    case SETTLEMENT:
      return `settles ${outcome} (${root})`
    case OK_RUN:
      return `settles ok ${runOf(ring, at)}`
    default:
      return `an unknown record of kind ${kind & 0xff}`
  }
}

function runOf(ring: Ring, at: number): string {
  const first = at + (RECORD_HEADER_BYTES >>> 2)
  const count = ring.words[at + VALUE_BYTES] / OK_RUN_ENTRY_BYTES
  const roots = Array.from(
    { length: count },
    (_, i) => `#${ring.doubles[(first + (i * OK_RUN_ENTRY_BYTES) / 4) >>> 1]}`,
  )
  return roots.join(' ')
}
