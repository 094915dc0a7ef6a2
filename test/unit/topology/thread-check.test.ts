// A thread that imports a module is ended after a while, whatever the module does. The built code runs there.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const { importOnThread } = (await import(
  new URL('../../../dist/topology/thread-check.js', import.meta.url).href
)) as typeof import('../../../src/topology/thread-check.js')

const directory = mkdtempSync(join(tmpdir(), 'millrace-thread-check-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function moduleOf(name: string, text: string): URL {
  writeFileSync(join(directory, name), text)
  return pathToFileURL(join(directory, name))
}

test.each([
  ['spins.mjs', 'for (;;);'],
  ['waits.mjs', 'setInterval(() => {}, 1_000)\nawait new Promise(() => {})'],
])('%s', async (name, text) => {
  const there = await importOnThread(moduleOf(name, text), 500)
  expect(there).toMatchObject({ isLate: true, error: { code: 'ERR_MODULE' } })
  expect('error' in there && there.error.message).toMatch(
    new RegExp(`${name}: still loading after 500 ms: a loop without an end, or a top-level await`),
  )
})

test('what goes wrong there, and an end, are told', async () => {
  expect(await importOnThread(moduleOf('throws.mjs', "throw new Error('no')"))).toMatchObject({
    isLate: false,
    error: { code: 'ERR_MODULE', message: expect.stringMatching(/throws\.mjs:1: it threw .+: no$/) },
  })
  expect(await importOnThread(moduleOf('exits.mjs', 'process.exit(3)'))).toMatchObject({
    isLate: false,
    error: { code: 'ERR_MODULE', message: 'on a thread: the thread ended with exit code 3' },
  })
})
