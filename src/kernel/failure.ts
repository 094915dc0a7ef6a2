// Every error that Millrace raises, as one table: its code, what it means, what to do.
// The README's table is tested to be equal to this one.

export const ERRORS = {
  ERR_CONFIG: {
    meaning: 'The topology, an option or the environment is unusable.',
    remedy: 'Read the path in the message, and give what it wants there.',
    exitCode: 2,
  },
  ERR_MODULE: {
    meaning: 'The topology module cannot be loaded.',
    remedy: 'Check the path, its syntax, its imports, and that its default export is a topology.',
    exitCode: 2,
  },
  ERR_MESSAGE_TOO_LARGE: {
    meaning:
      'A source gave a record that is larger than limits.messageBytes, or whose keys, tags and headers are larger than 128 KiB.',
    remedy:
      'Raise limits.messageBytes (at most 64 MiB), make the headers smaller, or split the record before it is read.',
    exitCode: 1,
  },
  ERR_HANDLER: {
    meaning:
      "A map handler threw, rejected, or returned what is no message, and its retries are exhausted with onExhausted: 'stop'.",
    remedy: "Mend the handler; or give a fallback sink, or choose onExhausted: 'fallback', 'drop' or 'nack'.",
    exitCode: 1,
  },
  ERR_SINK: {
    meaning: "A sink failed a message, and its retries are exhausted with onExhausted: 'stop'.",
    remedy: "See the cause; give a fallback sink, or choose onExhausted: 'fallback', 'drop' or 'nack'.",
    exitCode: 1,
  },
  ERR_SINK_CONTRACT: {
    meaning: 'A sink did not answer each message of a batch exactly once, by its id.',
    remedy:
      'Return one Response for each message. The error names the ids. Check the sink with sinkContract() of millrace/testing.',
    exitCode: 1,
  },
  ERR_POISON: {
    meaning:
      'A record was alone in a handler or sink each time its thread died or hung, limits.poisonAfter times, and there is no fallback sink.',
    remedy:
      'See the cause, and mend the handler for this record; or give a fallback sink, which gets such records.',
    exitCode: 1,
  },
  ERR_SOURCE: {
    meaning: 'A source threw, or returned what is no list of records.',
    remedy: 'See the cause. Check the source with sourceContract() of millrace/testing.',
    exitCode: 1,
  },
  ERR_STORE: {
    meaning: 'A result store could not keep what it was given, or is not open.',
    remedy:
      'See the cause: make room on the disk, or see to it. Check a store of your own with resultStoreContract() of millrace/testing.',
    exitCode: 1,
  },
  ERR_OPEN: {
    meaning: 'A source or a sink could not be opened: a file is missing, a port is taken, access is denied.',
    remedy: 'See the cause: it names the file or the address.',
    exitCode: 2,
  },
  ERR_THREAD: {
    meaning: 'A thread died, or did not start in time.',
    remedy: 'See the cause and the thread named in the message.',
    exitCode: 1,
  },
  ERR_DRAIN: {
    meaning: 'The drain did not end within limits.graceMs.',
    remedy: 'See which actor held out; raise limits.graceMs, or lower sink.writeTimeoutMs.',
    exitCode: 1,
  },
  ERR_BUG: {
    meaning: 'An invariant of Millrace itself is broken.',
    remedy: 'Report it with the message and the stack.',
    exitCode: 1,
  },
} as const

export type ErrorCode = keyof typeof ERRORS

/** What is left of an error when it crosses threads: structured clone keeps neither name nor code. */
export type ErrorRecord = {
  code?: ErrorCode
  name: string
  message: string
  stack?: string
  cause?: ErrorRecord
}

const BRAND = Symbol.for('millrace.error')

/** An error with a code of the table above. `message` is `where: what, what was wanted`. */
export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly [BRAND] = true

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'MillraceError'
    this.code = code
  }
}

/** Tells whether a value is a MillraceError, of this copy of the package or of another. */
export function isMillraceError(value: unknown): value is MillraceError {
  return readSafely(() => typeof value === 'object' && value !== null && BRAND in value, false)
}

/** Gives the process's exit code for an error: 2 for unusable input, else 1. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return isMillraceError(error) ? ERRORS[error.code].exitCode : 1
}

/** Turns anything that was thrown into plain data that structured clone keeps. */
export function toErrorRecord(thrown: unknown, depth = 0): ErrorRecord {
  return readSafely(() => recordOf(thrown, depth), { name: 'Error', message: UNREADABLE })
}

function recordOf(thrown: unknown, depth: number): ErrorRecord {
  if (!(thrown instanceof Error)) return { name: 'Error', message: describe(thrown) }
  const record: ErrorRecord = { name: thrown.name, message: thrown.message }
  if (isMillraceError(thrown)) record.code = thrown.code
  if (typeof thrown.stack === 'string') record.stack = thrown.stack
  if (thrown.cause !== undefined && depth < 4) record.cause = toErrorRecord(thrown.cause, depth + 1)
  return record
}

/** Makes an error again of what toErrorRecord left. */
export function fromErrorRecord(record: ErrorRecord): Error {
  const options = record.cause === undefined ? undefined : { cause: fromErrorRecord(record.cause) }
  const error =
    record.code === undefined
      ? new Error(record.message, options)
      : new MillraceError(record.code, record.message, options)
  error.name = record.name
  if (record.stack !== undefined) error.stack = record.stack
  return error
}

/** Throws ERR_BUG unless the condition holds. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new MillraceError('ERR_BUG', what)
}

/** Gives a thrown value's message, whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return readSafely(() => (thrown instanceof Error ? String(thrown.message) : describe(thrown)), UNREADABLE)
}

const UNREADABLE = 'an error that throws when it is looked at'

/** What users throw may be anything: a proxy whose traps throw, too. */
function readSafely<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
