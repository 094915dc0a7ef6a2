// Finds a file's saved position again, and tells what became of the file since.

import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { countText } from '../../kernel/count-text.js'
import { type FileNow, placeOf, withFile } from './file-now.js'
import { looksLike } from './fingerprint.js'
import type { SavedPosition } from './saved-position.js'

export type Found =
  | { kind: 'new' }
  | { kind: 'same'; saved: SavedPosition }
  /** It was read under another path, where it is not any more. */
  | { kind: 'moved'; saved: SavedPosition }
  /** It is not what was read under this path; `warning` says what it is. */
  | { kind: 'other'; warning: string }

/** How many names of a directory are looked at for the file that was here before. */
const NAMES_MAX = 10_000

/** Finds for each file what is known of it: under its own path, or under another one. */
export function whereToResume(files: readonly FileNow[], known: readonly SavedPosition[]): Found[] {
  const ownOf = (file: FileNow) => known.find(({ path }) => path === file.path)
  const found: Found[] = files.map((file) => {
    const saved = ownOf(file)
    return saved !== undefined && holds(file, saved) ? { kind: 'same', saved } : { kind: 'new' }
  })
  // Each position is somebody's once: of two copies of a file that is gone, one is new.
  const taken = new Set(found.map((each) => ('saved' in each ? each.saved : undefined)))
  for (const [i, file] of files.entries()) {
    if (found[i].kind === 'same') continue
    const saved = known.find((one) => !taken.has(one) && wasMovedTo(file, one))
    if (saved === undefined) continue
    taken.add(saved)
    found[i] = { kind: 'moved', saved }
  }
  return found.map((each, i) => {
    const saved = ownOf(files[i])
    const isOther = each.kind === 'new' && saved !== undefined && !taken.has(saved)
    return isOther ? { kind: 'other', warning: warningOf(files[i], saved) } : each
  })
}

/** Tells whether a file begins with what was read up to a position. */
function holds(file: FileNow, saved: SavedPosition): boolean {
  return file.bytes >= saved.position && looksLike(file.bytesAt, saved)
}

/** Where the old path still holds what was read there, a file with the same content is a copy. */
function wasMovedTo(file: FileNow, saved: SavedPosition): boolean {
  if (saved.path === file.path || saved.position === 0 || !holds(file, saved)) return false
  return withFile(saved.path, (old) => holds(old, saved)) !== true
}

function warningOf(file: FileNow, saved: SavedPosition): string {
  const { path } = file
  const read = `bytes 0 to ${saved.position} were read and done`
  if (file.place === saved.place) {
    const how =
      file.bytes < saved.position
        ? `was truncated to ${countText(file.bytes)} bytes`
        : 'has other content now: it was truncated, and written anew'
    return `${path} ${how} since ${read}: it is read from its start, and what had not been read of it is not known`
  }
  return `${path} is another file than the one of which ${read}: it is read from its start; ${restOf(path, saved)}`
}

/** Says where the old file is, or that nobody knows. */
function restOf(path: string, saved: SavedPosition): string {
  const old = rotatedTo(path, saved.place)
  if (old === undefined) return 'what had not been read of the old one is not known, nor where it is'
  const left = old.bytes - saved.position
  if (left <= 0) return `the old one is now ${old.path}, and was read to its end`
  return `the old one is now ${old.path}, and its last ${left} bytes, from byte ${saved.position} on, are not read`
}

function rotatedTo(path: string, place: string): { path: string; bytes: number } | undefined {
  const directory = dirname(path)
  for (const name of readdirSync(directory).slice(0, NAMES_MAX)) {
    if (name === basename(path)) continue
    const stat = statSync(join(directory, name), { bigint: true, throwIfNoEntry: false })
    if (stat?.isFile() && placeOf(stat) === place)
      return { path: join(directory, name), bytes: Number(stat.size) }
  }
  return undefined
}
