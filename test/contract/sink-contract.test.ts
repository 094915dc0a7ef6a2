// The sink contract's suite: good sinks pass it, each broken one fails the cases that are about its fault, and no other.

import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe as nodeDescribe, it as nodeIt } from 'node:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { blackhole } from '../../src/sinks/blackhole.js'
import { file } from '../../src/sinks/file.js'
import { log } from '../../src/sinks/log.js'
import { Response } from '../../src/sinks/response.js'
import { benchSink, type MadeSink, sinkContract, type TestRunner } from '../../src/testing/index.js'
import { checkRandom } from '../../src/testing/random.js'
import { BROKEN_SINKS } from './broken-sinks.js'
import { memorySink } from './memory-sink.js'
import { failuresOf, recordCases } from './recorder.js'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each([
  ['a plain sink', {}],
  ['an ordered sink', { ordered: true }],
  ['an atomic sink', { atomic: true }],
  ['a sink with small batches', { batchMax: 2 }],
  ['a sink with overlapping writes', { concurrency: 4 }],
])('%s in memory', (_, kind) => {
  sinkContract(() => memorySink(kind), { describe, it })
})

sinkContract(() => flaky(), { describe, it, name: 'a sink that fails every other write' })
sinkContract(blackhole, { describe, it, name: 'blackhole' })
sinkContract(fileInTmp, { describe, it, name: 'file', lineBreaks: false, runs: 10 })
sinkContract(logToFile, { describe, it, name: 'log', lineBreaks: false, runs: 10 })

describe('a broken sink', () => {
  it.each(BROKEN_SINKS)('that $how fails', async ({ make, options, fails, spares = [], says }) => {
    hush()
    const register = (runner: TestRunner) => sinkContract(make, { ...runner, runs: 0, ...options })
    const failures = await failuresOf(register)
    const all = [...recordCases(register).cases.keys()]
    const wanted = fails === 'all' ? all.filter((name) => !spares.includes(name)) : fails
    expect([...failures.keys()].toSorted()).toEqual([...wanted].toSorted())
    expect([...failures.values()].join('\n')).toMatch(says)
  })
})

it('each case has a broken sink that it is there for', () => {
  const { cases } = recordCases((runner) => sinkContract(blackhole, { ...runner, role: 'fallback', runs: 0 }))
  const told = new Set(BROKEN_SINKS.flatMap(({ fails }) => (fails === 'all' ? [] : fails)))
  // A write that never ends is told of by all cases that write.
  expect([...cases.keys()].filter((name) => !told.has(name))).toEqual(['write answers in time'])
})

describe('the randomised case', () => {
  const RULE = 'random batches keep every rule'

  it('finds what the others do not try, and names the seed', async () => {
    hush()
    const failures = await failuresOf((runner) => sinkContract(forgetsFours, { ...runner, seed: 7 }))
    expect([...failures.keys()]).toEqual([RULE])
    expect(failures.get(RULE)).toMatch(/no response for "m-4"[\s\S]*Run it again with \{ seed: 7 \}/)
  })

  it('prints a seed of its own', async () => {
    const info = hush().info
    await run(RULE, () => memorySink())
    expect(info).toHaveBeenCalledWith(expect.stringMatching(/random batches keep every rule: seed \d+$/))
  })

  it('says that it was not run where fast-check is not installed', async () => {
    const { warn } = hush()
    const missing = Object.assign(new Error("Cannot find package 'fast-check'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    const options = { seed: 1, runs: 1, timeoutMs: 1_000 }
    await checkRandom(
      'a rule',
      options,
      (fc) => fc.nat(),
      unreachable,
      () => Promise.reject(missing),
    )
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/NOT RUN: a rule: fast-check is not installed/))
    const broken = () => Promise.reject(new SyntaxError('torn'))
    await expect(checkRandom('a rule', options, (fc) => fc.nat(), unreachable, broken)).rejects.toThrow(
      'torn',
    )
  })
})

describe('what cannot be seen', () => {
  it('is said to be not run', async () => {
    const { warn } = hush()
    const failures = await failuresOf((runner) =>
      sinkContract(() => ({ ...blackhole(), atomic: true }), { ...runner, runs: 0 }),
    )
    expect(failures.size).toBe(0)
    const said = warn.mock.calls.map(([text]) => String(text))
    expect(said).toContainEqual(
      expect.stringContaining('NOT RUN: ok means written: once, and with these bytes: make() gives no'),
    )
    expect(said).toContainEqual(
      expect.stringContaining('NOT RUN: an atomic sink writes all of a batch or nothing: make() gives no'),
    )
  })
})

describe('registration', () => {
  it('takes the functions of node:test as well as those of vitest', () => {
    const runners: TestRunner[] = [
      { describe, it },
      { describe: nodeDescribe, it: nodeIt },
    ]
    expect(runners).toHaveLength(2)
  })

  it('gives the suite its name, and asks for a sink only when a case runs', () => {
    const make = vi.fn(() => blackhole())
    const { titles } = recordCases((runner) => sinkContract(make, { ...runner, name: 'mine' }))
    expect(titles).toEqual(['mine'])
    expect(make).not.toHaveBeenCalled()
  })

  it('gives ordinary values as the options make them', async () => {
    const json = (n: number) => JSON.stringify({ n })
    const { warn } = hush()
    const failures = await failuresOf((runner) => sinkContract(jsonOnly, { ...runner, value: json, runs: 5 }))
    expect([...failures]).toEqual([])
    expect(warn).not.toHaveBeenCalled()
  })

  it('cleans up and closes after a case that failed', async () => {
    hush()
    const cleanup = vi.fn()
    const close = vi.fn()
    const make = () => ({ ...memorySink({}, () => ({ write: () => 'nothing' as never, close })), cleanup })
    await expect(run('write gives an array, or a promise of one', make)).rejects.toThrow(
      'write gave "nothing"',
    )
    expect([close.mock.calls.length, cleanup.mock.calls.length]).toEqual([1, 1])
  })
})

describe('benchSink', () => {
  it('writes as many messages as asked for, and takes the time', async () => {
    const made = memorySink({ concurrency: 3 })
    const result = await benchSink(() => made, { messages: 1_234, sizeBytes: 16, batch: 100 })
    expect(result).toMatchObject({
      messages: 1_234,
      perBatchMs: { p50: expect.any(Number), p99: expect.any(Number) },
    })
    expect(result.perSecond).toBeCloseTo(1_234 / result.seconds)
    const accepted = (await made.accepted?.()) ?? []
    expect([accepted.length, accepted[0].length]).toEqual([1_234, 16])
  })

  it('rejects where an answer is wrong, or a message not written', async () => {
    const short = memorySink({}, ({ write }) => ({ write: (batch) => write(batch).slice(1) }))
    await expect(benchSink(() => short, { messages: 10 })).rejects.toThrow(
      '9 responses for 10 messages; no response for "m-0"',
    )
    const failing = memorySink({}, () => ({
      write: (batch) => batch.map((message) => Response.failure(message)),
    }))
    await expect(benchSink(() => failing, { messages: 2 })).rejects.toThrow(
      'failure was answered for "m-0", "m-1"',
    )
    const silent = memorySink({}, () => ({ write: () => new Promise(() => undefined) }))
    await expect(benchSink(() => silent, { timeoutMs: 10 })).rejects.toThrow(
      'no answer to a batch of 500 messages after 10 ms',
    )
  })
})

/** Every write but each second one fails; what fails is offered again. */
function flaky(): MadeSink {
  let count = 0
  return memorySink({}, ({ write }) => ({
    write: async (batch) =>
      count++ % 2 === 0 ? batch.map((message) => Response.failure(message, 'busy')) : write(batch),
  }))
}

/** Loses the answer of every fourth message, where it has two keys. */
function forgetsFours(): MadeSink {
  return memorySink({}, ({ write }) => ({
    write: (batch) => write(batch).filter((_, i) => !(batch[i].id === 'm-4' && batch[i].keys.length === 2)),
  }))
}

function jsonOnly(): MadeSink {
  return {
    ...memorySink({}, ({ write }) => ({
      write: (batch) => {
        const good = batch.filter(isJson)
        const responses = write(good)
        return batch.map(
          (message) => responses[good.indexOf(message)] ?? Response.fallback(message, 'no JSON'),
        )
      },
    })),
    refused: 'no JSON',
  }
}

function isJson(message: { text(): string }): boolean {
  return message.text().startsWith('{"n":')
}

async function fileInTmp(): Promise<MadeSink> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-'))
  const path = join(directory, 'out')
  return {
    sink: file({ path }),
    accepted: () => linesOf(path),
    cleanup: () => rm(directory, { recursive: true }),
  }
}

async function logToFile(): Promise<MadeSink> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-'))
  const path = join(directory, 'out')
  const fd = openSync(path, 'a')
  return {
    sink: log({}, { fd }),
    accepted: () => linesOf(path),
    cleanup: async () => {
      closeSync(fd)
      await rm(directory, { recursive: true })
    },
  }
}

/** The lines as bytes. */
async function linesOf(path: string): Promise<Uint8Array[]> {
  const lines = (await readFile(path, 'latin1')).split('\n')
  return lines.slice(0, -1).map((line) => Buffer.from(line, 'latin1'))
}

/** Runs one case of the suite. */
async function run(name: string, make: () => MadeSink): Promise<void> {
  await recordCases((runner) => sinkContract(make, runner)).cases.get(name)?.()
}

function hush() {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined)
  return { warn, info }
}

async function unreachable(): Promise<void> {
  throw new Error('nothing is checked here')
}
