// The table of verbs: each is what it is called, has a help, and is in the documents with all of its options.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.js'
import { VARIABLES } from '../../../src/cli/variables.js'
import { VERBS } from '../../../src/cli/verbs.js'
import { ERRORS } from '../../../src/kernel/failure.js'
import { ROOT } from '../../support/child.js'
import { anchorsOf, rowsOf } from '../../support/markdown.js'
import { fakeIo } from './fake-io.js'

const textOf = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8')
const verbs = await Promise.all(VERBS.map(async (entry) => ({ entry, verb: await entry.load() })))

describe.each(verbs.map(({ entry, verb }) => ({ name: entry.name, verb })))('$name', ({ name, verb }) => {
  test('is what it is called, and the help of all names it', async () => {
    expect(verb.name).toBe(name)
    const io = fakeIo()
    expect(await dispatch(['--help'], io)).toBe(0)
    expect(io.out()).toContain(`  ${name}`)
    expect(io.out()).toContain(verb.summary)
  })

  test('has a help with each option, on stdout, that fits a terminal', async () => {
    const io = fakeIo()
    expect(await dispatch([name, '--help'], io)).toBe(0)
    expect(io.err()).toBe('')
    expect(io.out()).toMatch(new RegExp(`^Usage: millrace ${name}\\b.* \\[options\\]\n`))
    for (const option of [...Object.keys(verb.options), 'help']) expect(io.out()).toContain(`--${option}`)
    for (const line of io.out().split('\n')) expect(line.length, line).toBeLessThan(160)
  })

  test('is in the documents, with each option', () => {
    const path = name === 'top' || name === 'tap' ? 'docs/tap.md' : 'docs/cli.md'
    const text = textOf(path)
    if (path === 'docs/cli.md') expect(anchorsOf(text)).toContain(name)
    const cells = rowsOf(text).map(([cell]) => cell)
    for (const option of Object.keys(verb.options)) {
      expect(
        cells.some((cell) => new RegExp(`\`--${option}(?![\\w-])`).test(cell)),
        `${path}: --${option}`,
      ).toBe(true)
    }
  })
})

test('a run loads no other verb', async () => {
  const loaded: string[] = []
  const entries = VERBS.map(({ name }) => ({
    name,
    load: async () => {
      loaded.push(name)
      return { name, summary: '', operands: [], options: {}, main: async () => 0 }
    },
  }))
  expect(await dispatch(['run'], fakeIo(), entries)).toBe(0)
  expect(loaded).toEqual(['run'])
})

test('docs/cli.md has each variable', () => {
  const cells = rowsOf(textOf('docs/cli.md')).map(([cell]) => cell)
  for (const { name } of VARIABLES) expect(cells).toContain(`\`${name}\``)
})

test('docs/errors.md has each code, with its exit code and a part of its own', () => {
  const text = textOf('docs/errors.md')
  const rows = new Map(rowsOf(text).map(([code, exit]) => [/^\[`(ERR_\w+)`\]/.exec(code)?.[1], exit]))
  for (const [code, { exitCode }] of Object.entries(ERRORS)) {
    expect(rows.get(code), code).toBe(String(exitCode))
    expect(anchorsOf(text)).toContain(code.toLowerCase())
  }
})
