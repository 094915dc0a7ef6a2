// Topology modules that cannot be run, and what the error must say.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** There is no module at all. */
export const NONE = Symbol('no module')

/** A module: its threads tell that they imported it, its source that it was opened. */
const module = (body) => (index, folder) =>
  `
import { appendFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { blackhole, defineTopology, file, generator, lines } from ${index}
if (!isMainThread) appendFileSync(${JSON.stringify(join(folder, 'threads.ledger'))}, '#thread 0 \\n')
const folder = ${JSON.stringify(folder)}
const good = { name: 'good', source: generator({ count: 10 }), map: (message) => message, sink: blackhole() }
${body}
`
const topology = (fields) => module(`export default defineTopology({ ...good, ${fields} })`)

/** @type {Record<string, { text: ((index: string, folder: string) => string) | typeof NONE, says: RegExp, prepare?: (folder: string) => void }>} */
export const CASES = {
  'no module': { text: NONE, says: /^ERR_MODULE .*topology\.mjs/ },
  'syntax error': { text: module('export default {{'), says: /^ERR_MODULE .*topology\.mjs/ },
  'import that is missing': {
    text: module("import './nowhere.mjs'\nexport default defineTopology(good)"),
    says: /^ERR_MODULE .*nowhere\.mjs/,
  },
  'package that is missing': {
    text: module("import 'no-such-package'\nexport default defineTopology(good)"),
    says: /^ERR_MODULE .*no-such-package/,
  },
  'throws at import': {
    text: module("throw new Error('not today')\nexport default defineTopology(good)"),
    says: /^ERR_MODULE .*not today/,
  },
  'no default export': {
    text: module('export const topology = defineTopology(good)'),
    says: /^ERR_MODULE .*default/,
  },
  'default export is no topology': {
    text: module('export default good'),
    says: /^ERR_(MODULE|CONFIG) .*defineTopology/,
  },
  'handler is no function': { text: topology("map: 'shout'"), says: /^ERR_CONFIG .*map.*function/ },
  'handler in a stage is no function': {
    text: topology('map: { handler: 7 }'),
    says: /^ERR_CONFIG .*handler/,
  },
  'unknown option': { text: topology('limit: {}'), says: /^ERR_CONFIG .*limit.*limits/ },
  'unknown option of a stage': {
    text: topology('map: { handler: (m) => m, thread: 2 }'),
    says: /^ERR_CONFIG .*thread.*threads/,
  },
  'unknown option of a source': {
    text: topology("source: lines({ file: 'a' })"),
    says: /^ERR_CONFIG .*file/,
  },
  'no sink': { text: topology('sink: undefined'), says: /^ERR_CONFIG .*sink/ },
  'sink without write': { text: topology('sink: { read() {} }'), says: /^ERR_CONFIG .*write/ },
  'source without read': { text: topology('source: {}'), says: /^ERR_CONFIG .*read/ },
  'bad name': { text: topology("name: 'a b'"), says: /^ERR_CONFIG .*name/ },
  'bad number': { text: topology('limits: { inFlight: -1 }'), says: /^ERR_CONFIG .*inFlight.*-1/ },
  'bad order': { text: topology("order: 'keys'"), says: /^ERR_CONFIG .*order.*key/ },
  'route to nowhere': {
    text: topology("routes: [{ when: { and: ['a'] }, to: 'alert' }]"),
    says: /^ERR_CONFIG .*alert/,
  },
  'fallback that is not there': {
    text: topology("retry: { onExhausted: 'fallback' }"),
    says: /^ERR_CONFIG .*fallback/,
  },
  'too little memory': {
    text: topology('limits: { memoryBytes: 1000 }'),
    says: /^ERR_CONFIG .*memoryBytes.*got 1,?000/,
  },
  'input is missing': {
    text: topology("source: lines({ path: folder + '/nowhere.txt' })"),
    says: /^ERR_OPEN .*nowhere\.txt/,
  },
  'output in a missing directory': {
    text: topology("sink: file({ path: folder + '/nowhere/out' })"),
    says: /^ERR_OPEN .*nowhere/,
  },
  'output is a directory': {
    text: topology("sink: file({ path: folder + '/directory' })"),
    says: /^ERR_OPEN .*directory/,
    prepare: (folder) => mkdirSync(join(folder, 'directory')),
  },
}
