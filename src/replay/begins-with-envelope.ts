// Is a file one of envelopes, or of raw lines: its first line tells, which may have blank ones before it.

import { closeSync, openSync, readSync } from 'node:fs'
import { ENVELOPE_START } from '../kernel/envelope.js'

const CHUNK_BYTES = 64 * 1024

/** Tells whether the first line that is not blank is an envelope. */
export function beginsWithEnvelope(path: string): boolean {
  const chunk = Buffer.alloc(CHUNK_BYTES)
  const fd = openSync(path, 'r')
  try {
    for (let position = 0; ; ) {
      const bytes = readSync(fd, chunk, 0, CHUNK_BYTES, position)
      if (bytes === 0) return false
      const blank = blankBytes(chunk.subarray(0, bytes))
      position += blank
      // What begins at the end of a chunk is read anew, from there.
      if (blank < bytes) return startAt(fd, position) === ENVELOPE_START
    }
  } finally {
    closeSync(fd)
  }
}

function blankBytes(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 10 && byte !== 13 && byte !== 32 && byte !== 9)
  return first === -1 ? bytes.length : first
}

function startAt(fd: number, position: number): string {
  const start = Buffer.alloc(ENVELOPE_START.length)
  return start.toString('latin1', 0, readSync(fd, start, 0, start.length, position))
}
