// A sink that writes to the process's stdout or stderr: values as they are, or standard pino lines.
// It writes to the descriptor itself: process.stdout of a worker thread is relayed by the main thread, and lost on exit.

import { assert } from '../kernel/failure.js'
import { checkNames, unusable } from '../kernel/options.js'
import type { OpenLog } from './log/open-log.js'
import type { Sink } from './sink.js'
import type { LineIo, Tail } from './write-all.js'

export type LogOptions = {
  /** Default 'stdout'. */
  stream?: 'stdout' | 'stderr'
  /**
   * 'raw', the default: the value and a newline. 'json': one pino line a message, with level, time, id, keys, value as
   * text (null for a tombstone), and headers, tags, eventTime and reason where the message has them.
   */
  format?: 'raw' | 'json'
}

/** What tests replace. */
export type LogInternals = Partial<LineIo> & { fd?: number; tail?: Tail }

/** A reader that pauses (`| less`) is back-pressure; a time-out would make a fault of it, and repeat lines. */
const WRITE_TIMEOUT_MS = 24 * 60 * 60 * 1000

/**
 * Makes a sink that writes each message as a line to stdout or stderr, a batch at a time.
 * Ok: its bytes are in the pipe, the terminal or the file; a process that dies loses nothing of them. Failure: they are
 * not, nor are those of the messages after it; a part of its line may be, on a line of its own. A full pipe is waited for,
 * for up to a day. A reader that has gone (`| head`) rejects the write with ERR_SINK, whose cause has the
 * code 'EPIPE'. A value with newlines is written as it is, and gives several lines.
 */
export function log(options: LogOptions = {}, internals: LogInternals = {}): Sink {
  const checked = checkLogOptions(options)
  let opened: OpenLog | undefined
  return {
    name: 'log',
    ordered: true,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
    // `… < a.txt >> a.txt`
    files: () => [`/dev/${checked.stream}`],
    async open() {
      // Every thread imports this file, and one of them writes.
      const { openLog } = await import('./log/open-log.js')
      opened = await openLog(checked, internals)
    },
    async write(batch) {
      assert(opened !== undefined, 'log: open comes before write')
      return opened.write(batch)
    },
    async close() {
      await opened?.close()
    },
  }
}

function checkLogOptions(options: LogOptions): Required<LogOptions> {
  checkNames('log', options, ['stream', 'format'], "{ stream: 'stderr' }")
  const { stream = 'stdout', format = 'raw' } = options
  if (stream !== 'stdout' && stream !== 'stderr')
    throw unusable('log: stream', stream, "'stdout' or 'stderr'")
  if (format !== 'raw' && format !== 'json') throw unusable('log: format', format, "'raw' or 'json'")
  return { stream, format }
}
