// What is loaded before the first message: each module takes most of a millisecond, on each thread. What only some topologies
// need is imported when it is opened.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ROOT } from '../support/child.js'
import { codeOf, importsOf } from '../support/imports.js'

const THREAD = ['topology/thread.ts', 'index.ts']
const MAIN = ['main.ts', 'cli/run.ts', 'topology/start.ts', 'topology/thread-pool.ts', 'topology/launch.ts']
const KINDS = ['reader', 'mapper', 'forwarder', 'sink']

/** Gives all that these files import at once: files of src, and the names of all else. */
function loadedBy(entries: readonly string[]): { files: string[]; packages: string[] } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const load = (path: string) => {
    if (files.has(path)) return
    files.add(path)
    const text = codeOf(readFileSync(`${ROOT}src/${path}`, 'utf8')).replace(/\bimport\(/g, 'later(')
    for (const { to, type } of importsOf(path, text)) if (!type) load(to)
    for (const [, name] of text.matchAll(/^(?:import|export)(?! type\b)[^']*?\bfrom '([^.'][^']*)'/gm))
      packages.add(name)
  }
  for (const entry of entries) load(entry)
  return { files: [...files].sort(), packages: [...packages].sort() }
}

test.each([
  ['a thread', THREAD],
  ['the main thread', [...MAIN, 'index.ts']],
])('%s loads of sources and sinks what checks their options', (_, entries) => {
  const { files } = loadedBy(entries)
  expect(files).toContain('sources/lines.ts')
  expect(files.filter((path) => /^(sources|sinks)\/.+\/|^sinks\/write-all|^store\//.test(path))).toEqual([
    'sinks/kafka/settings.ts',
    'sources/kafka/settings.ts',
    'sources/requests/settings.ts',
    'sources/serving/settings.ts',
  ])
  expect(files.filter((path) => path.startsWith('kafka/'))).toEqual([
    'kafka/chosen-driver.ts',
    'kafka/connection.ts',
  ])
  expect(files.filter((path) => path.startsWith('http/http-server'))).toEqual([])
})

test('nobody loads the admin port, or tracing that is not there', () => {
  const { files } = loadedBy([...THREAD, ...MAIN])
  expect(files.filter((path) => path.startsWith('admin/'))).toEqual([])
  expect(files.filter((path) => path.startsWith('tracing/'))).toEqual([
    'tracing/open-tracing.ts',
    'tracing/registered-provider.ts',
  ])
})

test('a thread loads actors when it knows which; the main thread loads none', () => {
  const actors = KINDS.map((kind) => `actors/${kind}.ts`)
  const { files } = loadedBy([...THREAD, ...MAIN])
  expect(files.filter((path) => actors.includes(path))).toEqual([])
  for (const [i, kind] of KINDS.entries())
    expect(
      loadedBy([`topology/wire/build-${kind}.ts`]).files.filter((path) => actors.includes(path)),
    ).toEqual([actors[i]])
})

test('packages, and what of Node takes long, are loaded where they are needed', () => {
  const LONG = /^node:(child_process|crypto|http|http2|https|net|tls|tty)$|^(?!node:)/
  const slow = (entries: string[]) => loadedBy(entries).packages.filter((name) => LONG.test(name))
  expect(slow(THREAD)).toEqual(['comlink'])
  expect(slow(MAIN)).toEqual(['comlink', 'piscina'])
})
