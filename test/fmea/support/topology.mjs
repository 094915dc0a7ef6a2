// Requests and their answers. Bodies say what a handler does; files in a folder, made from outside, say what goes wrong.
// In the ledger is a line for each step that a message has taken.
import { existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { defineTopology, lmdbResults, memoryResults, respond, serving } from '../../../dist/index.js'

const {
  FOLDER,
  PORT,
  RESULTS = 'memory',
  BYTES = '16777216',
  OPTIONS = '{}',
  MAP = '{}',
  LIMITS = '{}',
} = process.env
const BIG_PARTS = 8
const BIG_BYTES = 900_000

const is = (name) => existsSync(join(FOLDER, name))
/** Open from the start: it can be written when no more descriptors are to be had. */
const ledger = openSync(join(FOLDER, 'ledger'), 'a')
const note = (step, id) => writeSync(ledger, `${step} ${id}\n`)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The thread dies; where it is said `once`, only the first time that it meets this body. */
function dieOf(text, way, end = () => process.exit(3)) {
  if (!text.startsWith(way)) return
  const mark = join(FOLDER, `died-${Buffer.from(text).toString('hex')}`)
  if (existsSync(mark) && text.includes(' once')) return
  writeFileSync(mark, '')
  end()
}

/** The whole process dies, at this very place. */
function abort() {
  process.kill(process.pid, 'SIGABRT')
  for (;;);
}

async function handler(message) {
  const text = message.text()
  note('begun', message.id)
  dieOf(text, 'exits')
  dieOf(text, 'aborts', abort)
  while (is('shut') || (is('closed') && text.startsWith('holds'))) await pause(5)
  if (is('down')) throw new Error('the model is down\n    at a secret of the stack')
  if (text.startsWith('big')) return Array.from({ length: BIG_PARTS }, () => 'x'.repeat(BIG_BYTES))
  if (text.startsWith('odd header')) return text
  return `done ${text}`
}

/** Dies with what it has just taken. */
function mortal(source) {
  const check = (records) => {
    for (const { value } of records ?? []) dieOf(String(value), 'kills the source')
    return records
  }
  return {
    ...source,
    read(max) {
      const records = source.read(max)
      return records instanceof Promise ? records.then(check) : check(records)
    },
  }
}

/** Writes down what is to be kept, and what is; fails as long as there is a file `full`, and keeps nothing while there is `slow`. */
function watched(store) {
  const canWrite = () => {
    if (is('full')) throw new Error('no space left on device: /secret/path')
  }
  return {
    ...store,
    async accept(id, request) {
      canWrite()
      return store.accept(id, request)
    },
    async finish(id, result) {
      canWrite()
      note('answered', id)
      while (is('slow')) await pause(5)
      await store.finish(id, result)
      note('kept', id)
    },
  }
}

const results = RESULTS === 'memory' ? memoryResults() : lmdbResults({ path: RESULTS, bytes: Number(BYTES) })
const hasToken = (value) => typeof value === 'object' && value !== null && typeof value.token === 'string'
const schema = {
  '~standard': {
    version: 1,
    vendor: 'fmea',
    validate: (value) =>
      hasToken(value) ? { value } : { issues: [{ message: 'wanted a token', path: ['token'] }] },
  },
}
/** A lookup without an answer. */
const silent = { '~standard': { version: 1, vendor: 'fmea', validate: () => new Promise(() => {}) } }

export default defineTopology({
  name: 'fmea',
  source: mortal(
    serving({
      port: Number(PORT),
      results: watched(results),
      routes: [
        { tag: 'schema', path: '/schema', schema },
        { tag: 'never', path: '/never', schema: silent },
        {
          tag: 'broken',
          path: '/broken',
          when: () => {
            throw new Error('a secret of the route')
          },
        },
      ],
      ...JSON.parse(OPTIONS),
    }),
  ),
  map: {
    threads: 1,
    retry: { attempts: 2, backoff: { initialMs: 1, maxMs: 5 } },
    handler,
    ...JSON.parse(MAP),
  },
  sink: respond((message) =>
    message.text().startsWith('odd header')
      ? { headers: { 'x-odd': readFileSync(join(FOLDER, 'odd'), 'utf8') } }
      : {},
  ),
  limits: { graceMs: 15_000, ...JSON.parse(LIMITS) },
})
