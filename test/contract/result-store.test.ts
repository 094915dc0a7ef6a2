// The result store contract's suite: good stores pass it, each broken one fails the cases that are about its fault, and no other.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { lmdbResults } from '../../dist/results/lmdb-results.js'
import { memoryResults } from '../../src/results/memory-results.js'
import {
  type MadeResultStore,
  resultStoreContract,
  type TestRunner,
  type WantedLimits,
} from '../../src/testing/index.js'
import { BROKEN_RESULT_STORES, type BrokenResultStore } from './broken-result-stores.js'
import { plainResultStore } from './plain-result-store.js'
import { failuresOf, recordCases } from './recorder.js'

const RULE = 'random calls keep every rule'

afterEach(() => {
  vi.restoreAllMocks()
})

resultStoreContract(plainResultStore, { describe, it, name: 'the plain one', limited: true })
resultStoreContract(memoryResults, { describe, it, name: 'memoryResults', limited: true })
resultStoreContract(lmdb, { describe, it, name: 'lmdbResults', limited: true, runs: 10, timeoutMs: 30_000 })

describe('a broken result store', () => {
  it.each(BROKEN_RESULT_STORES)('that $how fails', expectFailures)
})

it('each case has a broken store that it is there for', () => {
  const { cases } = recordCases((runner) => resultStoreContract(plainResultStore, { ...runner, runs: 0 }))
  const told = new Set(BROKEN_RESULT_STORES.flatMap(({ fails }) => (fails === 'all' ? [] : fails)))
  expect([...cases.keys()].filter((name) => !told.has(name))).toEqual([])
})

describe('the randomised case', () => {
  it('finds what the others do not try, and names the seed', async () => {
    hush()
    // Of more than five requests it gives the first last.
    const make = (limits: WantedLimits) =>
      plainResultStore(limits, ({ store, data }) => ({
        accept: async (id, request) => {
          const outcome = await store.accept(id, request)
          const [first, entry] = [...data][0]
          if (data.size === 6 && data.delete(first)) data.set(first, entry)
          return outcome
        },
      }))
    const { cases } = recordCases((runner) => resultStoreContract(make, { ...runner, seed: 3 }))
    await expect(cases.get(RULE)?.()).rejects.toThrow(
      /after what was accepted later[\s\S]*Run it again with \{ seed: 3 \}/,
    )
  })

  it('prints a seed of its own', async () => {
    const { info } = hush()
    await recordCases((runner) => resultStoreContract(plainResultStore, runner)).cases.get(RULE)?.()
    expect(info).toHaveBeenCalledWith(expect.stringMatching(/keep every rule: seed \d+$/))
  })
})

it('what cannot be seen is said to be not run', async () => {
  const { warn } = hush()
  const make = () => plainResultStore().store
  expect([...(await failuresOf((runner) => resultStoreContract(make, { ...runner, runs: 0 })))]).toEqual([])
  const said = warn.mock.calls.map(([text]) => String(text))
  expect(said.filter((text) => /NOT RUN: .*make\(\) gives no `reopen`/.test(text))).toHaveLength(2)
  expect(said.filter((text) => /NOT RUN: .*`limited` does not say/.test(text))).toHaveLength(3)
})

it('a case that failed closes its stores and cleans up, once', async () => {
  hush()
  const [cleanup, close] = [vi.fn(), vi.fn()]
  const make = () => ({ ...plainResultStore({}, () => ({ forget: async () => undefined, close })), cleanup })
  const { cases } = recordCases((runner) => resultStoreContract(make, runner))
  await expect(cases.get('a forgotten id is unknown, and may be accepted again')?.()).rejects.toThrow(
    'Wanted: undefined',
  )
  expect([close.mock.calls.length, cleanup.mock.calls.length]).toEqual([1, 1])
})

async function expectFailures({
  make,
  fails,
  spares = [],
  says,
  timeoutMs = 1_000,
}: BrokenResultStore): Promise<void> {
  hush()
  const register = (runner: TestRunner) =>
    resultStoreContract(make, { ...runner, runs: 0, limited: true, timeoutMs })
  const failures = await failuresOf(register)
  const all = [...recordCases(register).cases.keys()]
  const wanted = fails === 'all' ? all.filter((name) => !spares.includes(name)) : fails
  expect([...failures.keys()].toSorted()).toEqual([...wanted].toSorted())
  expect([...failures.values()].join('\n')).toMatch(says)
}

function hush() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined)
  return { warn, info }
}

async function lmdb(limits: WantedLimits): Promise<MadeResultStore> {
  const path = await mkdtemp(join(tmpdir(), 'millrace-results-'))
  const store = () => lmdbResults({ path, ...limits })
  return { store: store(), reopen: store, cleanup: () => rm(path, { recursive: true }) }
}
