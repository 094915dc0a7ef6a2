// The rules of the house: who may import whom, who may touch shared memory, clock and chance, and how long a file may be.
// Every exception is listed with its reason; one that is not needed any more is a failure too.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../support/child.js'
import { codeOf, cycleIn, type Import, importsOf } from '../support/imports.js'

const LINES_MAX = 300

/** Longer than LINES_MAX, and why. */
const LONG_FILES: Record<string, string> = {
  'src/actors/sink-queue.ts': 'who is next: lanes, retries and suspects decide it together',
  'src/kernel/codec.ts': 'writing and reading of one format, side by side',
  'src/sources/requests/exchanges.ts': 'one state machine: who waits for what, from the body to the end',
}

/** What each folder of src may import besides itself. Sources and sinks: see below. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  kernel: [],
  http: ['kernel'],
  // What it looks at: the contract of a running topology.
  admin: ['kernel', 'http', 'topology/running.ts'],
  actors: ['kernel', 'sources/source.ts', 'sinks/sink.ts', 'sinks/response.ts'],
  tracing: ['kernel', 'actors', 'sources/source.ts', 'sinks/sink.ts', 'sinks/response.ts'],
  store: ['kernel'],
  kafka: ['kernel'],
  results: ['kernel', 'store'],
  topology: [
    'kernel',
    'actors',
    'admin',
    'tracing',
    'replay',
    'sources/source.ts',
    'sinks/sink.ts',
    'sinks/response.ts',
  ],
  replay: ['kernel', 'sources', 'store/owner.ts'],
  cli: ['kernel', 'topology', 'replay', 'admin/tap-message.ts', 'kafka/connection.ts'],
  testing: [
    'kernel',
    'kafka',
    'topology',
    'sources/source.ts',
    'sinks/sink.ts',
    'sinks/response.ts',
    'results/result-store.ts',
  ],
  sources: ['kernel', 'store', 'http', 'results', 'kafka'],
  sinks: ['kernel', 'kafka'],
  'kafka.ts': ['kernel', 'sources', 'sinks'],
  'main.ts': ['cli'],
  'index.ts': ['kernel', 'kafka.ts', 'actors', 'topology', 'results', 'sources', 'sinks'],
  'thread-entry.cts': ['index.ts', 'topology'],
}

/** Files with default exports. */
const DEFAULT_EXPORTS: Record<string, string> = {
  'src/cli/create/custom-template.ts': 'the text of a topology module',
  'src/cli/create/http-template.ts': 'the text of a topology module',
  'src/cli/create/lines-template.ts': 'the text of a topology module',
  'src/topology/thread.ts': 'the pool runs the default export of a module',
}

/** Files outside the kernel that make shared memory. */
const SHARED_MEMORY: Record<string, string> = {
  'src/topology/memory.ts': 'makes the memory of a plan, and touches nothing in it',
}

/** Who uses time or chance, and why. */
const TIME_AND_CHANCE: Record<string, string> = {
  'src/kernel/clock.ts': 'the clock',
  'src/kernel/runner.ts': 'turns actors',
  'src/kernel/deadline.ts': 'the one deadline for promises',
  'src/http/http2-body.ts': 'lets Node send the end of an answer first',
  'src/http/http2-sessions.ts': 'looks who takes too long',
  'src/admin/admin-state.ts': 'takes a sample each second',
  'src/admin/page/page-script.ts': 'the text of a script: the page asks again',
  'src/admin/tap-hub.ts': 'looks at the mailboxes that are tapped',
  'src/kafka/ticker.ts': 'the clock of a session with Kafka',
  'src/kafka/wait.ts': 'the pause between two tries',
  'src/topology/supervisor.ts': 'the grace of a drain',
  'src/topology/thread-hands.ts': 'the watchdog looks at the threads',
  'src/topology/thread-keeper.ts': 'the delay of a restart',
  'src/topology/thread.ts': 'throws what ends its thread from a turn of its own',
  'src/topology/crew.ts': "looks at the source's lag",
  'src/store/host-process.ts': 'the deadlines of a host',
  'src/cli/create/custom-template.ts': 'the text of a source that gives again after a delay',
  'src/cli/io.ts': 'the timers of the command line, in one place that tests replace',
  'src/sources/requests/ticker.ts': 'the time of requests that wait',
  'src/sources/support/waiter.ts': 'the one wait of a read',
  'src/testing/deadline.ts': 'the deadlines of the suites',
  'src/testing/world.ts': 'lets promises settle; its time is its own',
}

const textOf = (path: string) => readFileSync(ROOT + path, 'utf8')
const sourceFiles = filesIn('src', /\.c?ts$/)
const codeFiles = [...sourceFiles, ...filesIn('bench', /\.mjs$/), ...filesIn('examples', /\.mjs$/)]

function filesIn(folder: string, name: RegExp): string[] {
  return readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => name.test(path))
    .sort()
}

/** All imports of src, without `src/`. */
const imports = sourceFiles.flatMap((path) => {
  const from = path.slice('src/'.length)
  return importsOf(from, textOf(path)).map((each): Import & { from: string } => ({ from, ...each }))
})

const folderOf = (path: string) => path.split('/')[0]
/** Whose it is: `sources/lines.ts` and `sources/lines/…` are one connector. */
const connectorOf = (path: string) => path.split('/')[1].replace(/\.ts$/, '')

/** Files whose code matches, which must be those that are listed. */
function expectListed(pattern: RegExp, listed: Record<string, string>, where: RegExp = /^src\//): void {
  const found = sourceFiles.filter((path) => where.test(path) && pattern.test(codeOf(textOf(path))))
  expect(found).toEqual(Object.keys(listed).sort())
}

describe('imports', () => {
  test('every file imported is there', () => {
    expect(imports.length).toBeGreaterThan(300)
    for (const { from, to } of imports) expect(existsSync(`${ROOT}src/${to}`), `${from} → ${to}`).toBe(true)
  })

  test('they point one way', () => {
    const wrong = imports.filter(({ from, to }) => {
      const folder = folderOf(from)
      return (
        folderOf(to) !== folder && !MAY_IMPORT[folder].some((may) => to === may || to.startsWith(`${may}/`))
      )
    })
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
  })

  test('sources and sinks know their contract and their own files, and not each other', () => {
    const contracts = ['sources/source.ts', 'sinks/sink.ts', 'sinks/response.ts']
    const foreign = imports.filter(({ from, to }) => {
      const within = folderOf(from) === folderOf(to) && ['sources', 'sinks'].includes(folderOf(from))
      return (
        within &&
        !contracts.includes(to) &&
        !contracts.includes(from) &&
        connectorOf(from) !== connectorOf(to)
      )
    })
    // What several connectors use lies in files of its own, and imports no connector.
    const isShared = (path: string) =>
      path === 'sinks/write-all.ts' || /^sources\/(support|requests)\//.test(path)
    const pairs = foreign.filter(({ to }) => !isShared(to)).map(({ from, to }) => `${from} → ${to}`)
    expect(pairs).toEqual([])
  })

  test('there is no cycle', () => {
    const graph = new Map<string, string[]>()
    for (const { from, to, type } of imports) if (!type) graph.set(from, [...(graph.get(from) ?? []), to])
    expect(cycleIn(graph)).toBeUndefined()
  })

  test('there is no barrel below src/, but for that of millrace/testing', () => {
    const barrels = sourceFiles.filter((path) => basename(path) === 'index.ts')
    expect(barrels).toEqual(['src/index.ts', 'src/testing/index.ts'])
  })

  test('only modules that are loaded by name have a default export', () => {
    expectListed(/^export default\b/m, DEFAULT_EXPORTS)
  })
})

describe('code', () => {
  test('only the kernel uses atomic operations, and nobody else but the plan makes shared memory', () => {
    expectListed(/\bAtomics\./, {}, /^src\/(?!kernel\/)/)
    expectListed(/\bnew SharedArrayBuffer\b/, SHARED_MEMORY, /^src\/(?!kernel\/)/)
  })

  test('clock and chance are handed in', () => {
    expectListed(
      /\b(Date\.now|new Date\(\)|Math\.random|setTimeout|setInterval|setImmediate|performance\.now|process\.hrtime)\b/,
      TIME_AND_CHANCE,
    )
  })

  test('only the command line ends the process', () => {
    expectListed(/\bprocess\.exit\(/, {
      'src/cli/io.ts': 'for the verbs',
      'src/main.ts': 'for all else',
    })
  })

  test('nothing is left to do', () => {
    const words = ['TO' + 'DO', 'FIX' + 'ME'].join('|')
    const all = [...codeFiles, ...filesIn('test', /\.m?ts$/)]
    expect(all.filter((path) => new RegExp(`\\b(${words})\\b`).test(textOf(path)))).toEqual([])
  })

  test(`files over ${LINES_MAX} lines have a reason`, () => {
    const long = codeFiles.filter((path) => textOf(path).split('\n').length - 1 > LINES_MAX)
    expect(long).toEqual(Object.keys(LONG_FILES).sort())
  })
})

describe('this test sees', () => {
  test('imports of values and of types', () => {
    const text = `import a from './a.js'
import type { B } from '../b.js'
import { type C, type D } from './c.js'
import { type E, f } from './e.js'
export { g } from './g.js'
import {
  type H,
  i,
} from './h.js'
import k from 'node:fs'
import './k.js'
const later = () => import('./l.js')
`
    expect(importsOf('x/y.ts', text)).toEqual([
      { to: 'x/a.ts', type: false },
      { to: 'b.ts', type: true },
      { to: 'x/c.ts', type: true },
      { to: 'x/e.ts', type: false },
      { to: 'x/g.ts', type: false },
      { to: 'x/h.ts', type: false },
      { to: 'x/k.ts', type: false },
      { to: 'x/l.ts', type: false },
    ])
  })

  test('code, and not comments', () => {
    const text = "// Date.now\nconst a = 'http://b' // Date.now\n/* Date.now\n Date.now */\nconst c = 1\n"
    expect(codeOf(text)).toBe("\nconst a = 'http://b' \n\nconst c = 1\n")
  })

  test('cycles', () => {
    const edges: [string, string[]][] = [
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', []],
    ]
    expect(cycleIn(new Map(edges))).toBeUndefined()
    expect(cycleIn(new Map([...edges, ['d', ['c']]]))).toEqual(['d', 'c', 'd'])
  })
})
