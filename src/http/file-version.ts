// Tells whether a file has changed, without reading it.

import { statSync } from 'node:fs'
import { countText } from '../kernel/count-text.js'

/** Changes with the file: also where a link leads to another one. Throws where it is not there, or is too large to be read. */
export function fileVersion(path: string, bytesMax: number): string {
  const { mtimeMs, ctimeMs, size, ino } = statSync(path)
  if (size > bytesMax)
    throw new Error(`it has ${countText(size)} bytes, wanted at most ${countText(bytesMax)}`)
  return `${mtimeMs} ${ctimeMs} ${size} ${ino}`
}
