// The version of this copy of the package.

import { readFileSync } from 'node:fs'

/** Reads it from the package's own package.json. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
