// The source of text: one message for each line of files or of standard input, byte for byte.

import { checkNames, unusable } from '../kernel/options.js'
import { LINES_PARTS, type LinesParts, LinesSource } from './lines/lines-source.js'
import type { Source } from './source.js'

export type LinesOptions = {
  /** A file, or several that are read one after another; `-` or nothing is standard input. */
  path?: string | readonly string[]
  /** Gives the keys of a line, which is decoded as UTF-8 for it. Default: none. */
  keys?: (line: string) => readonly string[]
}

const NAMES = ['path', 'keys']

/**
 * Reads lines: a value is a line's bytes without its LF or CRLF, an offset is where it starts in its file, and a partition is
 * the file's number where there are several. A nacked line is read again in its file; those of stdin stay in memory until they
 * are acked. Throws ERR_CONFIG for unusable options. Reading throws ERR_OPEN for a file that cannot be opened,
 * ERR_MESSAGE_TOO_LARGE for a line over limits.messageBytes, and ERR_SOURCE where reading failed or `keys` threw.
 */
export function lines(options: LinesOptions = {}): Source {
  return linesOf(options, LINES_PARTS)
}

/** Internal: `lines` of other parts. */
export function linesOf(options: LinesOptions, parts: LinesParts): Source {
  checkNames('lines', options, NAMES, "{ path: 'a.txt' }")
  const paths = pathsOf(options.path)
  if (options.keys !== undefined && typeof options.keys !== 'function') {
    throw unusable('lines: keys', options.keys, 'a function from a line to a list of strings')
  }
  const source = new LinesSource(paths, options.keys, parts)
  const hasStdin = paths.includes('-')
  return {
    name: 'lines',
    ordered: true,
    unit: 'bytes',
    open: (context) => source.open(context),
    read: (max) => source.read(max),
    nack: (nacks) => source.nack(nacks),
    close: () => source.close(),
    // Files need no acks; how much stdin still has, nobody knows.
    ...(hasStdin ? { ack: (acks) => source.ack(acks) } : { pending: () => source.pending() }),
  }
}

function pathsOf(path: unknown): readonly string[] {
  if (path === undefined) return ['-']
  const paths = typeof path === 'string' ? [path] : path
  if (!Array.isArray(paths) || !paths.every((one) => typeof one === 'string')) {
    throw unusable('lines: path', path, 'a string or a list of strings')
  }
  if (paths.length === 0 || paths.includes(''))
    throw unusable('lines: path', path, 'at least one file, and no empty name')
  if (paths.indexOf('-') !== paths.lastIndexOf('-'))
    throw unusable('lines: path', path, 'stdin (-) once: it can be read once')
  return paths.slice()
}
