// Branches and degrade handlers on real threads, on the built package: a branch that is full does not stop the others.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { start as startType } from '../../src/index.js'

let start: typeof startType
let folder: string

beforeAll(async () => {
  ;({ start } = await import(new URL('../../dist/index.js', import.meta.url).href))
  folder = mkdtempSync(join(tmpdir(), 'millrace-branches-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('a flood for one branch does not stop the other, and nothing of it is lost', async () => {
  const result = join(folder, 'result.json')
  const url = new URL('./fixtures/branches.mjs', import.meta.url)
  url.searchParams.set('result', result)
  url.searchParams.set('run', String(process.pid))
  const running = await start(url, { log: () => {} })
  expect(running.inspect().actors.map(({ name, level, when }) => [name, level, when])).toEqual([
    ['reader', undefined, undefined],
    ['map.batch', 0, { or: ['batch'] }],
    ['map.interactive-0', 0, null],
    ['map.interactive-1', 0, null],
    ['sink', undefined, undefined],
  ])
  expect(await running.finished).toMatchObject({ ok: true, read: 2_300, acked: 2_300 })
  expect(JSON.parse(readFileSync(result, 'utf8'))).toEqual({
    batch: 300,
    interactive: 2_000,
    disordered: 0,
    wrong: 0,
    threads: ['map.batch-0', 'map.interactive-0', 'map.interactive-1'],
  })
})

it('a degrade handler stands in on a branch, and that is told and no trouble', async () => {
  const running = await start(new URL('./fixtures/degraded.mjs', import.meta.url), { log: () => {} })
  const deadline = performance.now() + 20_000
  while (running.progress().acked < 50) {
    if (performance.now() > deadline) throw new Error('not within 20 s: 50 acks')
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { ready, troubles, degraded } = running.inspect()
  expect([ready, troubles, degraded]).toEqual([
    true,
    [],
    [expect.stringContaining('stood in on score.new for')],
  ])
  const { failed, fallback, ok } = await running.drain()
  expect([failed, fallback, ok]).toEqual([3, 0, true])
})
