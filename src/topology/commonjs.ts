// Whether Node takes a file for CommonJS, whatever is in it.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Tells it by the file's ending, or by the nearest package.json; without a word there, Node looks into the file. */
export function isTakenForCommonJs(path: string): boolean {
  if (/\.c[jt]s$/.test(path)) return true
  return /\.[jt]s$/.test(path) && typeIn(dirname(path)) === 'commonjs'
}

function typeIn(directory: string): unknown {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).type
  } catch (error) {
    const parent = dirname(directory)
    const isThere = (error as { code?: string }).code !== 'ENOENT'
    return isThere || parent === directory ? undefined : typeIn(parent)
  }
}
