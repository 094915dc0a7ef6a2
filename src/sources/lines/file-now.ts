// An open file, as it is now.

import { type BigIntStats, closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BytesAt } from './fingerprint.js'

export type FileNow = {
  /** Absolute. */
  path: string
  /** Where it lies in its file system, whatever its name: `device:inode`. */
  place: string
  bytes: number
  bytesAt: BytesAt
}

export function fileNow(path: string, fd: number): FileNow {
  const stat = fstatSync(fd, { bigint: true })
  const bytesAt: BytesAt = (offset, bytes) => {
    const buffer = Buffer.alloc(bytes)
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, offset))
  }
  return { path: resolve(path), place: placeOf(stat), bytes: Number(stat.size), bytesAt }
}

/** Gives what `look` finds of a file that is opened for it; undefined where it cannot be opened. */
export function withFile<Result>(path: string, look: (file: FileNow) => Result): Result | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    return look(fileNow(path, fd))
  } finally {
    closeSync(fd)
  }
}

export function placeOf({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`
}
