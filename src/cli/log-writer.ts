// Where log records become lines: pino's JSON on stderr; on a terminal, one line that people read.

import type { Logger } from 'pino'
import { toErrorRecord } from '../kernel/failure.js'
import { LOG_LEVELS, type LogLevel, type LogRecord, type LogWriter } from '../kernel/log.js'
import { painter, type Style } from './format.js'
import type { Io } from './io.js'
import { loadPino } from './load-pino.js'

const STYLES: Partial<Record<LogLevel, Style>> = {
  trace: 'dim',
  debug: 'dim',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}

/** Makes the writer; `before` is called before each line, to clear what the terminal shows there. */
export function createLogWriter(io: Io, level: LogLevel, before: () => void): LogWriter {
  if (io.stderr.isTTY !== true) return jsonWriter(io, level)
  const paint = painter(io.stderr.isTTY, io.env)
  const least = LOG_LEVELS.indexOf(level)
  return (record) => {
    if (LOG_LEVELS.indexOf(record.level) < least) return
    before()
    const style = STYLES[record.level]
    const line = logLine(record, io.wallClock())
    io.stderr.write(`${style === undefined ? line : paint(style, line)}\n`)
  }
}

/** `12:03:04.123 WARN  sink egress: message key=value`; what is said of an actor begins with its name only once. */
export function logLine(record: LogRecord, wallClockMs: number): string {
  const { level, actor, thread, message, fields = {} } = record
  const time = new Date(wallClockMs)
  const hours = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  )
  const millis = String(time.getMilliseconds()).padStart(3, '0')
  const where = thread === actor ? actor : `${actor} ${thread}`
  const what = message.startsWith(`${actor}: `) ? message.slice(actor.length + 2) : message
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`)
  return printable(
    `${hours.join(':')}.${millis} ${level.toUpperCase().padEnd(5)} ${where}: ${what}${pairs.join('')}`,
  )
}

// Most runs log nothing, and need no logger.
function jsonWriter(io: Io, level: LogLevel): LogWriter {
  const formatters = { level: (label: string) => ({ level: label }) }
  const least = LOG_LEVELS.indexOf(level)
  let logger: Logger | undefined
  return ({ level: at, message, actor, thread, fields }) => {
    if (LOG_LEVELS.indexOf(at) < least) return
    logger ??= loadPino()({ level, base: null, formatters }, io.logDestination())
    logger[at]({ ...(fields && plainFields(fields)), actor, thread }, message)
  }
}

// An Error has no enumerable field: as JSON it would be {}.
function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? toErrorRecord(value) : value,
    ]),
  )
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  if (value instanceof Error) return JSON.stringify(value.message)
  if (typeof value === 'bigint') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}

// One record is one line, and what a message carries must not steer the terminal.
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => {
    if (char === '\n') return '\\n'
    return char === '\t' ? ' ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
