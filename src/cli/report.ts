// How an error is shown: what helps to find its cause, and as the last line `ERR_CODE where: what, wanted — what to do`.

import { ERRORS, type ErrorCode, isMillraceError, messageOf } from '../kernel/failure.js'

const CAUSES_MAX = 4

/** Gives the exit code for an error. */
export function codeOfExit(error: unknown): 1 | 2 {
  return ERRORS[codeOf(error)].exitCode
}

/** Gives the lines for stderr, with a line end. A stack is shown only where a user's code, or ours, threw it. */
export function errorText(error: unknown): string {
  const code = codeOf(error)
  const message = messageOf(error).trim() || 'an error without a message'
  // Each problem of a configuration is a line of its own; any other message is one line, whatever it quotes.
  const lines = code === 'ERR_CONFIG' ? message.split('\n') : [oneLine(message)]
  const last = lines.map((line) => `${code} ${line}`).join('\n')
  return [...detailOf(error, code), `${last} — ${ERRORS[code].remedy}`].join('\n').concat('\n')
}

/** Tells whether a sink failed because whoever read our stdout has gone, as `head` does. */
export function isClosedPipe(error: unknown): boolean {
  if (!isMillraceError(error) || error.code !== 'ERR_SINK') return false
  return chainOf(error).some(
    (each) => (each as { code?: unknown })?.code === 'EPIPE' || /\bEPIPE\b/.test(messageOf(each)),
  )
}

// An error of a newer copy of the package may have a code that we do not know.
function codeOf(error: unknown): ErrorCode {
  return isMillraceError(error) && error.code in ERRORS ? error.code : 'ERR_BUG'
}

function detailOf(error: unknown, code: ErrorCode): string[] {
  const [, ...causes] = chainOf(error)
  if (code === 'ERR_HANDLER' || code === 'ERR_THREAD')
    return (causes.length > 0 ? causes : [error]).flatMap(stackOf)
  if (code === 'ERR_BUG') return [...stackOf(error), ...causes.flatMap(stackOf)]
  // The message says in plain words what Node said in its own.
  if (code === 'ERR_MODULE') return []
  if (code === 'ERR_OPEN' && isOfSystem(causes[0])) causes.shift()
  let said = oneLine(messageOf(error))
  const lines: string[] = []
  for (const cause of causes) {
    const text = oneLine(messageOf(cause))
    if (text === '' || said.includes(text)) continue
    lines.push(`cause: ${text}`)
    said += text
  }
  return lines
}

/** ENOENT and the like. */
function isOfSystem(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === 'string'
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}

function stackOf(error: unknown): string[] {
  return error instanceof Error && error.stack !== undefined ? [error.stack] : [messageOf(error)]
}

function chainOf(error: unknown): unknown[] {
  const chain = [error]
  let last = error
  while (last instanceof Error && last.cause !== undefined && chain.length <= CAUSES_MAX) {
    last = last.cause
    chain.push(last)
  }
  return chain
}
