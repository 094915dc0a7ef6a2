// The hot loop of `lines`: from bytes to records, one view and no copy for each line.

import { countText } from '../../kernel/count-text.js'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import type { SourceRecord } from '../source.js'
import type { Window } from './window.js'

export const LF = 10
export const CR = 13

/** What holds for all lines of one file or stream. */
export type LineRules = {
  /** For messages. */
  readonly path: string
  readonly partition: number | undefined
  readonly keys: ((line: string) => readonly string[]) | undefined
  readonly bytesMax: number
}

/**
 * Splits lines off a window into the first `max` records, and gives how many they are; 0 means that more bytes are needed.
 * Throws at a line that is too long, or that `keys` refuses; the lines before it are given first, by a call of their own.
 */
export function splitLines(window: Window, records: SourceRecord[], max: number, rules: LineRules): number {
  const { bytes, base } = window
  const { keys, bytesMax, partition } = rules
  const memory = bytes.buffer
  const memoryAt = bytes.byteOffset
  let { start, scanned } = window
  let count = 0
  while (count < max) {
    const lf = bytes.indexOf(LF, scanned)
    if (lf < 0) {
      scanned = bytes.length
      if (!isLine(window, start, bytesMax)) break
    }
    const end = lf < 0 ? bytes.length : lf > start && bytes[lf - 1] === CR ? lf - 1 : lf
    const record = records[count]
    if (end - start > bytesMax) {
      if (count !== 0) break
      throw tooLong(rules, base + start)
    }
    if (keys !== undefined && !putKeys(record, window, start, end, rules, count === 0)) break
    record.value = new Uint8Array(memory, memoryAt + start, end - start)
    record.offset = base + start
    record.partition = partition
    count++
    start = lf < 0 ? end : lf + 1
    scanned = start
  }
  window.start = start
  window.scanned = scanned
  return count
}

/** Makes the error for a line over limits.messageBytes. */
export function tooLong(rules: LineRules, offset: number): MillraceError {
  return new MillraceError(
    'ERR_MESSAGE_TOO_LARGE',
    `lines: ${rules.path}: the line at byte ${countText(offset)} is longer than limits.messageBytes = ${countText(rules.bytesMax)}: ` +
      'raise limits.messageBytes (at most 64 MiB), or split the line before it is read',
  )
}

/** Gives the keys of a line. Throws ERR_SOURCE, with the place, where the user's function threw or gave something else. */
export function keysOf(
  line: string,
  keys: (line: string) => readonly string[],
  path: string,
  offset: number,
): readonly string[] {
  const where = `lines: ${path}: keys, called for the line at byte ${countText(offset)},`
  let given: readonly string[]
  try {
    given = keys(line)
  } catch (cause) {
    throw new MillraceError('ERR_SOURCE', `${where} threw: ${messageOf(cause)}`, { cause })
  }
  if (!Array.isArray(given) || !given.every((key) => typeof key === 'string')) {
    throw new MillraceError('ERR_SOURCE', `${where} returned something else than a list of strings`)
  }
  return given
}

/** Tells whether bytes without an LF are a line already: the last one, or one that is known to be too long. */
function isLine(window: Window, start: number, bytesMax: number): boolean {
  const restBytes = window.filled - start
  if (window.ended) return restBytes !== 0
  // One byte too many may be the CR of a line end whose LF is not there yet.
  return restBytes > bytesMax + 1 || (restBytes === bytesMax + 1 && window.bytes[window.filled - 1] !== CR)
}

/** Puts a line's keys into a record; false if that failed and the lines before it are to be given first. */
function putKeys(
  record: SourceRecord,
  window: Window,
  start: number,
  end: number,
  rules: LineRules,
  isFirst: boolean,
): boolean {
  try {
    const line = window.bytes.toString('utf8', start, end)
    record.keys = keysOf(line, rules.keys as NonNullable<LineRules['keys']>, rules.path, window.base + start)
    return true
  } catch (error) {
    if (isFirst) throw error
    return false
  }
}
