// A sink that writes to the process's stdout or stderr: values as they are, or standard pino lines.
// It writes to the descriptor itself: process.stdout of a worker thread is relayed by the main thread, and lost on exit.

import type { Headers, HeaderValue } from '../kernel/codec.js'
import { assert, MillraceError } from '../kernel/failure.js'
import type { Message } from '../kernel/message.js'
import { checkNames, unusable } from '../kernel/options.js'
import type { Sink } from './sink.js'
import { answer, codeOf, type LineIo, LineWriter, lineIoOf, Tail } from './write-all.js'

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

/** Several sinks of a topology may write to one stream: they share its tail. */
const streams = { stdout: { fd: 1, tail: new Tail() }, stderr: { fd: 2, tail: new Tail() } }

/**
 * Makes a sink that writes each message as a line to stdout or stderr, a batch at a time.
 * Ok: its bytes are in the pipe, the terminal or the file; a process that dies loses nothing of them. Failure: they are
 * not, nor are those of the messages after it; a part of its line may be, on a line of its own. A full pipe is waited for,
 * for up to a day. A reader that has gone (`| head`) rejects the write with ERR_SINK, whose cause has the
 * code 'EPIPE'. A value with newlines is written as it is, and gives several lines.
 */
export function log(options: LogOptions = {}, internals: LogInternals = {}): Sink {
  const { stream, format } = checkLogOptions(options)
  const { fd = streams[stream].fd, tail = streams[stream].tail, ...io } = internals
  let lines: LineWriter | undefined
  return {
    name: 'log',
    ordered: true,
    writeTimeoutMs: WRITE_TIMEOUT_MS,
    // `… < a.txt >> a.txt`
    files: () => [`/dev/${stream}`],
    async open() {
      const lineOf = format === 'raw' ? rawLine : await createJsonLine()
      lines = new LineWriter(fd, lineOf, { ...lineIoOf(fd), ...io }, tail)
    },
    async write(batch) {
      assert(lines !== undefined, 'log: open comes before write')
      const written = await lines.write(batch)
      if (codeOf(written.error) === 'EPIPE') {
        throw new MillraceError('ERR_SINK', `log: ${stream} is closed`, { cause: written.error })
      }
      return answer(batch, written, `log: ${stream}`)
    },
    async close() {
      await lines?.close()
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

function rawLine(message: Message): Uint8Array {
  return message.value
}

/** Loads pino only where it is wanted: every thread imports this file. */
async function createJsonLine(): Promise<(message: Message) => Uint8Array> {
  const { pino } = await import('pino')
  let line = ''
  const logger = pino({ base: undefined, level: 'info' }, { write: (text: string) => (line = text) })
  return (message) => {
    logger.info(fieldsOf(message))
    // pino ends its lines itself; the writer does that for all.
    return Buffer.from(line.slice(0, -1))
  }
}

function fieldsOf(message: Message): Record<string, unknown> {
  const { keys, tags, headers, eventTime, reason } = message
  const fields: Record<string, unknown> = { id: message.id, keys }
  if (Object.keys(headers).length > 0) fields.headers = textsOf(headers)
  if (tags.length > 0) fields.tags = tags
  if (eventTime !== undefined) fields.eventTime = eventTime
  if (reason !== undefined) fields.reason = reason
  fields.value = message.tombstone ? null : message.text()
  return fields
}

function textsOf(headers: Headers): Record<string, string> {
  const texts: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) texts[name] = textOf(value)
  return texts
}

function textOf(value: HeaderValue): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('utf8')
}
