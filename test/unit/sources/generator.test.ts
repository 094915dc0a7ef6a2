import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Log } from '../../../src/kernel/log.js'
import { type GeneratorOptions, generator } from '../../../src/sources/generator.js'
import type { Source, SourceContext, SourcePosition, SourceRecord } from '../../../src/sources/source.js'

type Seen = { offset: number; keys: readonly string[] | undefined; text: string }

const ignore = () => {}
const log: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore }

async function opened(options: GeneratorOptions, context: Partial<SourceContext> = {}): Promise<Source> {
  const source = generator(options)
  await source.open?.({ log, messageBytesMax: 67_108_864, signal: new AbortController().signal, ...context })
  return source
}

function seen(records: readonly SourceRecord[] | null): Seen[] {
  return (records ?? []).map(({ offset, keys, value }) => ({
    offset: offset as number,
    keys,
    text: Buffer.from(value as Uint8Array).toString('latin1'),
  }))
}

/** What a synchronous read gives. */
function readNow(source: Source, max: number): Seen[] | null {
  const records = source.read(max)
  expect(records).not.toBeInstanceOf(Promise)
  return records === null ? null : seen(records as readonly SourceRecord[])
}

function readAll(source: Source, max: number): Seen[] {
  const all: Seen[] = []
  for (let part = readNow(source, max); part !== null; part = readNow(source, max)) all.push(...part)
  return all
}

function nackOf(index: number, delayMs = 0) {
  return { partition: 0, offset: BigInt(index), reason: 'test', delayMs }
}

function positionOf(index: number): SourcePosition {
  return { partition: 0, offset: BigInt(index) }
}

/** What a value is, by the plainest means. */
function model(index: number, sizeBytes: number): string {
  if (sizeBytes >= 39) {
    return `{"value":${String(index).padStart(16, ' ')},"padding":"${'x'.repeat(sizeBytes - 39)}"}`
  }
  return sizeBytes === 0 ? '' : String(index).padStart(sizeBytes, '0').slice(-sizeBytes)
}

describe('values', () => {
  test('have the default size, are JSON, and carry their index', async () => {
    const all = readAll(await opened({ count: 3 }), 512)
    expect(all.map(({ text }) => text.length)).toEqual([128, 128, 128])
    expect(all.map(({ text }) => JSON.parse(text).value)).toEqual([0, 1, 2])
    expect(all.map(({ offset }) => offset)).toEqual([0, 1, 2])
  })

  test.each([0, 1, 2, 3, 4, 5, 15, 16, 17, 38, 39, 40, 128, 1_000])(
    'of %i bytes are those of the model',
    async (sizeBytes) => {
      const all = readAll(await opened({ count: 25_000, sizeBytes }), 300)
      expect(all.length).toBe(25_000)
      for (const { offset, text } of all)
        if (text !== model(offset, sizeBytes)) expect(text).toBe(model(offset, sizeBytes))
    },
  )

  test('are those of the model from any index on, with any size and any reads', async () => {
    const index = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(30_000),
      fc.nat(8).map((n) => 2 ** 31 - 4 + n),
    )
    const reads = fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(index, fc.nat(60), reads, async (from, sizeBytes, maxes) => {
        const first = Math.min(from, Number.MAX_SAFE_INTEGER - 20_000)
        const source = await opened({ sizeBytes }, { resume: positionOf(first) })
        let next = first
        for (const max of maxes) {
          const part = readNow(source, max) as Seen[]
          expect(part.length).toBeGreaterThan(0)
          expect(part.length).toBeLessThanOrEqual(max)
          for (const { offset, text } of part) {
            if (offset !== next) expect(offset).toBe(next)
            if (text !== model(next, sizeBytes)) expect(text).toBe(model(next, sizeBytes))
            next++
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of 64 MiB are given one by one', async () => {
    const source = await opened({ count: 2, sizeBytes: 67_108_864 })
    for (const index of [0, 1]) {
      const records = source.read(512) as readonly SourceRecord[]
      expect(records.length).toBe(1)
      const value = records[0].value as Uint8Array
      expect(value.length).toBe(67_108_864)
      expect(Buffer.from(value.subarray(0, 37)).toString()).toBe(model(index, 64).slice(0, 37))
    }
    expect(source.read(512)).toBeNull()
  })

  test('are all there until the next read: no two records of a read share bytes', async () => {
    const records = (await opened({ count: 1_000 })).read(512) as readonly SourceRecord[]
    expect(new Set(records.map(({ value }) => Buffer.from(value as Uint8Array).toString())).size).toBe(
      records.length,
    )
  })
})

describe('records', () => {
  test('have keys in turn', async () => {
    const all = readAll(await opened({ count: 7, keys: 3 }), 2)
    expect(all.map(({ keys }) => keys)).toEqual([0, 1, 2, 0, 1, 2, 0].map((k) => [`key-${k}`]))
  })

  test('have keys by their index, also where there are more than are kept', async () => {
    const source = await opened({ keys: 70_000 }, { resume: positionOf(65_530) })
    for (const { offset, keys } of readNow(source, 512) as Seen[]) expect(keys).toEqual([`key-${offset}`])
    const late = await opened({ keys: 70_000 }, { resume: positionOf(69_999) })
    expect((readNow(late, 2) as Seen[]).map(({ keys }) => keys)).toEqual([['key-69999'], ['key-0']])
  })

  test('have none by default', async () => {
    expect(readNow(await opened({}), 1)?.[0].keys).toBeUndefined()
  })

  test('always have the same fields in the same order', async () => {
    const shapes = [await opened({}), await opened({ keys: 2 }), await opened({ sizeBytes: 0 })].map(
      (source) => Object.keys((source.read(1) as readonly SourceRecord[])[0]).join(),
    )
    expect(new Set(shapes).size).toBe(1)
  })
})

describe('the end', () => {
  test('comes after `count` records, and total, pending and ordered tell of it', async () => {
    const source = await opened({ count: 5 })
    expect([source.total, source.pending?.(), source.ordered, source.name]).toEqual([5, 5, true, 'generator'])
    expect(readNow(source, 3)?.length).toBe(3)
    expect(source.pending?.()).toBe(2)
    expect(readNow(source, 3)?.length).toBe(2)
    expect([readNow(source, 3), readNow(source, 3), source.pending?.()]).toEqual([null, null, 0])
  })

  test('comes at once with a count of 0', async () => {
    expect(readNow(await opened({ count: 0 }), 1)).toBeNull()
  })

  test('never comes without a count, of which nothing is known then', async () => {
    const source = await opened({})
    expect([source.total, source.pending]).toEqual([undefined, undefined])
    expect(readNow(source, 512)?.length).toBe(512)
  })

  test('a successor goes on where it is told to', async () => {
    expect(
      readAll(await opened({ count: 5 }, { resume: positionOf(3) }), 9).map(({ offset }) => offset),
    ).toEqual([3, 4])
    const done = await opened({ count: 5 }, { resume: positionOf(5) })
    expect([readNow(done, 1), done.pending?.()]).toEqual([null, 0])
  })
})

describe('with a clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Reads for so long, as fast as it can: gives when each record came. */
  async function readFor(source: Source, ms: number, max = 512): Promise<number[]> {
    const times: number[] = []
    const end = performance.now() + ms
    let isOver = false
    const reading = (async () => {
      while (!isOver) {
        const records = await source.read(max)
        if (records === null) break
        if (!isOver) for (const _ of records) times.push(performance.now())
      }
    })()
    await vi.advanceTimersByTimeAsync(end - performance.now())
    isOver = true
    source.close?.()
    await reading
    return times
  }

  test.each([1, 7, 100, 1_000, 12_345, 200_000])('a rate of %i per second is kept', async (rate) => {
    const start = performance.now()
    const times = await readFor(await opened({ rate }), 4_000)
    expect(Math.abs(times.length - 4 * rate)).toBeLessThanOrEqual(1 + rate / 500)
    times.forEach((time, i) => {
      const late = time - start - (i * 1_000) / rate
      if (late < -1e-6 || late > 2) expect(late).toBe(0)
    })
  })

  test('a pause is made up for by 100 ms worth, and no more', async () => {
    const source = await opened({ rate: 1_000 })
    expect(readNow(source, 512)?.length).toBe(1)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(readNow(source, 512)?.length).toBe(101)
    expect(source.read(512)).toBeInstanceOf(Promise)
  })

  test('no pace needs no timer', async () => {
    const source = await opened({ count: 10_000 })
    expect(readAll(source, 512).length).toBe(10_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a nacked record comes again, the same, when its delay is over', async () => {
    const source = await opened({ count: 4, keys: 3 })
    const first = readAll(source, 512)
    source.nack?.([nackOf(2, 50)])
    expect(source.pending?.()).toBe(1)
    let again: Seen[] | undefined
    const reading = Promise.resolve(source.read(512)).then((records) => {
      again = seen(records)
    })
    await vi.advanceTimersByTimeAsync(49)
    expect(again).toBeUndefined()
    await vi.advanceTimersByTimeAsync(2)
    await reading
    expect(again).toEqual([first[2]])
    expect([readNow(source, 512), source.pending?.()]).toEqual([null, 0])
  })

  test('a nack wakes a read that waits for a later one', async () => {
    const source = await opened({ count: 4 })
    readAll(source, 512)
    source.nack?.([nackOf(0, 1e12)])
    const reading = source.read(512)
    expect(reading).toBeInstanceOf(Promise)
    await vi.advanceTimersByTimeAsync(200_000)
    source.nack?.([nackOf(3, 0)])
    expect(seen(await reading).map(({ offset }) => offset)).toEqual([3])
  })

  test('more nacked records than one read can give come in several', async () => {
    const source = await opened({ count: 3_000 })
    const all = readAll(source, 5_000)
    source.nack?.(all.map(({ offset }) => nackOf(offset)))
    const first = readNow(source, 5_000) as Seen[]
    expect(first.length).toBeLessThan(3_000)
    expect([...first, ...readAll(source, 5_000)]).toEqual(all)
  })

  test('records that come again keep the pace too', async () => {
    const source = await opened({ count: 200, rate: 1_000 })
    const all: Seen[] = []
    const reading = (async () => {
      while (all.length < 200) all.push(...seen(await source.read(512)))
    })()
    await vi.advanceTimersByTimeAsync(1_000)
    await reading
    source.nack?.(all.map(({ offset }) => nackOf(offset)))
    expect(readNow(source, 512)).toEqual(all.slice(0, 101))
    expect(source.read(512)).toBeInstanceOf(Promise)
  })

  test('an abort ends the waits, and loses nothing', async () => {
    const abort = new AbortController()
    const source = await opened({ count: 2, rate: 0.001 }, { signal: abort.signal })
    expect(readNow(source, 9)?.length).toBe(1)
    const reading = source.read(9)
    abort.abort()
    expect(await reading).toEqual([])
    expect(await source.read(9)).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000_000)
    expect(readNow(source, 9)?.map(({ offset }) => offset)).toEqual([1])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('whatever is nacked comes again as often as it is nacked, and the rest once', async () => {
    const nacks = fc.array(fc.tuple(fc.nat(99), fc.constantFrom(0, 1, 30)), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        nacks,
        fc.integer({ min: 1, max: 64 }),
        fc.constantFrom(undefined, 5_000),
        async (list, max, rate) => {
          const source = await opened({ count: 100, sizeBytes: 50, ...(rate && { rate }) })
          const times = new Map<number, number>()
          const wanted = new Map<number, number>()
          for (let i = 0; i < 100; i++) wanted.set(i, 1)
          const left = [...list]
          for (;;) {
            const reading = Promise.resolve(source.read(max))
            await vi.advanceTimersByTimeAsync(40)
            const records = await reading
            if (records === null && left.length === 0) break
            for (const { offset, text } of seen(records)) {
              expect(text).toBe(model(offset, 50))
              times.set(offset, (times.get(offset) ?? 0) + 1)
            }
            const next = left.pop()
            if (next === undefined || !times.has(next[0])) {
              if (next !== undefined && records !== null) left.unshift(next)
              continue
            }
            source.nack?.([nackOf(next[0], next[1])])
            wanted.set(next[0], (wanted.get(next[0]) ?? 0) + 1)
          }
          expect([...times].sort((a, b) => a[0] - b[0])).toEqual([...wanted])
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('unusable options', () => {
  test.each([
    [{ count: -1 }, 'generator: count: got -1, wanted a whole number from 0 to 9,007,199,254,740,991'],
    [{ count: 1.5 }, 'generator: count: got 1.5, wanted a whole number from 0 to 9,007,199,254,740,991'],
    [{ count: '5' }, 'generator: count: got "5", wanted a whole number from 0 to 9,007,199,254,740,991'],
    [
      { sizeBytes: 67_108_865 },
      'generator: sizeBytes: got 67,108,865, wanted a whole number from 0 to 67,108,864',
    ],
    [{ sizeBytes: null }, 'generator: sizeBytes: got null, wanted a whole number from 0 to 67,108,864'],
    [{ keys: 0 }, 'generator: keys: got 0, wanted a whole number from 1 to 9,007,199,254,740,991'],
    [{ rate: 0 }, 'generator: rate: got 0, wanted a number of records per second above 0'],
    [{ rate: Number.NaN }, 'generator: rate: got NaN, wanted a number of records per second above 0'],
    [{ rate: 5n }, 'generator: rate: got 5n, wanted a number of records per second above 0'],
    [{ conut: 5 }, 'generator: unknown option conut; did you mean count?'],
    [{ sizebytes: 5 }, 'generator: unknown option sizebytes; did you mean sizeBytes?'],
    [{ zzz: 5 }, 'generator: unknown option zzz; known here: count, rate, sizeBytes and keys'],
    [5, 'generator: got 5, wanted an object such as { count: 1000 }'],
  ])('%o', (options, message) => {
    expect(() => generator(options as GeneratorOptions)).toThrowError(
      expect.objectContaining({ code: 'ERR_CONFIG', message }),
    )
  })
})
