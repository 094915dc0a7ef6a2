// Why a module could not be imported, in one line: where, what, what to do.
// Node's own errors name files by URL, hide the line of a syntax error, and suggest nothing.

import { dirname, extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMillraceError, MillraceError } from '../kernel/failure.js'
import { show } from '../kernel/show.js'
import { isTakenForCommonJs } from './commonjs.js'
import { didYouMean, pathText, placeText } from './module-file.js'

type Place = { path: string; line: string }

const SYNTAX_PROBE_MS = 5_000
const WANTED_ENDING = 'wanted a file that ends in .mjs, .js or .cjs'

/** What is said of the words of ES modules in a file that is taken for CommonJS. */
const OF_MODULES = /^Cannot use (import statement|'import\.meta') outside a module|^Unexpected token 'export'/

/** Makes an ERR_MODULE of what `import()` threw; a MillraceError stays one, with the line of the module that it is about. */
export async function explainImport(thrown: unknown, url: URL): Promise<MillraceError> {
  if (isMillraceError(thrown)) return withPlace(thrown)
  const place = placeText(url)
  const what = whatOf(thrown, url) + (await exportHint(thrown, url))
  const where = what.startsWith(`${place}:`) ? 'module ' : `module ${place}: `
  return new MillraceError('ERR_MODULE', where + what, { cause: thrown })
}

/** Each problem of a configuration is a line of its own. */
function withPlace(error: MillraceError): MillraceError {
  const place = at(ownPlace(framePlaces(error)))
  if (error.code !== 'ERR_CONFIG' || place === '') return error
  const message = error.message
    .split('\n')
    .map((line) => `${place}${line}`)
    .join('\n')
  return new MillraceError(error.code, message, { cause: error.cause })
}

function whatOf(thrown: unknown, url: URL): string {
  if (!(thrown instanceof Error)) return `it threw ${show(thrown)} while it was loaded`
  const message = thrown.message.split('\n')[0]
  switch ((thrown as { code?: unknown }).code) {
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return notFound(thrown) ?? message
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return unknownExtension(message)
    case 'ERR_REQUIRE_CYCLE_MODULE':
      return extname(url.pathname) === '' ? `it has no ending, ${WANTED_ENDING}` : message
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
    case 'ERR_IMPORT_ASSERTION_TYPE_MISSING':
      return jsonWithoutType(message, url)
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `${at(headerPlace(thrown))}${message}: Node only strips types; write it without, or run it with node --import tsx`
  }
  const ran = framePlace(thrown)
  if (ran !== undefined) return `${at(ran)}it threw while it was loaded: ${thrown.name}: ${message}`
  if (!(thrown instanceof SyntaxError)) return message
  // What an imported module lacks is a SyntaxError too.
  const kind = message.startsWith('The requested module') ? '' : 'syntax error: '
  const place = headerPlace(thrown) ?? probePlace(url)
  const path = place?.path ?? pathOf(url)
  if (OF_MODULES.test(message) && extname(path) === '') return `it has no ending, ${WANTED_ENDING}`
  return `${at(place)}${commonJsText(message, path) ?? `${kind}${message}`}`
}

function commonJsText(message: string, path: string): string | undefined {
  if (!OF_MODULES.test(message) || !isTakenForCommonJs(path)) return undefined
  const name = `it is taken for CommonJS: name it ${/ts$/.test(path) ? '.mts' : '.mjs'}`
  return /\.c[jt]s$/.test(path) ? name : `${name}, or write "type": "module" into package.json`
}

/** What was probably meant by a name that an import of ours lacks. */
async function exportHint(thrown: unknown, url: URL): Promise<string> {
  if (!(thrown instanceof SyntaxError) || !thrown.message.startsWith('The requested module')) return ''
  const { nearestExport } = await import('./nearest-export.js')
  const meant = await nearestExport(thrown.message, headerPlace(thrown)?.path ?? pathOf(url))
  return meant === undefined ? '' : `; did you mean ${meant}?`
}

function pathOf(url: URL): string {
  return url.protocol === 'file:' ? fileURLToPath(url) : ''
}

// "Cannot find package 'x' imported from /y", "Cannot find module '/x' imported from /y", "Cannot find module './x'\nRequire stack:\n- /y"
function notFound(error: Error): string | undefined {
  const found = /^Cannot find (?:package|module) '(.+?)'(?: imported from (.+))?$/m.exec(error.message)
  if (found === null) return undefined
  const importer = found[2] ?? /^- (.+)$/m.exec(error.message)?.[1]
  const by = importer === undefined ? '' : `, which ${pathText(importer)} imports`
  if (/^[./]|^[A-Za-z]:\\/.test(found[1])) {
    const path = resolve(importer === undefined ? '.' : dirname(importer), found[1])
    return `cannot find ${pathText(path)}${by}${didYouMean(path)}`
  }
  const name = found[1].split('/', found[1].startsWith('@') ? 2 : 1).join('/')
  return `cannot find the package "${name}"${by}; install it: npm install ${name}`
}

function unknownExtension(message: string): string {
  const path = / for (.+)$/.exec(message)?.[1] ?? ''
  if (extname(path) === '.tsx')
    return `no Node loads ${pathText(path)} by itself; name it .ts, or install tsx and run it with node --import tsx, or compile it to JavaScript`
  if (!/^\.[cm]?ts$/.test(extname(path))) return `${pathText(path)} is no JavaScript module, ${WANTED_ENDING}`
  return (
    `Node ${process.versions.node} cannot load ${pathText(path)} by itself; use Node 22.18 or later, ` +
    'or install tsx and run it with node --import tsx (or NODE_OPTIONS="--import tsx"), or compile it to JavaScript'
  )
}

function jsonWithoutType(message: string, url: URL): string {
  const json = /"(file:.+?)"/.exec(message)?.[1]
  if (json === url.href) return 'JSON, wanted a module with `export default defineTopology({ … })`'
  const path = json === undefined ? 'JSON' : pathText(fileURLToPath(json))
  return `${path} is imported without its type; write: import … with { type: 'json' }`
}

// Of what ran, the innermost line of the user's: no package's, none of Node or of ours.
function framePlace(error: Error): Place | undefined {
  const places = framePlaces(error)
  return ownPlace(places) ?? places[0]
}

function ownPlace(places: readonly Place[]): Place | undefined {
  const ours = dirname(dirname(fileURLToPath(import.meta.url)))
  return places.find(({ path }) => !path.includes('node_modules') && !path.startsWith(ours))
}

function framePlaces(error: Error): Place[] {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const end = frames.findIndex((line) => line.includes('node:internal/modules/'))
  return frames
    .slice(0, end === -1 ? frames.length : end)
    .flatMap((line) => placeIn(/\(?([^()\s]+):(\d+):\d+\)?$/.exec(line)))
}

// Node puts `file:line` above the stack of some syntax errors…
function headerPlace(error: Error): Place | undefined {
  return placeIn(/^(.+):(\d+)$/.exec((error.stack ?? '').split('\n')[0]))[0]
}

// …and of others only when it prints them as it dies. So a child imports the module once more, as far as it gets.
function probePlace(url: URL): Place | undefined {
  // Every thread imports this file: a child is for few.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const child = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `import(${JSON.stringify(url.href)})`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: SYNTAX_PROBE_MS,
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )
  return placeIn(/^(file:.+):(\d+)$/m.exec(child.stderr ?? ''))[0]
}

function placeIn(match: RegExpExecArray | null): Place[] {
  if (match === null || match[1].startsWith('node:')) return []
  const path = match[1].startsWith('file:') ? fileURLToPath(match[1].split('?')[0]) : match[1]
  return /^\/|^[A-Za-z]:\\/.test(path) ? [{ path, line: match[2] }] : []
}

function at(place: Place | undefined): string {
  return place === undefined ? '' : `${pathText(place.path)}:${place.line}: `
}
