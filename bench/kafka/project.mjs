// The package as a user of the optional client has it: what is built, beside the version of @platformatic/kafka for this Node.

import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const [major, minor] = process.versions.node.split('.').map(Number)
const hasVersion2 = major > 22 || (major === 22 && minor >= 22)

/** The client that its hand-written loops use, too. */
export const PLATFORMATIC = hasVersion2 ? 'platformatic-kafka-2' : 'platformatic-kafka-1'

/** Makes it in a directory; gives the URL to import. */
export function makeProject(directory) {
  const modules = join(directory, 'node_modules')
  const millrace = join(modules, 'millrace')
  cpSync(join(ROOT, 'dist'), join(millrace, 'dist'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(millrace, 'package.json'))
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) link(name, join(modules, name))
  link(PLATFORMATIC, join(modules, '@platformatic', 'kafka'))
  return pathToFileURL(join(millrace, 'dist', 'index.js')).href
}

function link(name, path) {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules', name), path, 'junction')
}
