// Writes a file that is there as a whole, or not at all: a disk that is full leaves what was there before.

import { randomUUID } from 'node:crypto'
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'

/** Resolves when it is written. Rejects with the system's error. */
export async function writeWhole(path: string, text: string): Promise<void> {
  // Of a link, what it leads to.
  const target = await realpath(path).catch(() => path)
  const there = await stat(target).catch(() => undefined)
  // A pipe or a device is no file that could be replaced.
  if (there !== undefined && !there.isFile()) return writeFile(target, text)
  const part = `${target}.${randomUUID()}.part`
  try {
    await writeFile(part, text, { flag: 'wx', ...(there !== undefined && { mode: there.mode }) })
    await rename(part, target)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
