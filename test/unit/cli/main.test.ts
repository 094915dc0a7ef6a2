// The built command line as a real process: streams and exit codes.

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
const PACKAGE = new URL('../../../package.json', import.meta.url)

const directory = mkdtempSync(join(tmpdir(), 'millrace-main-'))

afterAll(() => rmSync(directory, { recursive: true, force: true }))

type Ended = { code: number; stdout: string; stderr: string }

function millrace(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: directory }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
  expect(await millrace('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test('--help goes to stdout, and without arguments to stderr with exit code 2', async () => {
  const { code, stdout, stderr } = await millrace('--help')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^Usage: millrace <verb> …\n[\s\S]+ {2}run <module> {2}/)
  expect(await millrace()).toEqual({ code: 2, stdout: '', stderr: stdout })
})

test.each<[args: string[], line: string]>([
  [['rum', 'a.mjs'], 'millrace: unknown verb "rum"; did you mean run? (see millrace --help)'],
  [
    ['run', '--jsn', 'a.mjs'],
    'millrace run: unknown option --jsn; did you mean --json? (see millrace run --help)',
  ],
  [['run'], 'millrace run: <module> is missing (see millrace run --help)'],
])('%j is a mistake', async (args, line) => {
  expect(await millrace(...args)).toEqual({ code: 2, stdout: '', stderr: `${line}\n` })
})

// Nothing here may look like success, whatever a module does as it is loaded.
test.each<[what: string, text: string, ended: { code: number; stderr: RegExp }]>([
  [
    'a module that is not there',
    '',
    { code: 2, stderr: /^ERR_MODULE module x\.mjs: no such file — [^\n]+\n$/ },
  ],
  [
    'a module with a syntax error',
    'const a =',
    { code: 2, stderr: /^ERR_MODULE module x\.mjs:1: syntax error: [^\n]+\n$/ },
  ],
  [
    'a module that never ends loading',
    'await new Promise(() => {})',
    { code: 2, stderr: /^ERR_MODULE module x\.mjs: a top-level await never settles — [^\n]+\n$/ },
  ],
  [
    'a module that ends the process',
    'process.exit(0)',
    {
      code: 2,
      stderr: /^ERR_MODULE module x\.mjs: it called process\.exit \(code 0\) while it was [^\n]+\n$/,
    },
  ],
  [
    'a handler that ends the process, in one loop with the command line',
    `import { blackhole, defineTopology, generator } from ${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)}
    const map = () => process.exit(3)
    export default defineTopology({ name: 'x', threads: 0, source: generator({ count: 3 }), map, sink: blackhole() })`,
    { code: 1, stderr: /^millrace: the process ended before its work did \(exit code 3\)[^\n]+\n$/m },
  ],
])('%s', async (_what, text, { code, stderr }) => {
  if (text !== '') writeFileSync(join(directory, 'x.mjs'), text)
  const ended = await millrace('run', './x.mjs')
  expect(ended).toMatchObject({ code, stdout: '' })
  expect(ended.stderr).toMatch(stderr)
})
