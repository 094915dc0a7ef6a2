// What a file looked like up to a position: enough to tell whether it is still the one that was read, wherever it lies now.
// A file that only grew keeps it.

import { createHash } from 'node:crypto'

/** Reads at most so many bytes at an offset; fewer at the end of the file. */
export type BytesAt = (offset: number, bytes: number) => Uint8Array

export type Fingerprint = {
  position: number
  /** Of the first bytes before the position, and of the last ones. */
  head: string
  tail: string
}

const PART_BYTES = 1_024

export function fingerprintOf(bytesAt: BytesAt, position: number): Fingerprint {
  const partBytes = Math.min(PART_BYTES, position)
  return {
    position,
    head: digestOf(bytesAt(0, partBytes)),
    tail: digestOf(bytesAt(position - partBytes, partBytes)),
  }
}

/** Tells whether a file looks as it did, up to the position. */
export function looksLike(bytesAt: BytesAt, { position, head, tail }: Fingerprint): boolean {
  const now = fingerprintOf(bytesAt, position)
  return now.head === head && now.tail === tail
}

function digestOf(bytes: Uint8Array): string {
  return `${bytes.length}-${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`
}
