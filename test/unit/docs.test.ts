// The documents say what is so: their tables are those of the code, their links lead somewhere, and their programs and commands
// run and print what they say (test/support/page.ts). Code that is quoted from elsewhere is `javascript`; ours, which is run, is `js`.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runVerb } from '../../src/cli/run.js'
import { ERRORS } from '../../src/kernel/failure.js'
import { Response } from '../../src/sinks/response.js'
import { withDefaults } from '../../src/topology/defaults.js'
import { ROOT, runNode } from '../support/child.js'
import { anchorsOf, blocksOf, linksOf, rowsOf } from '../support/markdown.js'
import { followPage, isFollowed, needsBroker } from '../support/page.js'

/** For all programs of a page. */
const PAGE_TIMEOUT_MS = 300_000

const PAGES = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
  .map((path) => `docs/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.md'))
  .sort()
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...PAGES]
/** Throws where a document of a stream is none. Not everybody who runs the tests has a parser. */
const parseYaml = await import('yaml' as string).then(
  ({ parseAllDocuments }) =>
    (text: string) => {
      for (const { errors } of parseAllDocuments(text)) if (errors.length > 0) throw errors[0]
    },
  () => undefined,
)

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

test.each(['README.md', 'docs/writing-a-sink.md'])('%s has each response', (path) => {
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

  test('no half of a merge is left in it', () => {
    expect(text).not.toMatch(/^(<{7}|={7}|>{7})/m)
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

test('docs/README.md leads to each page', () => {
  const targets = linksOf(textOf('docs/README.md')).map((link) => join('docs', link.split('#')[0]))
  const missing = PAGES.filter((path) => path !== 'docs/README.md' && !targets.includes(join(path)))
  expect(missing).toEqual([])
})

describe('the blocks of', () => {
  const blocks = DOCUMENTS.flatMap((path) => blocksOf(textOf(path)).map((block) => ({ path, ...block })))
  const of = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language))
  const placeOf = ({ path, line }: { path: string; line: number }) => `${path}:${line}`

  test('js and ts are files, so that they are run', () => {
    expect(
      of('js', 'mjs', 'ts')
        .filter(({ file }) => file === undefined)
        .map(placeOf),
    ).toEqual([])
  })

  test('javascript, which is quoted, can be parsed', async () => {
    for (const block of of('javascript')) {
      const { code, stderr } = await runNode(['--input-type=module', '--check', '-'], { input: block.text })
      expect(code, `${placeOf(block)}\n${stderr}`).toBe(0)
    }
  })

  test('json is JSON', () => {
    for (const block of of('json')) expect(() => JSON.parse(block.text), placeOf(block)).not.toThrow()
    for (const block of of('jsonl')) {
      const lines = block.text.split('\n').filter((line) => line !== '')
      expect(() => lines.map((line) => JSON.parse(line)), placeOf(block)).not.toThrow()
    }
  })

  test.skipIf(parseYaml === undefined)('yaml is YAML (needs the package yaml)', () => {
    for (const block of of('yaml')) expect(() => parseYaml?.(block.text), placeOf(block)).not.toThrow()
  })

  test('a file is run, or used by what is run', () => {
    for (const { path, file, line } of blocks) {
      if (
        file === undefined ||
        !/\.[mc]?[jt]s$/.test(file) ||
        /^topology\.mjs$|^run\.mjs$|\.test\.mjs$/.test(file)
      )
        continue
      const others = blocks.filter((each) => each.path === path && each.line !== line)
      expect(
        others.some(({ text }) => text.includes(file)),
        `${placeOf({ path, line })} ${file}`,
      ).toBe(true)
    }
  })
})

describe.concurrent('the programs in', () => {
  const hasPrograms = (path: string) => !needsBroker(textOf(path)) && blocksOf(textOf(path)).some(isFollowed)

  test.each(DOCUMENTS.filter(hasPrograms))(
    '%s do what it says',
    (path) => followPage(textOf(path)),
    PAGE_TIMEOUT_MS,
  )
})
