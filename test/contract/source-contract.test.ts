// The source contract's suite: good sources pass it, each broken one fails the cases that are about its fault, and no other.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { generator } from '../../src/sources/generator.js'
import { lines } from '../../src/sources/lines.js'
import { benchSource, type MadeSource, sourceContract, type TestRunner } from '../../src/testing/index.js'
import { BROKEN_SOURCES, type BrokenSource, HASTY_SOURCE } from './broken-sources.js'
import { type Honest, memorySource } from './memory-source.js'
import { failuresOf, recordCases } from './recorder.js'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each([
  ['a list', {}, { resumable: true }],
  ['a list of several partitions', { partitions: 3 }, {}],
  ['a list in no order', { ordered: false, partitions: 2 }, {}],
  ['an empty list', { values: [] }, { resumable: true }],
  ['a list of one', { values: ['only'] }, { resumable: true }],
  ['a list that does not end', { endless: true }, { endless: true, resumable: true }],
  ['the beginning of a list that does not end', { endless: true }, { endless: true, limit: 20 }],
])('%s', (_, kind, options) => {
  sourceContract(() => memorySource(kind), { describe, it, ...options })
})

describe('generator', () => {
  const expected = Array.from({ length: 2_500 }, (_, i) => String(i).padStart(16, '0'))
  const finite = () => ({ source: generator({ count: 2_500, sizeBytes: 16, keys: 7 }), expected })
  const endless = { describe, it, endless: true, resumable: true }
  sourceContract(finite, { describe, it, name: 'that ends', resumable: true })
  sourceContract(generator, { ...endless, name: 'without an end' })
  sourceContract(() => generator({ rate: 2_000 }), { ...endless, name: 'at a rate', limit: 50, runs: 10 })
  sourceContract(() => generator({ count: 0 }), { describe, it, name: 'of nothing' })
})

describe('lines', () => {
  const many = Array.from({ length: 300 }, (_, i) => `line ${i} ${'x'.repeat(i)}`)
  sourceContract(() => linesOf(many), { describe, it, name: 'of a file', resumable: true })
  sourceContract(() => linesOf(['a', '', 'ü'], [], ['b'], many), {
    describe,
    it,
    name: 'of several files',
    resumable: true,
  })
  sourceContract(() => linesOf([]), { describe, it, name: 'of an empty file' })
})

describe('a broken source', () => {
  it.each(BROKEN_SOURCES)('that $how fails', expectFailures)
  it('that does not wait for delayMs fails', { retry: 5 }, () => expectFailures(HASTY_SOURCE))
})

it('each case has a broken source that it is there for', () => {
  const { cases } = recordCases((runner) => sourceContract(generator, { ...runner, runs: 0 }))
  const told = new Set(
    [HASTY_SOURCE, ...BROKEN_SOURCES].flatMap(({ fails }) => (fails === 'all' ? [] : fails)),
  )
  expect([...cases.keys()].filter((name) => !told.has(name))).toEqual([])
})

describe('the randomised case', () => {
  const RULE = 'random reads, acks and nacks keep every rule'

  it('finds what the others do not try, and names the seed', async () => {
    hush()
    const make = () => memorySource({}, owesTheLastNack)
    const failures = await failuresOf((runner) =>
      sourceContract(make, { ...runner, seed: 3, timeoutMs: 300 }),
    )
    expect([...failures.keys()]).toEqual([RULE])
    expect(failures.get(RULE)).toMatch(/had not come again[\s\S]*Run it again with \{ seed: 3 \}/)
  })

  it('prints a seed of its own', async () => {
    const { info } = hush()
    await recordCases((runner) => sourceContract(() => memorySource(), runner)).cases.get(RULE)?.()
    expect(info).toHaveBeenCalledWith(expect.stringMatching(/keep every rule: seed \d+$/))
  })
})

describe('what cannot be seen', () => {
  it('is said to be not run', async () => {
    const { warn } = hush()
    const make = () => memorySource({ ordered: false }).source
    const failures = await failuresOf((runner) => sourceContract(make, { ...runner, limit: 10, runs: 0 }))
    expect([...failures]).toEqual([])
    const said = warn.mock.calls.map(([text]) => String(text))
    expect(said).toContainEqual(
      expect.stringContaining('NOT RUN: the values are the expected ones: make() gives no `expected`'),
    )
    expect(said).toContainEqual(
      expect.stringMatching(/NOT RUN: the end is null, .*more than 10 records came and no end/),
    )
    expect(said).toContainEqual(
      expect.stringContaining('NOT RUN: reading by 1, by 7 and by 500 gives the same records'),
    )
  })
})

describe('registration', () => {
  it('gives the suite its name, and asks for a source only when a case runs', () => {
    const make = vi.fn(() => memorySource())
    const { titles } = recordCases((runner) => sourceContract(make, { ...runner, name: 'mine' }))
    expect(titles).toEqual(['mine'])
    expect(make).not.toHaveBeenCalled()
  })

  it('aborts, closes and cleans up after a case that failed', async () => {
    hush()
    const cleanup = vi.fn()
    const close = vi.fn()
    const make = () => ({ ...memorySource({}, () => ({ read: () => 'none' as never, close })), cleanup })
    const { cases } = recordCases((runner) => sourceContract(make, runner))
    await expect(cases.get('every record is well formed')?.()).rejects.toThrow('read gave "none"')
    expect([close.mock.calls.length, cleanup.mock.calls.length]).toEqual([1, 1])
  })
})

describe('benchSource', () => {
  it('reads as many records as asked for, or to the end, acks them, and takes the time', async () => {
    const ack = vi.fn()
    const made = memorySource({}, () => ({ ack }))
    const result = await benchSource(() => made, { messages: 40, batch: 15 })
    expect(result).toMatchObject({
      messages: 40,
      perBatchMs: { p50: expect.any(Number), p99: expect.any(Number) },
    })
    expect(result.perSecond).toBeCloseTo(40 / result.seconds)
    expect(ack.mock.calls.map(([acks]) => acks.length)).toEqual([15, 15, 10])
    expect((await benchSource(() => memorySource())).messages).toBe(60)
  })

  it('rejects where a read is wrong, or gives nothing for too long', async () => {
    const greedy = memorySource({}, ({ read }) => ({ read: (max) => read(max + 1) }))
    await expect(benchSource(() => greedy, { batch: 10 })).rejects.toThrow('read(10) gave 11 records')
    const twice = memorySource({}, ({ nack, read }) => ({ read, ack: (acks) => nack(acks.map(nackOf)) }))
    await expect(benchSource(() => twice, { batch: 10 })).rejects.toThrow('partition 0 offset 0 came twice')
    const waiting = () => memorySource({ endless: true })
    await expect(benchSource(waiting, { timeoutMs: 20 })).rejects.toThrow(
      'gave nothing for 20 ms, with 60 records read',
    )
    const empty = memorySource({}, () => ({ read: () => [] }))
    await expect(benchSource(() => empty, { timeoutMs: 20 })).rejects.toThrow(
      'gave nothing for 20 ms, with 0 records read',
    )
  })
})

async function expectFailures({ make, options, fails, spares = [], says }: BrokenSource): Promise<void> {
  hush()
  const quick = { runs: 0, timeoutMs: 300, abortMs: 100 }
  const register = (runner: TestRunner) => sourceContract(make, { ...runner, ...quick, ...options })
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

/** Forgets what it owes when more is nacked. */
function owesTheLastNack({ nack, owed }: Honest) {
  return {
    nack: (nacks: Parameters<typeof nack>[0]) => {
      owed.length = 0
      return nack(nacks)
    },
  }
}

function nackOf(position: { partition: number; offset: bigint }) {
  return { ...position, reason: '', delayMs: 0 }
}

/** One file for each list; the last lines have no line feed. */
async function linesOf(...files: readonly (readonly string[])[]): Promise<MadeSource> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-'))
  const path = files.map((_, i) => join(directory, `${i}.txt`))
  await Promise.all(files.map((file, i) => writeFile(path[i], file.join('\n'))))
  const cleanup = () => rm(directory, { recursive: true })
  return { source: lines({ path }), expected: files.flat(), cleanup }
}
