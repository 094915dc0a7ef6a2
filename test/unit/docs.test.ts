// The documents say what is so: their tables are those of the code, their links lead somewhere, and their programs run and
// print what they say. A block that begins with `// name.mjs` is a file; `topology.mjs`, `run.mjs` and `….test.mjs` are run.

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
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runVerb } from '../../src/cli/run.js'
import { ERRORS } from '../../src/kernel/failure.js'
import { Response } from '../../src/sinks/response.js'
import { withDefaults } from '../../src/topology/defaults.js'
import { type Ended, MAIN, ROOT, runNode } from '../support/child.js'
import { anchorsOf, type Block, blocksOf, linksOf, rowsOf } from '../support/markdown.js'

/** What each program finds on its stdin. */
const STDIN = 'one\ntwo\n'
const TIMEOUT_MS = 30_000

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`),
]
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const readme = textOf('README.md')

describe('README.md', () => {
  test('its table of errors is ERRORS', () => {
    const rows = rowsOf(readme).filter(([code]) => code.startsWith('`ERR_'))
    const wanted = Object.entries(ERRORS).map(([code, { meaning, remedy, exitCode }]) => [
      `\`${code}\``,
      meaning,
      remedy,
      String(exitCode),
    ])
    expect(rows).toEqual(wanted)
  })

  test('its defaults are those of the code', () => {
    const source = { read: () => null }
    const sink = { write: () => [] }
    const topology = withDefaults(
      { name: 'a', source, sink, map: () => undefined },
      { cores: 2, memoryBytes: 2 },
    )
    const [stage] = topology.stages
    const { backoff } = stage.retry
    const { memoryBytes: _, ...limits } = topology.limits
    const wanted = {
      'map.concurrency': stage.concurrency,
      'map.handlerTimeoutMs': stage.handlerTimeoutMs,
      'map.rekey': stage.rekey,
      'retry.backoff.initialMs': backoff.initialMs,
      'retry.backoff.factor': backoff.factor,
      'retry.backoff.maxMs': backoff.maxMs,
      'retry.backoff.jitter': backoff.jitter,
      ...Object.fromEntries(Object.entries(limits).map(([name, value]) => [`limits.${name}`, value])),
    }
    const given = new Map(rowsOf(readme).map(([option, value]) => [option.replaceAll('`', ''), value]))
    for (const [option, value] of Object.entries(wanted)) {
      expect(`${option}: ${given.get(option)}`).toBe(`${option}: ${value.toLocaleString('en-US')}`)
    }
    expect(stage.retry.attempts).toBe(3)
    expect(given.get('retry.attempts')).toBe('3 for map, no limit for sinks')
  })

  test('it names each option of the command line', () => {
    const rows = rowsOf(readme).map(([option]) => option)
    for (const option of Object.keys(runVerb.options)) {
      expect(
        rows.some((row) => row.startsWith(`\`--${option}`)),
        option,
      ).toBe(true)
    }
  })
})

test.each(['README.md', 'docs/sinks.md'])('%s has each response', (path) => {
  const named = rowsOf(textOf(path)).map(([response]) => /^`(\w+)\(m[,)]/.exec(response)?.[1])
  const known = Object.getOwnPropertyNames(Response).filter(
    (name) => !['length', 'name', 'prototype', 'isResponse'].includes(name),
  )
  expect(named.filter((name) => name !== undefined)).toEqual(known)
})

describe.each(DOCUMENTS)('%s', (path) => {
  const text = textOf(path)

  test('its links lead somewhere', () => {
    for (const link of linksOf(text).filter((each) => !/^[a-z]+:/.test(each))) {
      const [file, anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      expect(existsSync(join(ROOT, target)), link).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(textOf(target)), link).toContain(anchor)
    }
  })

  test('its scripts exist', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    for (const [, name] of text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(name)
  })
})

test('docs/architecture.md has each rule that the code cites', () => {
  const rules = textOf('docs/architecture.md')
  const files = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const cited = files.flatMap((name) =>
    [...textOf(`src/${name}`).matchAll(/\b[CHMOPRSTW]\d\b/g)].map(([rule]) => rule),
  )
  expect(new Set(cited).size).toBeGreaterThan(20)
  for (const rule of new Set(cited))
    expect(rules, rule).toMatch(new RegExp(`^(- |\\| )\\*\\*${rule}\\b`, 'm'))
})

describe('the programs in', () => {
  const directories: string[] = []
  afterAll(() => {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  })

  test.each(DOCUMENTS.filter((path) => blocksOf(textOf(path)).some(({ file }) => file !== undefined)))(
    '%s do what it says',
    async (path) => {
      const directory = mkdtempSync(join(tmpdir(), 'millrace-docs-'))
      directories.push(directory)
      mkdirSync(join(directory, 'node_modules'))
      symlinkSync(ROOT, join(directory, 'node_modules/millrace'), 'dir')
      let last: Ended | undefined
      for (const block of blocksOf(textOf(path))) {
        if (block.file !== undefined) last = await use(block, directory)
        else {
          if (block.language === 'text' && last !== undefined) expect(last.stdout).toBe(outputIn(block))
          last = undefined
        }
      }
    },
    10 * TIMEOUT_MS,
  )
})

/** Writes the file, and runs it where it is a program. */
async function use({ file = '', text }: Block, directory: string): Promise<Ended | undefined> {
  writeFileSync(join(directory, file), text)
  const args = argumentsFor(file)
  if (args === undefined) return undefined
  const ended = await runNode(args, { cwd: directory, input: STDIN, timeoutMs: TIMEOUT_MS })
  expect(ended.code, `${file}\n${ended.stdout}\n${ended.stderr}`).toBe(0)
  return ended
}

function argumentsFor(file: string): string[] | undefined {
  if (file === 'topology.mjs') return [MAIN, 'run', file, '--quiet']
  if (file === 'run.mjs') return [file]
  return file.endsWith('.test.mjs') ? ['--test', file] : undefined
}

/** What a block says is printed: all but the command lines. */
function outputIn({ text }: Block): string {
  return text.replace(/^\$ .*\n/gm, '')
}
