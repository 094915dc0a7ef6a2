// What actors, sources, sinks and handlers log through. On a thread the records travel to pino on the main thread.

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Plain data: it crosses threads. */
export type LogRecord = {
  level: LogLevel
  message: string
  actor: string
  thread: string
  fields?: Record<string, unknown>
}

export type LogWriter = (record: LogRecord) => void

/** `log.info('text', { fields })`. */
export type Log = Record<LogLevel, (message: string, fields?: Record<string, unknown>) => void>

/** Tells whether a record is to reach the main thread: it is to be written, or it is what an actor's last error is known by. */
export function isNeeded({ level, fields }: LogRecord, least: LogLevel): boolean {
  const rank = LOG_LEVELS.indexOf(level)
  return (
    rank >= LOG_LEVELS.indexOf(least) || rank >= LOG_LEVELS.indexOf('warn') || fields?.outcome === 'retry'
  )
}

/** Makes the log of one actor. */
export function createLog(write: LogWriter, actor: string, thread: string): Log {
  const log = {} as Log
  for (const level of LOG_LEVELS) {
    log[level] = (message, fields) => write({ level, message, actor, thread, ...(fields && { fields }) })
  }
  return log
}
