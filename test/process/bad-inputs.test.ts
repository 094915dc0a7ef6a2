// What people get wrong, and what they are told: for each bad input exit code 2, nothing on stdout, no stack, and one clear line
// for each problem, with the place where there is one. Each of these texts was read by a person.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAIN, ROOT, runNode } from '../support/child.js'

const INDEX = JSON.stringify(`file://${ROOT}dist/index.js`)
const HEAD = `import { blackhole, defineTopology, file, generator, http, lines, log } from ${INDEX}
const good = { name: 'good', source: generator({ count: 3 }), map: (message) => message, sink: blackhole() }
`
/** A module that defines a topology with these fields, on its third line. */
const topology = (fields: string) => `${HEAD}export default defineTopology({ ...good, ${fields} })\n`

const FILES: Record<string, string | Buffer> = {
  'good.mjs': topology(''),
  'empty.mjs': '',
  'binary.mjs': Buffer.from([0, 255, 254, 1, 2, 3]),
  'syntax.mjs': `${HEAD}const a = {\n  b: 1,,\n}\n`,
  'import.mjs': "import './god.mjs'\n",
  'package.mjs': "import 'no-such-package'\n",
  'name.mjs': `import { topolgy } from ${INDEX}\n`,
  'throws.mjs': `${HEAD}\nthrow new Error('not today')\n`,
  'throws-null.mjs': 'throw null\n',
  'rejects-null.mjs': `${HEAD}Promise.reject(null)\nexport default defineTopology(good)\n`,
  'rejects.mjs': `${HEAD}Promise.reject(new Error('too late'))\nexport default defineTopology(good)\n`,
  'timer.mjs': `${HEAD}setTimeout(() => { throw new TypeError('in a timer') })\nexport default defineTopology(good)\n`,
  'exits.mjs': `${HEAD}process.exit(3)\n`,
  'no-default.mjs': `${HEAD}export const topology = defineTopology(good)\n`,
  'raw.mjs': `${HEAD}export default good\n`,
  'promise.mjs': `${HEAD}export default Promise.resolve(defineTopology(good))\n`,
  'async.mjs': `${HEAD}export default async () => defineTopology(good)\n`,
  'endless.mjs': 'await new Promise(() => {})\n',
  'circle.mjs': "import { other } from './circle-2.mjs'\nexport const name = 'a'\nexport default other\n",
  'circle-2.mjs': `${HEAD}import { name } from './circle.mjs'\nexport const other = defineTopology({ ...good, name })\n`,
  'handler.mjs': topology("map: 'shout'"),
  'handler-called.mjs': topology('map: { handler: 7 }'),
  'no-handler.mjs': topology('map: { threads: 2 }'),
  'option.mjs': topology('limit: {}'),
  'option-deep.mjs': topology('retry: { atempts: 3, backoff: { initial: 3 } }'),
  'option-source.mjs': topology("source: lines({ pth: 'a' })"),
  'option-sink.mjs': topology("sink: file({ path: 'a', format: 'jsn' })"),
  'several.mjs': topology("order: 'keys', limits: { inFlight: -1, graceMs: 'soon' }"),
  'twice.mjs': topology("map: [{ handler: (m) => m, name: 'a' }, { handler: (m) => m, name: 'a' }]"),
  'reserved.mjs': topology('sinks: { sink: blackhole() }'),
  'called.mjs': topology("name: 'a b'"),
  'no-sink.mjs': topology('sink: undefined'),
  'sink.mjs': topology('sink: { read() {} }'),
  'sink-promise.mjs': topology('sink: Promise.resolve(blackhole())'),
  'source.mjs': topology('source: class Mine {}'),
  'route.mjs': topology("routes: [{ when: { and: ['a'] }, to: 'alert' }], sinks: { alerts: blackhole() }"),
  'fallback.mjs': topology("retry: { onExhausted: 'fallback' }"),
  'memory.mjs': topology('limits: { memoryBytes: 70_000 }'),
  'threads.mjs': topology('threads: 4'),
  'null.mjs': `${HEAD}export default defineTopology(null)\n`,
  'changes.mjs': topology('name: String(Math.random())'),
  'input.mjs': topology("source: lines({ path: 'nowhere.txt' })"),
  'input-folder.mjs': topology("source: lines({ path: 'folder' })"),
  'output.mjs': topology("sink: file({ path: 'no/where' })"),
  'output-folder.mjs': topology("sink: file({ path: 'folder' })"),
  'all-ends.mjs': topology("source: lines({ path: 'nowhere.txt' }), sink: file({ path: 'folder' })"),
  'inputs.mjs': topology("source: lines({ path: ['nowhere.txt', 'good.mjs', 'folder'] })"),
  'checkpoint.mjs': topology("source: lines({ path: 'good.mjs', checkpoint: 'good.mjs' })"),
  'check.mjs': topology(
    "sink: { check: () => Promise.reject(new Error('no answer from db:1')), write: () => [] }",
  ),
  'check-null.mjs': topology('sink: { check() { throw null }, write: () => [] }'),
  'open.mjs': topology("sink: { open() { throw new Error('locked') }, write: () => [] }"),
  'port.mjs': topology('source: http({ port: 70_000 })'),
  'busy-admin.mjs': topology('admin: { port: Number(process.env.BUSY) }'),
  'same-port.mjs': topology(
    'source: http({ port: Number(process.env.FREE) }), admin: { port: Number(process.env.FREE) }',
  ),
  'busy.mjs': topology('source: http({ port: Number(process.env.BUSY) })'),
  'data.json': '{}',
  'text.txt': 'hello',
  'odd név.mjs': `${HEAD}throw new Error('odd name')\n`,
  'folder/topology.mjs': topology(''),
  'dead.jsonl': 'a\n',
}

/** `says`: the last lines of stderr, without what is to be done; a pattern where the text depends on the run. */
type Row = { args: string; says: string | RegExp; env?: Record<string, string> }

const run = (args: string, says: Row['says'], env?: Row['env']): Row => ({
  args: `run --quiet ${args}`,
  says,
  ...(env && { env }),
})
const rowOf = (args: string, says: Row['says'], env?: Row['env']): Row => ({
  args,
  says,
  ...(env && { env }),
})
const usage = (args: string, says: string, env?: Row['env']) => {
  const verb = args.split(' ')[0]
  const where = says.startsWith('unknown verb') || verb.startsWith('-') ? 'millrace' : `millrace ${verb}`
  return rowOf(args, `${where}: ${says} (see ${where} --help)`, env)
}

const TABLE: Row[] = [
  // The command line.
  usage('rnu good.mjs', 'unknown verb "rnu"; did you mean run?'),
  usage('good.mjs', 'unknown verb "good.mjs"; did you mean millrace run good.mjs?'),
  usage('--hlep', 'unknown option --hlep; did you mean --help?'),
  usage('run', '<module> is missing'),
  usage('run good.mjs more', '"more" is one argument too many'),
  usage('run good.mjs --jsn', 'unknown option --jsn; did you mean --json?'),
  usage(
    'run good.mjs --threads 3',
    '--threads: got "3", wanted 0 (the topology says how many threads it has)',
  ),
  usage('run good.mjs --restarts x', '--restarts: got "x", wanted a whole number from 0 to 1,000,000'),
  usage(
    'run good.mjs --log-level inof',
    '--log-level: got "inof", wanted one of trace, debug, info, warn, error, fatal; did you mean info?',
  ),
  usage(
    'run good.mjs',
    'MILLRACE_LOG_LEVEL: got "loud", wanted one of trace, debug, info, warn, error, fatal',
    {
      MILLRACE_LOG_LEVEL: 'loud',
    },
  ),
  usage('validate', '<module> is missing'),
  usage('validate good.mjs --no-conect', 'unknown option --no-conect; did you mean --no-connect?'),
  usage(
    'graph good.mjs --format mermiad',
    '--format: got "mermiad", wanted one of text, mermaid, json; did you mean mermaid?',
  ),
  usage('schema good.mjs', '"good.mjs" is one argument too many'),
  usage('create', '<directory> is missing'),
  usage(
    'create new --template lnes',
    '--template: got "lnes", wanted one of lines, http, custom; did you mean lines?',
  ),
  usage('replay good.mjs', '<file> is missing'),
  usage(
    'replay good.mjs dead.jsonl --only reson=x',
    '--only: got "reson=x", wanted <field>=<text> with one of reason, error, stage, id, key, tag; did you mean reason?',
  ),
  usage(
    'replay good.mjs dead.jsonl --from sik',
    '--from: got "sik", wanted one of map, sink; did you mean sink?',
  ),
  // What is no module.
  run('nothere.mjs', 'ERR_MODULE module nothere.mjs: no such file'),
  run('godo.mjs', 'ERR_MODULE module godo.mjs: no such file; did you mean good.mjs?'),
  run(
    'folder',
    'ERR_MODULE module folder: a directory, wanted a module file; did you mean folder/topology.mjs?',
  ),
  run('binary.mjs', 'ERR_MODULE module binary.mjs:1: syntax error: Invalid or unexpected token'),
  run(
    'data.json',
    'ERR_MODULE module data.json: JSON, wanted a module with `export default defineTopology({ … })`',
  ),
  run(
    'text.txt',
    'ERR_MODULE module text.txt: text.txt is no JavaScript module, wanted a file that ends in .mjs, .js or .cjs',
  ),
  run('file:///good.mjs', 'ERR_MODULE module file:///good.mjs: a URL, wanted a path'),
  // Modules that cannot be loaded.
  run('syntax.mjs', "ERR_MODULE module syntax.mjs:4: syntax error: Unexpected token ','"),
  run(
    'import.mjs',
    'ERR_MODULE module import.mjs: cannot find god.mjs, which import.mjs imports; did you mean good.mjs?',
  ),
  run(
    'package.mjs',
    'ERR_MODULE module package.mjs: cannot find the package "no-such-package", which package.mjs imports; install it: npm install no-such-package',
  ),
  run(
    'name.mjs',
    /^ERR_MODULE module name\.mjs:1: The requested module '.+' does not provide an export named 'topolgy'/,
  ),
  run('throws.mjs', 'ERR_MODULE module throws.mjs:4: it threw while it was loaded: Error: not today'),
  run('throws-null.mjs', 'ERR_MODULE module throws-null.mjs: it threw null while it was loaded'),
  run('rejects-null.mjs', 'ERR_MODULE module rejects-null.mjs: it threw null while it was loaded'),
  run('rejects.mjs', 'ERR_MODULE module rejects.mjs:3: it threw while it was loaded: Error: too late'),
  run('timer.mjs', 'ERR_MODULE module timer.mjs:3: it threw while it was loaded: TypeError: in a timer'),
  run('endless.mjs', 'ERR_MODULE module endless.mjs: a top-level await never settles'),
  run('exits.mjs', 'ERR_MODULE module exits.mjs: it called process.exit (code 3) while it was loaded'),
  run(
    'circle.mjs',
    "ERR_MODULE module circle.mjs: circle-2.mjs:4: it threw while it was loaded: ReferenceError: Cannot access 'name' before initialization",
  ),
  // Modules without a topology.
  run(
    'empty.mjs',
    'ERR_MODULE module empty.mjs: no default export, wanted a topology: write `export default defineTopology({ … })`',
  ),
  run(
    'no-default.mjs',
    'ERR_MODULE module no-default.mjs: no default export, wanted a topology: it exports one as "topology", so write `export default topology`',
  ),
  run(
    'raw.mjs',
    'ERR_MODULE module raw.mjs: the default export is an object with name, source, map and sink, wanted a topology: wrap it in defineTopology',
  ),
  run(
    'promise.mjs',
    'ERR_MODULE module promise.mjs: the default export is a promise (await it), wanted a topology: write `export default await …`',
  ),
  run(
    'async.mjs',
    'ERR_MODULE module async.mjs: the default export is a function, wanted a topology: export what the function returns, and await it',
  ),
  // Topologies that are wrong.
  run(
    'handler.mjs',
    'ERR_CONFIG handler.mjs:3: topology "good": map: got "shout", wanted a function (message, context), a map stage { handler } or { branches }, or a list of them',
  ),
  run(
    'handler-called.mjs',
    'ERR_CONFIG handler-called.mjs:3: topology "good": map.handler: got 7, wanted a function (message, context)',
  ),
  run(
    'no-handler.mjs',
    'ERR_CONFIG no-handler.mjs:3: topology "good": map.handler: got nothing, wanted a function (message, context)',
  ),
  run('option.mjs', 'ERR_CONFIG option.mjs:3: topology "good": unknown option limit; did you mean limits?'),
  run(
    'option-deep.mjs',
    'ERR_CONFIG option-deep.mjs:3: topology "good": unknown option retry.backoff.initial; did you mean retry.backoff.initialMs?\n' +
      'ERR_CONFIG option-deep.mjs:3: topology "good": unknown option retry.atempts; did you mean retry.attempts?',
  ),
  run('option-source.mjs', 'ERR_CONFIG option-source.mjs:3: lines: unknown option pth; did you mean path?'),
  run('option-sink.mjs', `ERR_CONFIG option-sink.mjs:3: file: format: got "jsn", wanted 'raw' or 'json'`),
  run(
    'several.mjs',
    'ERR_CONFIG several.mjs:3: topology "good": order: got "keys", wanted "none", "key" or "source"\n' +
      'ERR_CONFIG several.mjs:3: topology "good": limits.inFlight: got -1, wanted a whole number from 1 to 1,048,576\n' +
      'ERR_CONFIG several.mjs:3: topology "good": limits.graceMs: got "soon", wanted a whole number from 0 to 3,600,000',
  ),
  run(
    'twice.mjs',
    'ERR_CONFIG twice.mjs:3: topology "good": map[1].name: got "a", wanted a name that nothing else has',
  ),
  run(
    'reserved.mjs',
    'ERR_CONFIG reserved.mjs:3: topology "good": sinks.sink: got a reserved name, wanted a name other than sink, fallback, onSuccess and drop',
  ),
  run(
    'called.mjs',
    'ERR_CONFIG called.mjs:3: topology: name: got "a b", wanted letters, digits, "-", "_" and ".", at most 128',
  ),
  run(
    'no-sink.mjs',
    'ERR_CONFIG no-sink.mjs:3: topology "good": sink: got nothing, wanted a sink: an object with write(batch)',
  ),
  run(
    'sink.mjs',
    'ERR_CONFIG sink.mjs:3: topology "good": sink.write: got nothing on an object with read, wanted a function write(batch) that gives a Response for each message',
  ),
  run(
    'sink-promise.mjs',
    'ERR_CONFIG sink-promise.mjs:3: topology "good": sink.write: got nothing on a promise (await it), wanted a function write(batch) that gives a Response for each message',
  ),
  run(
    'source.mjs',
    'ERR_CONFIG source.mjs:3: topology "good": source: got the class Mine, wanted a source: an object with read(max)',
  ),
  run(
    'route.mjs',
    'ERR_CONFIG route.mjs:3: topology "good": routes[0].to: got "alert", wanted one of sink, fallback, onSuccess, drop or alerts; did you mean "alerts"?',
  ),
  run(
    'fallback.mjs',
    'ERR_CONFIG fallback.mjs:3: topology "good": retry.onExhausted: got "fallback" without a fallback sink, wanted a sink as `fallback`, or "drop", "nack" or "stop"',
  ),
  run(
    'threads.mjs',
    'ERR_CONFIG threads.mjs:3: topology "good": threads: got 4, wanted 0 (everything in one loop), or nothing; map.threads is the number of map threads',
  ),
  run(
    'null.mjs',
    'ERR_CONFIG null.mjs:3: topology: got null, wanted an object of options, with name, source and sink',
  ),
  run(
    'memory.mjs',
    /^ERR_CONFIG topology "good": limits\.memoryBytes: got 70,000, wanted at least [\d,]+ \(\d+ mailboxes for messages of up to 1,048,576 bytes\): raise it, lower limits\.messageBytes, or use fewer threads/,
  ),
  run('changes.mjs', /^ERR_CONFIG topology "0.+": on thread .+ the module gave another definition /),
  // What cannot be opened.
  run('input.mjs', /^ERR_OPEN lines: nowhere\.txt: no such file \(.+nowhere\.txt\)/),
  run('input-folder.mjs', 'ERR_OPEN lines: folder: EISDIR: it is a directory, wanted a file'),
  run('output.mjs', 'ERR_OPEN file: no/where: there is no directory no: create it first'),
  run('output-folder.mjs', 'ERR_OPEN file: folder: it is a directory: give the path of a file in it'),
  run('checkpoint.mjs', /^ERR_OPEN lines: checkpoint: .+good\.mjs: it is no directory/),
  run('check.mjs', 'ERR_OPEN sink: cannot be opened: no answer from db:1'),
  run('check-null.mjs', 'ERR_OPEN sink: cannot be opened: null'),
  run('open.mjs', 'ERR_OPEN sink: could not be opened: locked'),
  run('port.mjs', 'ERR_CONFIG port.mjs:3: http: port: got 70000, wanted a whole number from 0 to 65,535'),
  run('busy-admin.mjs', /^ERR_OPEN topology "good": admin: .*127\.0\.0\.1:\d+/),
  rowOf('validate busy-admin.mjs', /^ERR_OPEN topology "good": admin: .*127\.0\.0\.1:\d+/),
  run('busy.mjs', /^ERR_OPEN http: .*127\.0\.0\.1:\d+/),
  run(encodeURI('odd név.mjs'), /^ERR_MODULE module odd név\.mjs:3: it threw .+: Error: odd name/),
  // The other verbs.
  rowOf('validate nothere.mjs', 'ERR_MODULE module nothere.mjs: no such file'),
  rowOf('validate file:///good.mjs', 'ERR_MODULE module file:///good.mjs: a URL, wanted a path'),
  rowOf(
    'validate exits.mjs',
    'ERR_MODULE module exits.mjs: it called process.exit (code 3) while it was loaded',
  ),
  rowOf('validate rejects-null.mjs', 'ERR_MODULE module rejects-null.mjs: it threw null while it was loaded'),
  rowOf('validate all-ends.mjs', /^ERR_OPEN lines: .+\nERR_OPEN file: folder: it is a directory/),
  rowOf(
    'validate inputs.mjs',
    /^ERR_OPEN lines: nowhere\.txt: no such file \(.+\)\nERR_OPEN lines: folder: EISDIR: it is a directory, wanted a file$/,
  ),
  rowOf('validate changes.mjs', /^ERR_CONFIG topology "0.+": on another thread the module gave another/),
  rowOf('graph nothere.mjs', 'ERR_MODULE module nothere.mjs: no such file'),
  rowOf(
    'graph timer.mjs',
    'ERR_MODULE module timer.mjs:3: it threw while it was loaded: TypeError: in a timer',
  ),
  rowOf('graph memory.mjs', /^ERR_CONFIG topology "good": limits\.memoryBytes: got 70,000/),
  rowOf(
    'schema --output no/where',
    /^ERR_OPEN schema: --output no\/where: ENOENT: no such file or directory/,
  ),
  rowOf(
    'create folder',
    'ERR_OPEN create: folder: there is topology.mjs already; wanted an empty directory, or a new one',
  ),
  rowOf('create good.mjs', 'ERR_OPEN create: good.mjs: a file is in its way; wanted a directory'),
  rowOf('create good.mjs/new', 'ERR_OPEN create: good.mjs/new: a file is in its way; wanted a directory'),
  rowOf('replay throws.mjs dead.jsonl', /^ERR_MODULE module throws\.mjs:4: it threw /),
  rowOf('replay good.mjs nothere.jsonl', /^ERR_OPEN replay: .+nothere\.jsonl: no such file/),
  rowOf(
    'replay good.mjs good.mjs/x',
    // Newer versions of Node take it for a file that is not there.
    /^ERR_OPEN replay: .+good\.mjs\/x(?:\.replaying: ENOTDIR: not a directory|: no such file)/,
  ),
  rowOf('replay good.mjs folder', /^ERR_OPEN replay: .+folder: it is no regular file/),
  rowOf(
    'replay output.mjs dead.jsonl --quiet',
    'ERR_OPEN file: no/where: there is no directory no: create it first',
  ),
]

let directory: string
let server: Server
let busyPort: number

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-bad-'))
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  busyPort = (server.address() as { port: number }).port
})

afterAll(() => {
  server.close()
  rmSync(directory, { recursive: true, force: true })
})

describe.concurrent('bad inputs', () => {
  test.each(TABLE)('$args', async ({ args, says, env = {} }) => {
    const words = args.split(' ').map((word) => decodeURI(word))
    const { code, stdout, stderr } = await runNode([MAIN, ...words], {
      cwd: directory,
      env: { BUSY: String(busyPort), ...env },
    })
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' })
    const lines = stderr.trimEnd().split('\n')
    expect(lines.filter((line) => /^\s+at /.test(line))).toEqual([])
    // What to do is said once more at the end of each.
    const plain = lines.map((line) => line.replace(/ — [^—]+$/, '')).join('\n')
    if (typeof says === 'string') expect(plain).toBe(says)
    else expect(plain).toMatch(says)
    if (plain.startsWith('ERR_')) expect(lines.at(-1)).toMatch(/ — [A-Z]/)
  })
})

// One after the other: each takes the port.
test('one port for the source and the admin port', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const FREE = String((other.address() as { port: number }).port)
  await new Promise((resolve) => other.close(resolve))
  const says = `ERR_CONFIG topology "good": admin.port: got ${FREE}, which the source listens on, wanted another port for one of the two — `
  for (const verb of [['validate'], ['run', '--quiet'], ['run', '--quiet', '--threads', '0']]) {
    const ended = await runNode([MAIN, ...verb, 'same-port.mjs'], { cwd: directory, env: { FREE } })
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    const errors = ended.stderr.split('\n').filter((line) => line.startsWith('ERR_'))
    expect(errors, ended.stderr).toEqual([expect.stringContaining(says)])
  }
})

test('there are enough of them', () => {
  expect(TABLE.length).toBeGreaterThanOrEqual(40)
  expect(new Set(TABLE.map(({ args }) => args.split(' ')[0])).size).toBeGreaterThanOrEqual(7)
})
