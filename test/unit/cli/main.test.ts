// The built command line as a real process: streams and exit codes.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
const PACKAGE = new URL('../../../package.json', import.meta.url)

type Ended = { code: number; stdout: string; stderr: string }

function millrace(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: tmpdir() }, (error, stdout, stderr) => {
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
