// One thing that validate has found.

import { type ErrorCode, isMillraceError, MillraceError, messageOf } from '../../kernel/failure.js'

export type Finding = {
  level: 'error' | 'warning'
  code?: ErrorCode
  message: string
  /** As a run would end with it. */
  error?: MillraceError
}

export function warning(message: string): Finding {
  return { level: 'warning', message }
}

/** Makes a finding of each problem of an error: of each line of an ERR_CONFIG, and of each error that it sums up. */
export function errorsOf(thrown: unknown): Finding[] {
  const parts = isMillraceError(thrown) && thrown.cause instanceof AggregateError ? thrown.cause.errors : []
  // Others are what a system call failed with, at each address that a name has.
  if (parts.length > 0 && parts.every(isMillraceError)) return parts.flatMap(errorsOf)
  const error = isMillraceError(thrown)
    ? thrown
    : new MillraceError('ERR_BUG', messageOf(thrown), { cause: thrown })
  const { code } = error
  const lines = code === 'ERR_CONFIG' ? error.message.split('\n') : [error.message]
  return lines.map((message) => ({
    level: 'error',
    code,
    message,
    error: new MillraceError(code, message, { cause: error.cause }),
  }))
}
