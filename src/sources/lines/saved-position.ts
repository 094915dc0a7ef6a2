// How far a file was read and settled, as it lies in the store.

import { createHash } from 'node:crypto'
import { MillraceError } from '../../kernel/failure.js'
import type { Fingerprint } from './fingerprint.js'

export type SavedPosition = Fingerprint & {
  /** Absolute. */
  path: string
  /** Where the file lay in its file system: `device:inode`. */
  place: string
}

const VERSION = 1

/** The key of a file's position: a path may be longer than a key. */
export function keyOf(path: string): string {
  return createHash('sha256').update(path).digest('hex')
}

export function encodePosition(saved: SavedPosition): Uint8Array {
  return Buffer.from(JSON.stringify({ version: VERSION, ...saved }))
}

/** Throws ERR_OPEN where another version wrote it. */
export function decodePosition(bytes: Uint8Array): SavedPosition {
  const { version, ...saved } = JSON.parse(Buffer.from(bytes).toString())
  if (version !== VERSION) {
    const what = `it is of version ${version}, and this is version ${VERSION}: use what wrote it, or another directory`
    throw new MillraceError('ERR_OPEN', `lines: checkpoint: ${what}`)
  }
  return saved
}
