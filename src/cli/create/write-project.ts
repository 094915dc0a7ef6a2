// Writes the files of a project into a directory that is new, or empty: all of them, or none.

import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError, messageOf } from '../../kernel/failure.js'
import { makeDirectory, removeDirectories } from '../../kernel/make-directory.js'
import { list } from '../../kernel/show.js'

/** Those that are named where something is there already. */
const NAMED_MAX = 5

/** Rejects with ERR_OPEN where the directory cannot be made, or is not empty; `name` is how the user calls it. */
export async function writeProject(
  directory: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const made: string[] = []
  const written: string[] = []
  try {
    made.push(...makeDirectory(directory))
    // A repository that has just been made is empty.
    const there = (await readdir(directory)).filter((each) => each !== '.git').sort()
    if (there.length > 0) throw new Error(notEmpty(there))
    // Somebody else may write now: nothing of theirs is overwritten either.
    for (const [path, text] of Object.entries(files)) await write(join(directory, path), text, written)
  } catch (cause) {
    for (const path of written) await rm(path, { force: true })
    removeDirectories(made)
    throw new MillraceError('ERR_OPEN', `create: ${name}: ${explain(cause)}`, { cause })
  }
}

async function write(path: string, text: string, written: string[]): Promise<void> {
  const file = await open(path, 'wx')
  written.push(path)
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
}

function notEmpty(there: readonly string[]): string {
  const named = there.slice(0, NAMED_MAX)
  const rest = there.length - named.length
  const all = rest > 0 ? `${named.join(', ')} and ${rest} more` : list(named)
  return `there is ${all} already; wanted an empty directory, or a new one`
}

function explain(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a file is in its way; wanted a directory'
  return messageOf(cause)
}
