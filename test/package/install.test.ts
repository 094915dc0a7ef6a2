// The package as a user has it: installed from the tarball into an empty project, by itself.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, runNode } from '../support/child.js'
import { blocksOf } from '../support/markdown.js'
import { install, linkModule, unpack } from './install.js'
import { runNpm } from './npm.js'
import { makeTarball, manifestOf, type Tarball } from './tarball.js'

let folder: string
let project: string
let tarball: Tarball
beforeAll(async () => {
  // The real path, as the compiler compares paths.
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-install-')))
  project = join(folder, 'app')
  tarball = await makeTarball(folder)
  const how = await install(tarball.file, project)
  console.log(
    `installed by ${how === 'npm' ? 'npm, from its cache' : 'unpacking: the cache of npm has not all dependencies'}`,
  )
}, 240_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, text: string) => writeFileSync(join(project, name), text)
const main = () => join(project, 'node_modules', 'millrace', 'dist', 'main.js')

describe('in an empty project', () => {
  it("the README's first topology runs", async () => {
    const block = blocksOf(readFileSync(join(ROOT, 'README.md'), 'utf8')).find(
      ({ file }) => file === 'topology.mjs',
    )
    write('topology.mjs', block?.text ?? '')
    const options = { cwd: project, input: 'one\ntwo\n' }
    const { code, stdout, stderr } = await runNode([main(), 'run', 'topology.mjs', '--quiet'], options)
    expect(code, stderr).toBe(0)
    expect(stdout).toBe('ONE\nTWO\n')
  })

  it('`npx millrace --version` gives the version', async () => {
    const { code, stdout, stderr } = await runNpm(['exec', '--no', '--', 'millrace', '--version'], project)
    expect(code, stderr).toBe(0)
    expect(stdout.trim()).toBe(manifestOf(ROOT).version)
  })

  it.skipIf(process.platform === 'win32')('its program can be called by its name', () => {
    const { status, stdout } = spawnSync(join(project, 'node_modules', '.bin', 'millrace'), ['--version'], {
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stdout.trim()).toBe(manifestOf(ROOT).version)
  })

  it('millrace/testing checks a sink without fast-check, and nothing else can be imported', async () => {
    write(
      'try.mjs',
      `import * as testing from 'millrace/testing'
import { Response } from 'millrace'
const names = Object.keys(testing).sort()
const inner = await import('millrace/dist/kernel/codec.js').catch((error) => error.code)
const { version } = (await import('millrace/package.json', { with: { type: 'json' } })).default
console.log(JSON.stringify({ names, inner, version, ok: Response.ok('1').outcome }))
`,
    )
    const { code, stdout, stderr } = await runNode(['--disable-warning=ExperimentalWarning', 'try.mjs'], {
      cwd: project,
    })
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      names: expect.arrayContaining(['simulate', 'sinkContract', 'sourceContract']),
      inner: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
      version: manifestOf(ROOT).version,
      ok: 'ok',
    })
  })

  it('require() loads it, too', async () => {
    write('try.cjs', "console.log(typeof require('millrace').defineTopology)\n")
    const { stdout, stderr } = await runNode(['--no-warnings', 'try.cjs'], { cwd: project })
    expect(stdout, stderr).toBe('function\n')
  })
})

describe('in TypeScript', () => {
  const SOURCE = `import { defineTopology, generator, type MapContext, type Message, Response, run, type Sink, start } from 'millrace'
import { sinkContract } from 'millrace/testing'

const shop: Sink = {
  name: 'shop',
  write: async (batch) => batch.map((message) => (message.attempt > 1 ? Response.ok(message) : Response.failure(message, 'no'))),
}
const handler = (message: Message, { log }: MapContext) => {
  log.info(message.id, { bytes: message.value.length })
  return { value: message.json<{ value: number }>().value.toFixed(2), tags: ['priced'] }
}
const topology = defineTopology({ name: 'typed', source: generator({ count: 3 }), map: handler, sink: shop, threads: 0 })
export default topology
export const suite = () => sinkContract(() => ({ sink: shop, accepted: () => [] }) as never, { describe: () => {}, it: () => {} } as never)
export const acked: Promise<number> = run(topology).then((summary) => summary.acked)
export const running = start(new URL('./topology.mjs', import.meta.url))

// @ts-expect-error a misspelt option
defineTopology({ name: 'typed', source: generator(), sink: shop, fallbak: shop })
// @ts-expect-error a sink without write
defineTopology({ name: 'typed', source: generator(), sink: {} })
`

  beforeAll(() => {
    mkdirSync(join(project, 'node_modules', '@types'), { recursive: true })
    for (const name of ['@types/node', 'undici-types']) linkModule(name, project)
    write('typed.mts', SOURCE)
  })

  // skipLibCheck is off: all types that are reached must hold by themselves, without the optional packages.
  it.each([
    ['nodenext', ['--module', 'nodenext', '--moduleResolution', 'nodenext']],
    ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ])('a consumer compiles with moduleResolution %s', async (_, options) => {
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const usual = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', '--skipLibCheck', 'false']
    const { code, stdout } = await runNode([tsc, ...usual, ...options, 'typed.mts'], {
      cwd: project,
      timeoutMs: 60_000,
    })
    expect(stdout).toBe('')
    expect(code).toBe(0)
  })
})

describe('two copies of the package', () => {
  it("run one's topology by the other, its errors and answers included", async () => {
    // As npx has it, elsewhere.
    const other = join(folder, 'npx')
    unpack(tarball.file, other)
    const copy = join(other, 'node_modules', 'millrace')
    expect(realpathSync(copy)).not.toBe(realpathSync(join(project, 'node_modules', 'millrace')))
    write(
      'two.mjs',
      `import { defineTopology, generator, log, Response } from 'millrace'
export default defineTopology({
  name: 'two',
  source: generator({ count: 4 }),
  map: (message) => (message.offset === 2n ? { value: 'odd' } : message),
  sink: {
    write: (batch) =>
      batch.map((message) =>
        message.text() === 'odd' ? Response.fallback(message, 'not this one') : Response.ok(message),
      ),
  },
  fallback: log(),
})
`,
    )
    const run = (name: string) =>
      runNode([join(copy, 'dist', 'main.js'), 'run', name, '--quiet'], { cwd: project })
    const ended = await run('two.mjs')
    expect(ended.code, ended.stderr).toBe(0)
    expect(ended.stdout).toBe('odd\n')
    write(
      'wrong.mjs',
      readFileSync(join(project, 'two.mjs'), 'utf8').replace('fallback: log()', 'fallbak: log()'),
    )
    const wrong = await run('wrong.mjs')
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('ERR_CONFIG')
    expect(wrong.stderr).toContain('did you mean fallback?')
    expect(wrong.stderr).not.toContain('    at ')
  })
})
