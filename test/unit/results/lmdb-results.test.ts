// lmdbResults as it is built: its host is a process of its own. Its directory, its faults, and what is left after a restart.

import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { type LmdbResultsOptions, lmdbResults, lmdbResultsOf } from '../../../dist/results/lmdb-results.js'
import type { ResultStore } from '../../../dist/results/result-store.js'
import { openStore, Store, StoreError } from '../../../dist/store/store.js'
import { createLog } from '../../../src/kernel/log.js'
import { encodeRecord, setTime } from '../../../src/results/lmdb/record.js'

let folder: string
let path: string
const told: string[] = []
const open: ResultStore[] = []
const log = createLog(({ level, message }) => told.push(`${level}: ${message}`), 'test', 'test')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-results-'))
  path = join(folder, 'results')
  told.length = 0
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const results of open.splice(0)) await results.close?.()
  rmSync(folder, { recursive: true })
})

async function opened(results: ResultStore = lmdbResults({ path })): Promise<ResultStore> {
  await results.open?.({ log })
  open.push(results)
  return results
}

async function unfinishedOf(results: ResultStore): Promise<string[]> {
  const ids = []
  for await (const { id, request } of results.unfinished()) ids.push(`${id}: ${Buffer.from(request)}`)
  return ids
}

test.each<[unknown, string]>([
  [undefined, "lmdbResults: got nothing, wanted an object such as { path: 'results' }"],
  [{}, 'lmdbResults: path: got nothing, wanted the path of a directory'],
  [{ path: 'a', byte: 1 }, 'lmdbResults: unknown option byte; did you mean bytes?'],
  [{ path: 'a', bytes: 1 }, 'lmdbResults: bytes: got 1, wanted a whole number from 4,096 to 268,435,456'],
])('unusable options: %j', (options, message) => {
  const make = () => lmdbResults(options as LmdbResultsOptions)
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }))
})

describe('its directory', () => {
  it('is looked at, and not made, by check', async () => {
    await lmdbResults({ path: join(folder, 'a', 'b') }).check?.()
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(path, '')
    const message = `lmdbResults: ${path}: it is no directory`
    await expect(lmdbResults({ path }).check?.()).rejects.toMatchObject({ code: 'ERR_OPEN', message })
  })

  it('is refused, and left as it is, where it holds something else', async () => {
    const other = await openStore({ directory: path, name: 'test', ifLost: '', log })
    await other.put([['a.txt', Buffer.from('{"position":7}')]])
    await other.close()
    await expect(opened()).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: `lmdbResults: ${path}: it holds something else than results: give a directory of its own`,
    })
    const again = await openStore({ directory: path, name: 'test', ifLost: '', log })
    expect([...again.entries.keys()]).toEqual(['a.txt'])
    await again.close()
  })

  it('whose file is torn begins anew, keeps the file aside, and says what is lost', async () => {
    const results = await opened()
    await results.accept('a', Buffer.from('1'))
    await results.close?.()
    truncateSync(join(path, 'store.mdb'), 9_000)
    const again = await opened()
    expect(await unfinishedOf(again)).toEqual([])
    expect(await again.accept('a', Buffer.from('2'))).toBe('accepted')
    expect(readdirSync(path)).toContain('store.mdb.corrupt-1')
    expect(told).toEqual([
      expect.stringMatching(
        /^error: lmdbResults: .* is broken .*: requests that were accepted and not finished are lost/,
      ),
    ])
  })
})

describe('after a restart', () => {
  const timeOf = (steadyMs: () => number, wallMs: number) => ({
    clock: { now: steadyMs },
    wallMs: () => wallMs,
  })

  it('results are as old as they are, and requests in their order', async () => {
    let nowMs = 77
    const first = await opened(
      lmdbResultsOf(
        { path, keepMs: 1_000 },
        timeOf(() => nowMs, 1_000_000),
      ),
    )
    for (const id of ['z', 'y', 'x']) await first.accept(id, Buffer.from(`request ${id}`))
    await first.finish('old', Buffer.from('1'))
    nowMs += 600
    await first.finish('young', Buffer.from('2'))
    await first.finish('y', Buffer.from('3'))
    await first.close?.()
    const second = await opened(
      lmdbResultsOf(
        { path, keepMs: 1_000 },
        timeOf(() => 5, 1_001_100),
      ),
    )
    expect(await second.get('old')).toBeUndefined()
    expect(await second.get('young')).toMatchObject({ state: 'finished', sinceMs: 1_000_600 })
    expect(await unfinishedOf(second)).toEqual(['z: request z', 'x: request x'])
    expect(await second.get('z')).toEqual({ state: 'accepted', sinceMs: 1_000_000 })
    await second.accept('w', Buffer.from('request w'))
    expect(await unfinishedOf(second)).toEqual(['z: request z', 'x: request x', 'w: request w'])
  })

  it('a clock that was set back makes no result older or younger than now', async () => {
    const first = await opened(
      lmdbResultsOf(
        { path, keepMs: 1_000 },
        timeOf(() => 0, 9_000_000),
      ),
    )
    await first.finish('a', Buffer.from('1'))
    await first.close?.()
    let nowMs = 0
    const second = await opened(
      lmdbResultsOf(
        { path, keepMs: 1_000 },
        timeOf(() => nowMs, 1_000_000),
      ),
    )
    expect(await second.get('a')).toMatchObject({ sinceMs: 1_000_000 })
    nowMs = 1_000
    expect(await second.get('a')).toBeUndefined()
  })

  it('an id that is there twice, by a write that failed and was one, is there once', async () => {
    const store = await openStore({ directory: path, name: 'test', ifLost: '', log })
    const records = [
      encodeRecord('accepted', 'a', Buffer.from('1')),
      encodeRecord('accepted', 'a', Buffer.from('2')),
      encodeRecord('finished', 'b', Buffer.from('3')),
      encodeRecord('finished', 'b', Buffer.from('4')),
    ]
    for (const record of records) setTime(record, Date.now())
    await store.put(records.map((record, i) => [String(i).padStart(16, '0'), record]))
    await store.close()
    const results = await opened()
    expect(await unfinishedOf(results)).toEqual(['a: 2'])
    expect(await results.get('b')).toMatchObject({ result: Buffer.from('3') })
    expect(results.stats?.()).toMatchObject({ entries: 2, bytes: 2 * 259 })
    await results.finish('c', Buffer.from('5'))
    await results.close?.()
    const again = await openStore({ directory: path, name: 'test', ifLost: '', log })
    expect(again.entries.size).toBe(3)
    await again.close()
  })

  it('what was given up is not in the file any more, after a later write', async () => {
    const results = await opened(lmdbResults({ path, bytes: 4_096 }))
    for (let i = 0; i < 50; i++) await results.finish(`${i}`, Buffer.alloc(1_000))
    await results.close?.()
    const store = await openStore({ directory: path, name: 'test', ifLost: '', log })
    expect(store.entries.size).toBeLessThanOrEqual(4)
    await store.close()
  })
})

describe('writes', () => {
  it('are shared by what is asked for meanwhile', async () => {
    const results = await opened()
    const put = vi.spyOn(Store.prototype, 'put')
    const ids = Array.from({ length: 500 }, (_, i) => `id ${i}`)
    await Promise.all(ids.map((id) => results.accept(id, Buffer.from(id))))
    expect(put).toHaveBeenCalledTimes(1)
    // What needs no write waits for none.
    expect(await Promise.all(ids.map((id) => results.accept(id, Buffer.from(id))))).toEqual(
      ids.map(() => 'exists'),
    )
    expect(put).toHaveBeenCalledTimes(1)
  })

  it('keep the order of calls for one id', async () => {
    const results = await opened()
    const bytes = Buffer.from('1')
    const outcomes = await Promise.all([
      results.accept('a', bytes),
      results.forget('a'),
      results.accept('a', bytes),
      results.finish('a', bytes),
      results.accept('a', bytes),
    ])
    expect(outcomes).toEqual(['accepted', undefined, 'accepted', undefined, 'exists'])
  })

  it('that fail have changed nothing, are said once, and again when they succeed', async () => {
    const results = await opened()
    await results.accept('a', Buffer.from('1'))
    const put = vi
      .spyOn(Store.prototype, 'put')
      .mockRejectedValue(new StoreError('failed', 'No space left on device'))
    const failed = { code: 'ERR_STORE', message: expect.stringMatching(/cannot be written: No space left/) }
    await expect(results.accept('b', Buffer.from('2'))).rejects.toMatchObject(failed)
    await expect(results.finish('a', Buffer.from('3'))).rejects.toMatchObject(failed)
    expect(await results.accept('a', Buffer.from('4'))).toBe('exists')
    expect([await results.get('b'), (await results.get('a'))?.state]).toEqual([undefined, 'accepted'])
    put.mockRestore()
    expect(await results.accept('b', Buffer.from('5'))).toBe('accepted')
    await results.finish('a', Buffer.from('6'))
    expect(told).toEqual([
      expect.stringMatching(
        /^error: lmdbResults: .* cannot be written: No space left on device: make room on the disk$/,
      ),
      expect.stringMatching(/^warn: lmdbResults: .*: requests and results are kept again$/),
    ])
  })

  it('are refused to a store whose directory was opened once more in the process', async () => {
    const first = await opened()
    const second = await opened()
    await expect(first.accept('a', Buffer.from('1'))).rejects.toMatchObject({ code: 'ERR_STORE' })
    expect(await second.accept('a', Buffer.from('1'))).toBe('accepted')
  })
})

describe('a full disk', () => {
  const mount = () => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path]).status === 0

  it('refuses what is new, keeps what it has, and goes on when there is room', async ({ skip }) => {
    mkdirSync(path)
    if (!mount()) return skip('NOT RUN: a file system of 2 MB cannot be mounted here')
    try {
      const results = lmdbResults({ path: join(path, 'store') })
      await results.open?.({ log })
      await results.accept('a', Buffer.from('1'))
      const filler = join(path, 'filler')
      expect(() => {
        for (;;) appendFileSync(filler, Buffer.alloc(4_096))
      }).toThrow('ENOSPC')
      const large = Buffer.alloc(100_000)
      await expect(results.accept('b', large)).rejects.toMatchObject({ code: 'ERR_STORE' })
      expect(await unfinishedOf(results)).toEqual(['a: 1'])
      rmSync(filler)
      expect(await results.accept('b', large)).toBe('accepted')
      await results.close?.()
      const again = lmdbResults({ path: join(path, 'store') })
      await again.open?.({ log })
      expect((await unfinishedOf(again)).map((text) => text[0])).toEqual(['a', 'b'])
      await again.close?.()
      expect(told.map((text) => text.split(':')[0])).toEqual(['error', 'warn'])
    } finally {
      execFileSync('umount', [path])
    }
  })
})
