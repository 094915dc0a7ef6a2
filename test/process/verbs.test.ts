// The verbs on the built command line: what they print, into pipes that close too; projects that run as they are written; modules
// in TypeScript; and messages that nobody expects.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ended, MAIN, ROOT, runNode } from '../support/child.js'

const INDEX = JSON.stringify(`file://${ROOT}dist/index.js`)
const TIMEOUT_MS = 120_000

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-verbs-'))
  writeFileSync(
    join(folder, 'good.mjs'),
    `import { defineTopology, generator, log } from ${INDEX}
export default defineTopology({ name: 'good', source: generator({ count: 3 }), map: (m) => m, sink: log() })\n`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const millrace = (...args: string[]): Promise<Ended> =>
  runNode([MAIN, ...args], { cwd: folder, timeoutMs: TIMEOUT_MS })

describe('what is printed', () => {
  test('is data on stdout, nothing else, and no colours', async () => {
    const graph = await millrace('graph', 'good.mjs', '--format', 'json')
    expect(graph).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(graph.stdout)).toMatchObject({ name: 'good', order: { value: 'source' } })
    expect(await millrace('validate', 'good.mjs')).toEqual({ code: 0, stdout: 'ok\n', stderr: '' })
    const schema = await millrace('schema')
    expect(JSON.parse(schema.stdout)).toMatchObject({ title: 'Millrace topology' })
    expect(await millrace('schema', '--output', 'schema.json')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(folder, 'schema.json'), 'utf8')).toBe(schema.stdout)
    for (const { stdout } of [graph, schema]) expect(stdout).not.toContain('\x1b')
  })

  test.each([
    '--help',
    'run --help',
    'graph good.mjs',
    'graph good.mjs --format mermaid',
    'validate good.mjs',
    'schema',
    'create project',
  ])('%s into a pipe that closes ends quietly', async (args) => {
    const child = spawn(process.execPath, [MAIN, ...args.split(' ')], { cwd: folder })
    // Before it can write: the reader is gone, as `head -0` is.
    child.stdout.destroy()
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const [code, signal] = await once(child, 'close')
    expect({ code, signal }, stderr).toEqual({ code: 0, signal: null })
    expect(stderr).toBe(
      args.startsWith('create')
        ? 'millrace: written to project; next: cd project && npm install && npm start\n'
        : '',
    )
  })
})

describe('create', () => {
  /** Makes a project, and what `npm install` would make. */
  async function project(template: string, ...more: string[]): Promise<string> {
    const name = [template, ...more].join('')
    const { code, stderr } = await millrace('create', name, '--template', template, ...more)
    expect(code, stderr).toBe(0)
    const modules = join(folder, name, 'node_modules')
    mkdirSync(modules)
    symlinkSync(ROOT, join(modules, 'millrace'), 'dir')
    for (const each of ['typescript', '@types'])
      symlinkSync(`${ROOT}node_modules/${each}`, join(modules, each), 'dir')
    return join(folder, name)
  }

  /** Runs a script of the project's package.json as npm would. */
  async function script(cwd: string, name: string): Promise<Ended> {
    const { scripts } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))
    let ended: Ended = { code: null, stdout: '', stderr: '' }
    for (const command of scripts[name].split(' && ')) {
      const [program, ...args] = command.split(' ')
      const programs: Record<string, string[]> = {
        millrace: [MAIN],
        tsc: [`${ROOT}node_modules/typescript/bin/tsc`],
        node: [],
      }
      ended = await runNode([...programs[program], ...args], { cwd, timeoutMs: TIMEOUT_MS })
      expect(ended.code, `${command}\n${ended.stdout}\n${ended.stderr}`).toBe(0)
    }
    return ended
  }

  const outputs = (cwd: string) =>
    readdirSync(join(cwd, 'out')).map((name) => JSON.parse(readFileSync(join(cwd, 'out', name), 'utf8')))

  test.each([
    ['lines', []],
    ['lines', ['--typescript']],
  ])(
    '%s %s: it runs, its tests pass, and its reject can be replayed',
    async (template, more) => {
      const cwd = await project(template, ...more)
      expect((await script(cwd, 'validate')).stdout).toBe('ok\n')
      await script(cwd, 'start')
      expect(outputs(cwd)).toContainEqual({ id: '1001', article: 'lamp', count: 2, cents: 1990 })
      expect(outputs(cwd)).toHaveLength(3)
      const [reject] = readFileSync(join(cwd, 'rejects.jsonl'), 'utf8').trimEnd().split('\n')
      expect(JSON.parse(reject)).toMatchObject({ value: 'this is no order' })
      expect((await script(cwd, 'replay')).stderr).toContain('dead letters: 1 sent')
      expect((await script(cwd, 'test')).stdout).toMatch(/fail 0\n/)
    },
    2 * TIMEOUT_MS,
  )

  test.each([
    ['custom', []],
    ['custom', ['--typescript']],
  ])(
    '%s %s: it runs, and its tests pass',
    async (template, more) => {
      const cwd = await project(template, ...more)
      await script(cwd, 'start')
      expect(outputs(cwd)).toHaveLength(100)
      expect(outputs(cwd)).toContainEqual({ sensor: 'sensor-0', kelvin: 293.15 })
      expect((await script(cwd, 'test')).stdout).toMatch(/fail 0\n/)
    },
    2 * TIMEOUT_MS,
  )

  test.each([
    ['http', []],
    ['http', ['--typescript']],
  ])(
    '%s %s: it answers, and drains',
    async (template, more) => {
      const cwd = await project(template, ...more)
      if (more.length > 0) await script(cwd, 'build')
      const topology = more.length > 0 ? 'dist/topology.js' : 'topology.mjs'
      const child = spawn(process.execPath, [MAIN, 'run', topology, '--json'], {
        cwd,
        env: { ...process.env, PORT: '0' },
      })
      let stderr = ''
      const url = await new Promise<string>((resolve, reject) => {
        child.stderr.setEncoding('utf8').on('data', (text) => {
          stderr += text
          const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(stderr)
          if (found !== null) resolve(found[0])
        })
        child.on('close', () => reject(new Error(stderr)))
      })
      const post = async (body: string) => {
        const deadline = performance.now() + 30_000
        for (;;) {
          const { status } = await fetch(url, { method: 'POST', body })
          // It listens a moment before it reads.
          if (status !== 503 || performance.now() > deadline) return status
        }
      }
      expect(await post('{"type":"signup"}')).toBe(200)
      expect(await post('no event')).toBe(200)
      child.kill('SIGTERM')
      const [code] = await once(child, 'close')
      expect(code, stderr).toBe(0)
      expect(outputs(cwd)).toMatchObject([{ type: 'signup' }])
      expect(readFileSync(join(cwd, 'rejects.jsonl'), 'utf8')).toContain('"value":"no event"')
    },
    TIMEOUT_MS,
  )
})

describe('a module in TypeScript', () => {
  /** Further Node binaries, as a path list: `OTHER_NODES=/opt/node22/bin/node npm test`. */
  const others = (process.env.OTHER_NODES ?? '')
    .split(delimiter)
    .filter((path) => path !== '' && existsSync(path))
  const TYPED = `import { defineTopology, generator, log, type Message } from ${INDEX}
type Payload = { value: number }
export default defineTopology({
  name: 'typed',
  source: generator({ count: 2 }),
  map: (message: Message) => String(message.json<Payload>().value + 1),
  sink: log(),
})
`
  const run = (node: string) =>
    new Promise<Ended>((resolve) => {
      const child = spawn(node, [MAIN, 'run', 'typed.ts', '--quiet'], { cwd: folder })
      const text = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (some: string) => {
          text[name] += some
        })
      child.on('close', (code) => resolve({ code, ...text }))
    })
  beforeAll(() => writeFileSync(join(folder, 'typed.ts'), TYPED))

  const loadsIt = { code: 0, stdout: '1\n2\n' }
  const canLoad = Boolean((process.features as { typescript?: unknown }).typescript)

  test.runIf(canLoad)('is loaded by this Node, on its threads too', async () => {
    expect(await run(process.execPath)).toMatchObject(loadsIt)
  })

  test.runIf(!canLoad)('is refused by this Node, with what to do', async () => {
    const { code, stdout, stderr } = await run(process.execPath)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^ERR_MODULE module typed\.ts: Node [\d.]+ cannot load typed\.ts by itself; use Node 22\.18 or later, or install tsx and run it with node --import tsx /,
    )
  })

  test.skipIf(others.length === 0)(
    'is loaded by other Nodes (OTHER_NODES), on their threads too',
    async () => {
      for (const node of others) expect(await run(node), node).toMatchObject(loadsIt)
    },
  )
})

describe('messages that nobody expects', () => {
  const LIMIT = 1_000
  const write = (name: string, source: string) =>
    writeFileSync(
      join(folder, `${name}.mjs`),
      `import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { defineTopology, lines, Response } from ${INDEX}
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex')
export default defineTopology({
  name: 'odd',
  source: ${source},
  map: { threads: 2, handler: (message) => message },
  sink: {
    write(batch) {
      for (const m of batch)
        appendFileSync('${name}.out', [m.id, m.value.length, hash(m.bytes()), Object.keys(m.headers).length, m.keys.length].join(' ') + '\\n')
      return batch.map(Response.ok)
    },
  },
  limits: { messageBytes: ${LIMIT} },
})
`,
    )
  const run = async (name: string) => ({
    ...(await millrace('run', `${name}.mjs`, '--quiet')),
    rows: rowsOf(name),
  })
  const rowsOf = (name: string) =>
    existsSync(join(folder, `${name}.out`))
      ? readFileSync(join(folder, `${name}.out`), 'utf8')
          .trimEnd()
          .split('\n')
          .sort()
      : []
  const sizes = (rows: string[]) => rows.map((row) => Number(row.split(' ')[1])).sort((a, b) => a - b)

  test('lines: empty ones, one of exactly the limit, and bytes that are no text', async () => {
    const odd = Buffer.from([0x61, 0xff, 0xfe, 0x00, 0xc3, 0x28])
    const exact = Buffer.alloc(LIMIT, 'x')
    const all = [Buffer.alloc(0), exact, odd, Buffer.alloc(0), Buffer.from('last')]
    writeFileSync(join(folder, 'odd.txt'), Buffer.concat(all.flatMap((line) => [line, Buffer.from('\n')])))
    write('lines', "lines({ path: 'odd.txt' })")
    const { code, stderr, rows } = await run('lines')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(sizes(rows)).toEqual([0, 0, 4, 6, LIMIT])
    const hash = createHash('sha256').update(odd).digest('hex')
    expect(rows.filter((row) => row.includes(hash))).toHaveLength(1)
  })

  test('lines: one that is too long is told with its place, after those before it', async () => {
    writeFileSync(join(folder, 'long.txt'), `first\n${'x'.repeat(LIMIT + 1)}\nlast\n`)
    write('long', "lines({ path: 'long.txt' })")
    const { code, stderr } = await run('long')
    expect(code).toBe(1)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^ERR_MESSAGE_TOO_LARGE lines: long\.txt: the line at byte 6 is longer than limits\.messageBytes = 1,000: raise limits\.messageBytes \(at most 64 MiB\), or split the line before it is read — /,
    )
  })

  const once = (records: string) =>
    `{ read() { if (this.done) return null; this.done = true; return ${records} } }`

  test.each([
    [
      'headers',
      '[{ value: "a", offset: 0, headers: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => ["h" + i, "v"])) }]',
      1,
    ],
    ['twins', 'Array.from({ length: 50 }, (_, i) => ({ value: String(i), offset: i, id: "twin" }))', 50],
    [
      'empty',
      '[{ value: "", offset: 0 }, { value: new Uint8Array(0), offset: 1 }, { value: null, offset: 2 }]',
      3,
    ],
    ['limit', `[{ value: "x".repeat(${LIMIT}), offset: 0 }]`, 1],
    ['no-keys', '[{ value: "a", offset: 0, keys: undefined }, { value: "b", offset: 1, keys: [] }]', 2],
  ])('a source with %s: each arrives', async (name, records, count) => {
    write(name, once(records))
    const { code, stderr, rows } = await run(name)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(rows).toHaveLength(count)
    if (name === 'headers') expect(rows[0].split(' ')[3]).toBe('1000')
  })

  test.each([
    [
      'over',
      `[{ value: "x".repeat(${LIMIT} + 1), offset: 0 }]`,
      /^ERR_MESSAGE_TOO_LARGE .*1,001 bytes, limits\.messageBytes is 1,000/,
    ],
    [
      'heavy',
      '[{ value: "a", offset: 0, headers: { a: "b".repeat(200_000) } }]',
      /^ERR_MESSAGE_TOO_LARGE .*128 KiB/,
    ],
    ['null-keys', '[{ value: "a", offset: 0, keys: null }]', /^ERR_SOURCE .*keys/],
    ['number', '[{ value: 7, offset: 0 }]', /^ERR_SOURCE .*value/],
    ['no-record', '[null]', /^ERR_SOURCE /],
    ['no-list', '"text"', /^ERR_SOURCE /],
  ])('a source with %s: the run ends with a clear error', async (name, records, says) => {
    write(name, once(records))
    const { code, stderr, rows } = await run(name)
    expect(code).toBe(1)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(says)
    expect(rows).toEqual([])
  })
})
