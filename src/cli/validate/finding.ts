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

/** Makes a finding of each line of an error: the lines of ERR_CONFIG are a problem each. */
export function errorsOf(thrown: unknown): Finding[] {
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
