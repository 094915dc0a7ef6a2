// Which export of ours was probably meant by a name that is none. Other modules are not asked: that would run them.

import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { nearest } from '../kernel/nearest.js'

const SAID = /^The requested module '(.+?)' does not provide an export named '(.+?)'/

/** Takes Node's message and the file that imports. */
export async function nearestExport(message: string, importer: string): Promise<string | undefined> {
  const [, specifier, name] = SAID.exec(message) ?? []
  const url = specifier === undefined ? undefined : ours(specifier, importer)
  try {
    return url === undefined ? undefined : nearest(name, Object.keys(await import(url.href)))
  } catch {
    // millrace/testing needs a package that may not be there.
    return undefined
  }
}

function ours(specifier: string, importer: string): URL | undefined {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  try {
    const path = specifier.startsWith('file:')
      ? fileURLToPath(specifier)
      : createRequire(importer).resolve(specifier)
    return /^millrace(\/|$)/.test(specifier) || dirname(path) === root ? pathToFileURL(path) : undefined
  } catch {
    return undefined
  }
}
