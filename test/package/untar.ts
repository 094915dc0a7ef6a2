// Unpacks a tarball of npm: plain files with short names, below `package/`.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const BLOCK = 512
const FILE_TYPES = ['0', '\0']

/** Writes its files below `target`, without the `package/` in front. */
export function untar(tarball: string, target: string): void {
  const bytes = gunzipSync(readFileSync(tarball))
  const textAt = (start: number, length: number) =>
    bytes.toString('utf8', start, start + length).replace(/\0.*$/s, '')
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const [name, type] = [textAt(at, 100), bytes.toString('latin1', at + 156, at + 157)]
    const size = Number.parseInt(textAt(at + 124, 12), 8)
    const prefix = textAt(at + 345, 155)
    const from = at + BLOCK
    if (FILE_TYPES.includes(type)) {
      const path = join(target, ...`${prefix === '' ? '' : `${prefix}/`}${name}`.split('/').slice(1))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes.subarray(from, from + size))
    }
    at = from + Math.ceil(size / BLOCK) * BLOCK
  }
}
