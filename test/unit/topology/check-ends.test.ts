// Before a run, source and sinks are asked whether they could be opened: all of them, once, and not for ever.

import { linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { MillraceError } from '../../../src/kernel/failure.js'
import { file } from '../../../src/sinks/file.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { lines } from '../../../src/sources/lines.js'
import { checkEnds } from '../../../src/topology/check-ends.js'
import { withDefaults } from '../../../src/topology/defaults.js'
import type { TopologyOptions } from '../../../src/topology/types.js'

const sink = (check?: Sink['check']): Sink => ({ write: () => [], ...(check && { check }) })
const topologyOf = (more: Partial<TopologyOptions>) =>
  withDefaults({ name: 'a', source: { read: () => null }, sink: sink(), ...more })
const problems = async (more: Partial<TopologyOptions>, timeoutMs?: number) =>
  (await checkEnds(topologyOf(more), timeoutMs)).map(({ code, message }) => `${code} ${message}`)

test('who has no check has no problem', async () => {
  expect(await problems({})).toEqual([])
  expect(await problems({ sink: sink(() => {}), fallback: sink(async () => {}) })).toEqual([])
})

test('all problems are given, each with who has it', async () => {
  const fails = (what: unknown) => () => Promise.reject(what)
  expect(
    await problems({
      source: { name: 'orders', read: () => null, check: fails(new Error('no such topic')) },
      sink: sink(() => {
        throw null
      }),
      sinks: { alerts: sink(fails('refused')) },
      fallback: sink(fails(new MillraceError('ERR_CONFIG', 'mine: got 1, wanted 2'))),
    }),
  ).toEqual([
    'ERR_OPEN orders: cannot be opened: no such topic',
    'ERR_OPEN sink: cannot be opened: null',
    'ERR_OPEN alerts: cannot be opened: refused',
    'ERR_CONFIG mine: got 1, wanted 2',
  ])
})

test('one that does not answer is not waited for', async () => {
  expect(await problems({ sink: sink(() => new Promise(() => {})) }, 20)).toEqual([
    'ERR_OPEN sink: cannot be opened: check() has not ended after 20 ms',
  ])
})

test('an object with several roles is asked once, as itself', async () => {
  let calls = 0
  const both = {
    ...sink(),
    path: 'here',
    check() {
      calls++
      expect(this.path).toBe('here')
    },
  }
  expect(await problems({ sink: both, fallback: both, sinks: { more: both } })).toEqual([])
  expect(calls).toBe(1)
})

describe('no sink writes to what the source reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ends-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const at = (name: string) => join(folder, name)
  const read = at('d.txt')
  writeFileSync(read, 'one\n')
  writeFileSync(at('other.txt'), 'one\n')
  symlinkSync(read, at('symbolic'))
  linkSync(read, at('hard'))
  const source = lines({ path: [at('other.txt'), read] })
  const refusal = (name: string, path: string) =>
    `ERR_CONFIG topology "a": ${name}: ${path} is what the source reads, wanted another file: it would read what is written, without an end`

  test.each(['d.txt', './d.txt', 'symbolic', 'hard', 'other.txt'])('%s', async (name) => {
    const path = `${folder}/${name}`
    expect(await problems({ source, sink: file({ path }) })).toEqual([refusal('sink', path)])
  })

  test('in any role', async () => {
    const sinks = { more: file({ path: read }) }
    const [fallback, onSuccess] = [file({ path: at('hard') }), file({ path: at('symbolic') })]
    expect(await problems({ source, sinks, fallback, onSuccess })).toEqual([
      refusal('more', read),
      refusal('fallback', at('hard')),
      refusal('onSuccess', at('symbolic')),
    ])
  })

  test('another file will do, one that is not there yet, and what is no file', async () => {
    const odd = { ...source, files: () => [read, '/dev/null', at('none')] }
    const sinkOf = (path: string) => ({ ...sink(), files: () => [path] })
    const sinks = { a: file({ path: at('new') }), b: sinkOf('/dev/null'), c: sinkOf(at('none')) }
    expect(await problems({ source: odd, sinks })).toEqual([])
  })

  test('who names no files says so once', async () => {
    const files = () => 'd.txt' as unknown as string[]
    const wanted = 'files() gave "d.txt", wanted a list of paths'
    expect(await problems({ source: { read: () => null, files }, fallback: sink() })).toEqual([
      `ERR_CONFIG source: ${wanted}`,
    ])
    expect(await problems({ source, sink: { ...sink(), files } })).toEqual([`ERR_CONFIG sink: ${wanted}`])
  })
})
