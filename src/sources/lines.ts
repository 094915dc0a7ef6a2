// The source of text: one message for each line of files or of standard input, byte for byte.

import { resolve } from 'node:path'
import { assert } from '../kernel/failure.js'
import { checkNames, unusable } from '../kernel/options.js'
import type { LinesSource } from './lines/lines-source.js'
import type { Source, SourceAck, SourceContext } from './source.js'

export type LinesOptions = {
  /** A file, or several that are read one after another; `-` or nothing is standard input. */
  path?: string | readonly string[]
  /** Gives the keys of a line, which is decoded as UTF-8 for it. Default: none. */
  keys?: (line: string) => readonly string[]
  /** A directory of its own, made where it is missing, in which is kept how far the files are done. Default: nowhere. */
  checkpoint?: string
}

/** What tests make smaller, or feed themselves. */
export type LinesParts = { chunkBytes: number; stdinFd: number; keptBytesMax: number }

export const LINES_PARTS: LinesParts = { chunkBytes: 262_144, stdinFd: 0, keptBytesMax: 67_108_864 }

const NAMES = ['path', 'keys', 'checkpoint']

/**
 * Reads lines: a value is a line's bytes without its LF or CRLF, an offset is where it starts in its file, and a partition is
 * the file's number where there are several. A nacked line is read again in its file; those of stdin stay in memory until they
 * are acked. With a checkpoint, an ack resolves when it is durable, and the next run goes on at the first line that is not
 * settled. Throws ERR_CONFIG for unusable options. Reading throws ERR_OPEN for a file that cannot be opened,
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
  const checkpoint = checkpointOf(options.checkpoint, paths)
  let source: LinesSource | undefined
  const hasStdin = paths.includes('-')
  const hasAck = hasStdin || checkpoint !== undefined
  return {
    name: 'lines',
    ordered: true,
    unit: 'bytes',
    check: async () => (await import('./lines/file-check.js')).checkFiles(paths, parts.stdinFd, checkpoint),
    files: () => paths.map((path) => (path === '-' ? '/dev/stdin' : path)),
    async open(context: SourceContext) {
      // Every thread imports this file, and one of them reads.
      const { LinesSource } = await import('./lines/lines-source.js')
      source = new LinesSource(paths, options.keys, parts, checkpoint)
      await source.open(context)
    },
    read(max) {
      assert(source !== undefined, 'lines: open comes before read')
      return source.read(max)
    },
    nack: (nacks) => source?.nack(nacks),
    close: () => source?.close(),
    // Files need no acks without a checkpoint; how much stdin still has, nobody knows.
    ...(hasAck && { ack: (acks: readonly SourceAck[]) => source?.ack(acks) }),
    ...(!hasStdin && { pending: () => source?.pending() ?? 0 }),
    ...(checkpoint !== undefined && { checkpoint }),
  }
}

/** Gives the absolute directory. */
function checkpointOf(checkpoint: unknown, paths: readonly string[]): string | undefined {
  if (checkpoint === undefined) return undefined
  if (typeof checkpoint !== 'string' || checkpoint === '') {
    throw unusable('lines: checkpoint', checkpoint, 'the path of a directory')
  }
  if (paths.includes('-')) {
    throw unusable('lines: checkpoint', checkpoint, 'none where stdin is read: it cannot be read again')
  }
  const twice = paths.find((path, i) => paths.findIndex((one) => resolve(one) === resolve(path)) !== i)
  if (twice !== undefined) throw unusable('lines: path', twice, 'each file once, where there is a checkpoint')
  return resolve(checkpoint)
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
