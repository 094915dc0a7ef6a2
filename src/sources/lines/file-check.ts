// Looks whether files can be read as lines, and whether a checkpoint could be kept, without opening anything.

import { accessSync, constants, statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import { statDescriptor } from '../../kernel/stat-descriptor.js'
import { checkDirectory } from '../../store/check-directory.js'

/**
 * Throws ERR_OPEN, with all that is wrong (in the cause each by itself), unless each path is a regular file that may be read (`-` is the descriptor of stdin),
 * and the directory of the checkpoint, if there is one, can be written, or made where nothing is.
 */
export function checkFiles(paths: readonly string[], stdinFd: number, checkpoint?: string): void {
  const problems = paths.map((path) =>
    path === '-' ? problemOf('stdin', () => checkStdin(stdinFd)) : problemOf(path, () => checkFile(path)),
  )
  if (checkpoint !== undefined)
    problems.push(problemOf(`checkpoint: ${checkpoint}`, () => checkDirectory(checkpoint)))
  const found = problems.filter((problem) => problem !== undefined)
  if (found.length === 0) return
  const errors = found.map(({ text, cause }) => new MillraceError('ERR_OPEN', `lines: ${text}`, { cause }))
  if (errors.length === 1) throw errors[0]
  const all = `lines: ${found.map(({ text }) => text).join('; ')}`
  throw new MillraceError('ERR_OPEN', all, { cause: new AggregateError(errors) })
}

/** Throws unless a path is a regular file; before it is opened: to open a pipe would wait for its writer, and block the thread. */
export function checkIsFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new Error(`no such file${isAbsolute(path) ? '' : ` (${resolve(path)})`}`)
  if (stat.isDirectory()) throw new Error('EISDIR: it is a directory, wanted a file')
  if (!stat.isFile()) throw new Error('it is no regular file, and can be read once only: give it on stdin')
}

function checkFile(path: string): void {
  checkIsFile(path)
  accessSync(path, constants.R_OK)
}

function checkStdin(fd: number): void {
  if (statDescriptor(fd).isDirectory()) throw new Error('EISDIR: it is a directory, wanted a file or a pipe')
}

function problemOf(what: string, look: () => void): { text: string; cause: unknown } | undefined {
  try {
    look()
    return undefined
  } catch (cause) {
    return { text: `${what}: ${messageOf(cause)}`, cause }
  }
}
