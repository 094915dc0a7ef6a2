// The last warning or error that each actor logged, or why it tries something again. All log records of a topology pass the main
// thread: so this costs the threads nothing. What user code logs through its context counts as its actor's.

import { wallClockMs } from '../kernel/clock.js'
import type { LogRecord, LogWriter } from '../kernel/log.js'
import type { LastError } from './running.js'

const TEXT_MAX = 500

export class LastErrors {
  /** Passes every record on, and keeps what is to be kept. */
  readonly write: LogWriter
  private readonly actors = new Map<string, LastError>()

  constructor(write: LogWriter) {
    this.write = (record) => {
      if (isKept(record)) this.keep(record)
      write(record)
    }
  }

  /** Gives the newest of those that were logged under one of these names. */
  of(names: readonly string[]): LastError | undefined {
    const errors = names.flatMap((name) => this.actors.get(name) ?? [])
    return errors.sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1))[0]
  }

  private keep({ actor, level, message }: LogRecord): void {
    const text = message.length > TEXT_MAX ? `${message.slice(0, TEXT_MAX)}…` : message
    const timestamp = new Date(wallClockMs()).toISOString()
    this.actors.set(actor, { message: text, level: level as LastError['level'], timestamp })
  }
}

function isKept({ level, fields }: LogRecord): boolean {
  return level === 'warn' || level === 'error' || level === 'fatal' || fields?.outcome === 'retry'
}
