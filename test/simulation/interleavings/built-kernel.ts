// Copies of the built kernel, with changes or without, in a folder of their own: what is explored is what ships, and a build that
// happens meanwhile changes nothing.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../../support/child.js'
import type { Change } from './mutants.js'

export class BuiltKernels {
  private readonly folder = mkdtempSync(join(tmpdir(), 'millrace-interleavings-'))
  private count = 0

  constructor() {
    cpSync(`${ROOT}dist/kernel`, join(this.folder, 'original'), { recursive: true })
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }')
  }

  /** Gives the URL of a kernel's folder. Throws unless each change finds exactly one place. */
  with(changes: readonly Change[]): string {
    const folder = join(this.folder, `kernel-${++this.count}`)
    cpSync(join(this.folder, 'original'), folder, { recursive: true })
    for (const { file, find, replace } of changes) {
      const path = join(folder, file)
      const text = readFileSync(path, 'utf8')
      const places =
        typeof find === 'string'
          ? text.split(find).length - 1
          : [...text.matchAll(new RegExp(find, 'g'))].length
      if (places !== 1) throw new Error(`${file}: ${find} is there ${places} times, wanted once`)
      writeFileSync(
        path,
        typeof find === 'string' ? text.split(find).join(replace) : text.replace(find, replace),
      )
    }
    return pathToFileURL(folder).href
  }

  close(): void {
    rmSync(this.folder, { recursive: true })
  }
}
