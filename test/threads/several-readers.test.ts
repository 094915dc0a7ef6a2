// A source on several threads, on the built package: each has a reader, and the death of one is nothing to the others.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Running, start as startType } from '../../src/index.js'

let start: typeof startType
let folder: string
let running: Running | undefined
beforeAll(async () => {
  ;({ start } = await import(new URL('../../dist/index.js', import.meta.url).href))
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-several-readers-'))
})
afterEach(async () => {
  await running?.stop().catch(() => {})
  running = undefined
  rmSync(folder, { recursive: true })
})

async function begin(count = 200): Promise<Running> {
  const url = new URL('./fixtures/several-readers.mjs', import.meta.url)
  for (const [key, value] of Object.entries({ folder, count })) url.searchParams.set(key, String(value))
  running = await start(url, { log: () => {} })
  return running
}

function linesOf(name: string): string[] {
  const path = join(folder, name)
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const numbers = (reader: number, count: number) => Array.from({ length: count }, (_, i) => `${reader}:${i}`)
const written = () => linesOf('sink').map((line) => line.split(' ')[0])
const last = <T>(list: readonly T[]) => list[list.length - 1]

/** Within each thread of the source, order is by key. Repeats are not looked at. */
function expectOrderByKey(): void {
  const lastOf = new Map<string, number>()
  const seen = new Set<string>()
  for (const line of linesOf('sink')) {
    if (seen.has(line)) continue
    seen.add(line)
    const [reader, offset, key] = line.split(/[: ]/)
    const lane = `${reader} ${key}`
    expect(lastOf.get(lane) ?? -1, `the one before ${line}`).toBeLessThan(Number(offset))
    lastOf.set(lane, Number(offset))
  }
}

it('each thread is told of its own records, each once, and all is done when all are', async () => {
  const summary = await (await begin()).finished
  expect(summary).toMatchObject({
    ok: true,
    read: 400,
    acked: 400,
    nacked: 0,
    inFlight: 0,
    abandoned: 0,
    restarts: 0,
  })
  for (const reader of [0, 1]) expect(linesOf(`acked-${reader}`).sort()).toEqual(numbers(reader, 200).sort())
  expect(written().sort()).toEqual([...numbers(0, 200), ...numbers(1, 200)].sort())
  expectOrderByKey()
  // They have agreed on what the first of them said.
  const [first] = linesOf('opened')
  expect(linesOf('opened').sort()).toEqual(['0', '1'].map((reader) => `${reader} of 2: ${last([...first])}`))
})

it('when one dies the others go on, and it too; a drain ends all', async () => {
  await begin(Number.POSITIVE_INFINITY)
  const view = () => (running as Running).inspect()
  const acked = (reader: number) => linesOf(`acked-${reader}`).length
  await until('some are acked', () => acked(0) > 20 && acked(1) > 20)
  writeFileSync(join(folder, 'exit-1'), '')
  await until('one has died', () => view().threads.some(({ restarts }) => restarts > 0))
  const before = acked(0)
  await until('the other goes on', () => acked(0) > before + 20)
  await until('it is there again', () => linesOf('opened').length === 3)
  const again = acked(1)
  await until('and goes on', () => acked(1) > again + 20)
  expect(view().threads.map(({ thread, restarts }) => [thread, restarts])).toEqual([
    ['ingress-0', 0],
    ['ingress-1', 1],
    ['map-0', 0],
    ['map-1', 0],
    ['egress', 0],
  ])
  const summary = await (running as Running).drain()
  expect(summary).toMatchObject({ ok: true, inFlight: 0, nacked: 0, restarts: 1 })
  expect(summary.read).toBe(summary.acked + summary.abandoned)
  // The one that lived: all that it gave was told of once, and written once.
  const [mine, theirs] = [linesOf('acked-0'), linesOf('acked-1')]
  expect(new Set(mine).size).toBe(mine.length)
  expect(mine.toSorted()).toEqual(numbers(0, mine.length).sort())
  expect(
    written()
      .filter((name) => name.startsWith('0:'))
      .sort(),
  ).toEqual(mine.toSorted())
  // The one that died: nothing of it is missing.
  expect([...new Set(theirs)].sort()).toEqual(numbers(1, new Set(theirs).size).sort())
  for (const name of theirs) expect(written()).toContain(name)
  expectOrderByKey()
})

it('what is seen of it is the sum of its readers', async () => {
  await begin(Number.POSITIVE_INFINITY)
  const view = () => (running as Running).inspect()
  await until('both have read', () =>
    view()
      .actors.filter(({ kind }) => kind === 'reader')
      .every(({ counts }) => (counts.acked ?? 0) > 20),
  )
  await until('both have said so', () => (view().source.acks ?? 0) > 40)
  const { progress, actors } = view()
  expect(progress.read).toBe(progress.acked + progress.nacked + progress.inFlight + progress.abandoned)
  const readers = actors.filter(({ kind }) => kind === 'reader')
  expect(readers.map(({ name, thread }) => [name, thread])).toEqual([
    ['reader-0', 'ingress-0'],
    ['reader-1', 'ingress-1'],
  ])
  const { acked, read } = await (running as Running).drain()
  const sum = view().actors.reduce((total, { counts }) => total + (counts.acked ?? 0), 0)
  expect([acked, sum]).toEqual([read, read])
  expect(view().source.acks).toBe(read)
})
