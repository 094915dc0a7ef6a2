// Where reading goes on after a position up to which lines were settled. That is the start of a line, or the end of a last line
// without a line end; which may have got one since, or have been continued.

import type { BytesAt } from './fingerprint.js'
import { CR, LF } from './split-lines.js'

const CHUNK_BYTES = 4_096

/** Gives the offset of the next line. `continued`: it is that of a line of which the beginning was settled as a line. */
export function nextLine(bytesAt: BytesAt, position: number): { offset: number; continued: boolean } {
  if (position === 0 || bytesAt(position - 1, 1)[0] === LF) return { offset: position, continued: false }
  const [first, second] = bytesAt(position, 2)
  if (first === undefined) return { offset: position, continued: false }
  if (first === LF) return { offset: position + 1, continued: false }
  if (first === CR && second === LF) return { offset: position + 2, continued: false }
  return { offset: startOfLine(bytesAt, position), continued: true }
}

/** Gives the offset behind the last LF before a position. */
function startOfLine(bytesAt: BytesAt, position: number): number {
  for (let end = position; end > 0; end -= CHUNK_BYTES) {
    const from = Math.max(0, end - CHUNK_BYTES)
    const lf = Buffer.from(bytesAt(from, end - from)).lastIndexOf(LF)
    if (lf >= 0) return from + lf + 1
  }
  return 0
}
