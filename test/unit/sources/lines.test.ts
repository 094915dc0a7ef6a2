import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { countText } from '../../../src/kernel/count-text.js'
import type { Log } from '../../../src/kernel/log.js'
import {
  LINES_PARTS,
  type LinesOptions,
  type LinesParts,
  lines,
  linesOf,
} from '../../../src/sources/lines.js'
import type { Source, SourceContext, SourceNack, SourceRecord } from '../../../src/sources/source.js'

/** A record's data, copied as the reader does it: the record itself is good until the next read only. */
type Seen = {
  partition: number | undefined
  offset: number
  keys: readonly string[] | undefined
  value: Buffer
}

const MIB = 1_048_576
const ignore = () => {}
const log: Log = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore }

let folder: string
let files = 0
const toClose: (() => unknown)[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lines-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(async () => {
  vi.useRealTimers()
  for (const close of toClose.splice(0).reverse()) await close()
})

function fileOf(bytes: string | Uint8Array): string {
  const path = join(folder, `file-${files++}`)
  writeFileSync(path, bytes)
  return path
}

async function opened(
  options: LinesOptions,
  parts: Partial<LinesParts> = {},
  context: Partial<SourceContext> = {},
): Promise<Source> {
  const source = linesOf(options, { ...LINES_PARTS, ...parts })
  toClose.push(() => source.close?.())
  await source.open?.({ log, messageBytesMax: MIB, signal: new AbortController().signal, ...context })
  return source
}

function seen(records: readonly SourceRecord[]): Seen[] {
  return records.map(({ partition, offset, keys, value }) => ({
    partition,
    offset: offset as number,
    keys,
    value: Buffer.from(value as Uint8Array),
  }))
}

/** What a synchronous read gives. */
function readNow(source: Source, max = 512): Seen[] | null {
  const records = source.read(max)
  expect(records).not.toBeInstanceOf(Promise)
  return records === null ? null : seen(records as readonly SourceRecord[])
}

/** Lets the event loop go round once. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Reads until the end, asking again when there is nothing now. */
async function readAll(source: Source, max = 512): Promise<Seen[]> {
  const all: Seen[] = []
  for (;;) {
    const records = await source.read(max)
    if (records === null) return all
    expect(records.length).toBeLessThanOrEqual(max)
    all.push(...seen(records))
    if (records.length === 0) await turn()
  }
}

/** Reads until there are so many lines. */
async function readSome(source: Source, count: number): Promise<Seen[]> {
  const all: Seen[] = []
  while (all.length < count) {
    const records = (await source.read(count - all.length)) ?? []
    all.push(...seen(records))
    if (records.length === 0) await turn()
  }
  return all
}

function texts(records: readonly Seen[] | null): string[] | null {
  return records === null ? null : records.map(({ value }) => value.toString('latin1'))
}

/** The lines of some bytes, by the plainest means: split, and a CR before an LF taken away. */
function model(bytes: Uint8Array, partition?: number): Seen[] {
  const text = Buffer.from(bytes).toString('latin1')
  const parts = text.split('\n')
  let offset = 0
  const all = parts.map((part, i) => {
    const line = i < parts.length - 1 ? part.replace(/\r$/, '') : part
    const record = { partition, offset, keys: undefined, value: Buffer.from(line, 'latin1') }
    offset += part.length + 1
    return record
  })
  if (parts[parts.length - 1] === '') all.pop()
  return all
}

function nackOf({ partition, offset }: Seen, delayMs = 0): SourceNack {
  return { partition: partition ?? 0, offset: BigInt(offset), reason: 'test', delayMs }
}

function ackOf({ partition, offset }: Seen) {
  return { partition: partition ?? 0, offset: BigInt(offset) }
}

function positionOf(partition: number, offset: number) {
  return { partition, offset: BigInt(offset) }
}

/** Bytes with many line ends, and all others too. */
const lineBytes = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(10, 13, 97) }, fc.integer({ min: 0, max: 255 })), {
    maxLength: 80,
  })
  .map((list) => Uint8Array.from(list))

/** A pipe of the file system, both ends in this process: what is written to one is stdin for the source. */
function pipe(): { stdinFd: number; write(bytes: string | Uint8Array): void; end(): void } {
  const path = join(folder, `pipe-${files++}`)
  execFileSync('mkfifo', [path])
  const stdinFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const fd = openSync(path, 'w')
  let isOpen = true
  const end = () => {
    if (isOpen) closeSync(fd)
    isOpen = false
  }
  toClose.push(end)
  return { stdinFd, end, write: (bytes) => void writeSync(fd, Buffer.from(bytes as string)) }
}

describe('lines of a file', () => {
  test.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['\n', ['']],
    ['\n\n', ['', '']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\rb\r', ['a\rb\r']],
    ['a\r\r\n', ['a\r']],
    ['\r\n', ['']],
    ['\r', ['\r']],
    ['\x00\n\xff\xfe\n\xc3\n', ['\x00', '\xff\xfe', '\xc3']],
    ['\xef\xbb\xbfbom\n', ['\xef\xbb\xbfbom']],
  ])('%j', async (text, wanted) => {
    const path = fileOf(Buffer.from(text, 'latin1'))
    for (const chunkBytes of [1, 2, 3, 5, 262_144]) {
      expect(texts(await readAll(await opened({ path }, { chunkBytes })))).toEqual(wanted)
    }
  })

  test('a CRLF across two chunks is one line end', async () => {
    const source = await opened({ path: fileOf('abc\r\ndef\r\n') }, { chunkBytes: 4 })
    expect(texts(await readAll(source))).toEqual(['abc', 'def'])
  })

  test('are those of the model, for any bytes, chunks and reads', async () => {
    const inputs = fc.array(lineBytes, { minLength: 1, maxLength: 4 })
    const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 6 }))
    await fc.assert(
      fc.asyncProperty(inputs, sizes, async (contents, [chunkBytes, max]) => {
        const paths = contents.map((bytes, i) => {
          const path = join(folder, `property-${i}`)
          writeFileSync(path, bytes)
          return path
        })
        const source = await opened({ path: paths }, { chunkBytes })
        const wanted = contents.flatMap((bytes, i) => model(bytes, contents.length === 1 ? undefined : i))
        expect(await readAll(source, max)).toEqual(wanted)
        source.close?.()
        toClose.pop()
      }),
      { numRuns: 300 },
    )
  })

  test('are given synchronously, and the end too', async () => {
    const source = await opened({ path: fileOf('a\nb\nc') }, { chunkBytes: 2 })
    const all: (string[] | null)[] = []
    do all.push(texts(readNow(source)))
    while (all[all.length - 1] !== null)
    expect(all.flat()).toEqual(['a', 'b', 'c', null])
    expect(readNow(source)).toBeNull()
  })

  test('that are far longer than a chunk are joined', async () => {
    const long = Buffer.alloc(8 * MIB, 'abcdefg')
    const path = fileOf(Buffer.concat([Buffer.from('first\n'), long, Buffer.from('\r\nlast')]))
    const all = await readAll(await opened({ path }, { chunkBytes: 4_096 }, { messageBytesMax: 8 * MIB }))
    expect(all.map(({ offset }) => offset)).toEqual([0, 6, 8 + long.length])
    expect(all[1].value.equals(long)).toBe(true)
    expect([all[0], all[2]].map(({ value }) => value.toString())).toEqual(['first', 'last'])
  })

  test('appended before the end is reached are read too', async () => {
    const path = fileOf('a\nb\n')
    const source = await opened({ path }, { chunkBytes: 2 })
    expect(texts(readNow(source))).toEqual(['a'])
    appendFileSync(path, 'c\n')
    expect(texts(await readAll(source))).toEqual(['b', 'c'])
  })

  test('come from several files in their order, with their numbers as partitions', async () => {
    const path = [fileOf('a\nb'), fileOf(''), fileOf('c\n')]
    const all = await readAll(await opened({ path }))
    expect(all.map(({ partition, offset, value }) => [partition, offset, value.toString()])).toEqual([
      [0, 0, 'a'],
      [0, 2, 'b'],
      [2, 0, 'c'],
    ])
  })

  test('have no partition where there is one file, be it in a list', async () => {
    for (const path of [fileOf('a'), [fileOf('a')]]) {
      expect((await readAll(await opened({ path })))[0].partition).toBeUndefined()
    }
  })

  test('the source says what it is, and how many bytes are left', async () => {
    const source = await opened({ path: [fileOf('ab\ncd\n'), fileOf('efg')] }, { chunkBytes: 3 })
    expect([source.name, source.ordered, source.unit, source.total]).toEqual([
      'lines',
      true,
      'bytes',
      undefined,
    ])
    expect(source.ack).toBeUndefined()
    const left = [source.pending?.()]
    while (readNow(source, 1) !== null) left.push(source.pending?.())
    expect(left).toEqual([9, 6, 3, 0])
    expect(source.pending?.()).toBe(0)
  })

  test('records are used again, with the same fields in the same order', async () => {
    const source = await opened({ path: fileOf('a\nb\n') })
    const [one] = source.read(1) as readonly SourceRecord[]
    const [two] = source.read(1) as readonly SourceRecord[]
    expect(two).toBe(one)
    const [stranger] = (await opened({ path: fileOf('c'), keys: () => ['k'] })).read(
      1,
    ) as readonly SourceRecord[]
    expect(Object.keys(stranger)).toEqual(Object.keys(one))
  })
})

describe('keys', () => {
  test('are made of the line as UTF-8 text, without its end', async () => {
    const lineKeys = vi.fn((line: string) => [line, 'all'])
    const all = await readAll(await opened({ path: fileOf('grün\r\n\nlast'), keys: lineKeys }))
    expect(all.map(({ keys }) => keys)).toEqual([
      ['grün', 'all'],
      ['', 'all'],
      ['last', 'all'],
    ])
    expect(lineKeys.mock.calls).toEqual([['grün'], [''], ['last']])
  })

  test('a throw tells the file, the offset and the cause, after the lines before it', async () => {
    const path = fileOf('ab\ncd\nbad\nef\n')
    const cause = new Error('no key')
    const keys = (line: string) => {
      if (line === 'bad') throw cause
      return [line]
    }
    const source = await opened({ path, keys })
    expect(texts(readNow(source))).toEqual(['ab', 'cd'])
    const message = `lines: ${path}: keys, called for the line at byte 6, threw: no key`
    for (let i = 0; i < 2; i++) {
      expect(() => source.read(512)).toThrowError(
        expect.objectContaining({ code: 'ERR_SOURCE', message, cause }),
      )
    }
  })

  test.each([['text'], [undefined], [[1]], [new Set(['a'])]])('%o is no list of strings', async (given) => {
    const path = fileOf('ab\n')
    const source = await opened({ path, keys: () => given as unknown as string[] })
    const message = `lines: ${path}: keys, called for the line at byte 0, returned something else than a list of strings`
    expect(() => source.read(1)).toThrowError(expect.objectContaining({ code: 'ERR_SOURCE', message }))
  })
})

describe('a line over limits.messageBytes', () => {
  const tooLong = (path: string, offset: number, bytes: number) => {
    const remedy = 'raise limits.messageBytes (at most 64 MiB), or split the line before it is read'
    const message = `lines: ${path}: the line at byte ${countText(offset)} is longer than limits.messageBytes = ${countText(bytes)}: ${remedy}`
    return expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE', message })
  }

  test.each([1, 2, 3, 4, 7, 64, 262_144])(
    'is refused after the lines before it, with chunks of %i',
    async (chunkBytes) => {
      const path = fileOf('ab\nxxxx\r\nyyyyy\nz\n')
      const source = await opened({ path }, { chunkBytes }, { messageBytesMax: 4 })
      expect(texts(await readSome(source, 2))).toEqual(['ab', 'xxxx'])
      for (let i = 0; i < 2; i++) expect(() => source.read(9)).toThrowError(tooLong(path, 9, 4))
    },
  )

  test.each([
    ['xxxx', null],
    ['xxxx\r\n', null],
    ['xxxx\n', null],
    ['xxxx\r', 0],
    ['xxxx\r\r\n', 0],
    ['xxxxy', 0],
    ['\nxxxxx', 1],
  ])('%j with a limit of 4', async (text, offset) => {
    const path = fileOf(text)
    for (const chunkBytes of [1, 2, 3, 5, 64]) {
      const reading = readAll(await opened({ path }, { chunkBytes }, { messageBytesMax: 4 }))
      if (offset === null) expect(texts(await reading)).toEqual(['xxxx'])
      else await expect(reading).rejects.toThrowError(tooLong(path, offset, 4))
    }
  })

  test('is refused before its end is seen: on stdin as soon as it is known', async () => {
    const { stdinFd, write } = pipe()
    const source = await opened({}, { stdinFd }, { messageBytesMax: 100 })
    write(`ab\n${'x'.repeat(101)}`)
    expect(texts(await readSome(source, 1))).toEqual(['ab'])
    await expect((async () => source.read(9))()).rejects.toThrowError(tooLong('stdin', 3, 100))
  })

  test('a CR that may be half of a line end is waited for', async () => {
    const { stdinFd, write } = pipe()
    const source = await opened({}, { stdinFd }, { messageBytesMax: 4 })
    write('xxxx\r')
    const reading = source.read(9)
    expect(reading).toBeInstanceOf(Promise)
    write('\nyyyy\rz')
    expect(texts(seen((await reading) as readonly SourceRecord[]))).toEqual(['xxxx'])
    const next = async () => {
      for (;;) if ((await source.read(9)) === null) return
    }
    await expect(next()).rejects.toThrowError(tooLong('stdin', 6, 4))
  })
})

describe('opening', () => {
  const failsWith = (code: string, message: unknown) => expect.objectContaining({ code, message })

  test('is what touches the files: the factory does not', () => {
    expect(lines({ path: '/does/not/exist' }).name).toBe('lines')
  })

  test.each([
    ['/does/not/exist', 'no such file'],
    [tmpdir(), 'EISDIR'],
  ])('%s fails, and names the path and the cause', async (path, code) => {
    const message = expect.stringContaining(`lines: ${path}: ${code}`)
    await expect(opened({ path })).rejects.toThrowError(failsWith('ERR_OPEN', message))
    await expect(opened({ path: [fileOf('a'), path] })).rejects.toThrowError(failsWith('ERR_OPEN', message))
    try {
      await opened({ path })
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(Error)
    }
  })

  test('of a pipe of the file system fails, and does not wait for its writer', async () => {
    const path = join(folder, 'fifo')
    execFileSync('mkfifo', [path])
    const message = `lines: ${path}: it is no regular file, and can be read once only: give it on stdin`
    await expect(opened({ path })).rejects.toThrowError(failsWith('ERR_OPEN', message))
  })

  test('of stdin that is a folder, or closed, fails', async () => {
    const stdinFd = openSync(folder, 'r')
    await expect(opened({}, { stdinFd })).rejects.toThrowError(
      failsWith('ERR_OPEN', expect.stringContaining('lines: stdin: EISDIR')),
    )
    closeSync(stdinFd)
    await expect(opened({}, { stdinFd })).rejects.toThrowError(
      failsWith('ERR_OPEN', expect.stringContaining('lines: stdin: EBADF')),
    )
  })

  test('paths are relative to the working directory', async () => {
    const here = process.cwd()
    writeFileSync(join(folder, 'relative'), 'here\n')
    process.chdir(folder)
    try {
      expect(texts(await readAll(await opened({ path: './relative' })))).toEqual(['here'])
      expect(texts(await readAll(await opened({ path: 'relative' })))).toEqual(['here'])
    } finally {
      process.chdir(here)
    }
  })
})

describe('resume', () => {
  test('goes on at the first line that starts at or behind the position, wherever that is', async () => {
    await fc.assert(
      fc.asyncProperty(
        lineBytes,
        lineBytes,
        fc.nat(),
        fc.integer({ min: 1, max: 20 }),
        async (one, two, any, chunkBytes) => {
          const path = [join(folder, 'resume-0'), join(folder, 'resume-1')]
          const contents = [one, two]
          path.forEach((name, i) => {
            writeFileSync(name, contents[i])
          })
          const partition = any % 2
          const offset = (any >>> 1) % (contents[partition].length + 1)
          const source = await opened({ path }, { chunkBytes }, { resume: positionOf(partition, offset) })
          const wanted = contents
            .flatMap((bytes, i) => model(bytes, i))
            .filter((line) => line.partition !== partition || line.offset >= offset)
            .filter((line) => (line.partition as number) >= partition)
          const left = source.pending?.() as number
          expect(await readAll(source)).toEqual(wanted)
          const ofOthers = partition === 0 ? two.length : 0
          const first = wanted.find((line) => line.partition === partition)
          expect(left).toBe(ofOthers + (first === undefined ? 0 : contents[partition].length - first.offset))
          source.close?.()
          toClose.pop()
        },
      ),
      { numRuns: 300 },
    )
  })

  test('fails where the file is too short, or not there', async () => {
    const path = fileOf('abc\n')
    const open = (partition: number, offset: number) =>
      opened({ path }, {}, { resume: positionOf(partition, offset) })
    await expect(open(0, 5)).rejects.toThrowError(
      expect.objectContaining({ code: 'ERR_OPEN', message: expect.stringContaining(path) }),
    )
    await expect(open(1, 0)).rejects.toThrowError(expect.objectContaining({ code: 'ERR_OPEN' }))
  })

  test('of stdin counts on, and warns that lines may be lost', async () => {
    const { stdinFd, write, end } = pipe()
    const warn = vi.fn()
    const resume = positionOf(0, 1_000)
    const source = await opened({}, { stdinFd }, { resume, log: { ...log, warn } })
    write('ab\ncd\n')
    end()
    const all = await readAll(source)
    expect(all.map(({ offset }) => offset)).toEqual([1_000, 1_003])
    expect(warn).toHaveBeenCalledOnce()
    source.nack?.([nackOf(all[1])])
    expect(await readSome(source, 1)).toEqual([all[1]])
  })
})

describe('a nacked line of a file', () => {
  test('comes again, the same, when its delay is over, also after the end', async () => {
    const path = [fileOf('zero\n'), fileOf('one\r\n\ntwo')]
    const source = await opened({ path, keys: (line) => [line] }, { chunkBytes: 4 })
    const all = await readAll(source)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const start = performance.now()
    source.nack?.([nackOf(all[3], 70), nackOf(all[1], 40), nackOf(all[0], 40), nackOf(all[2], 40)])
    const again: [number, Seen[]][] = []
    const reading = (async () => {
      for (let part = await source.read(9); part !== null; part = await source.read(9)) {
        again.push([Math.floor((performance.now() - start) / 10) * 10, seen(part)])
      }
    })()
    await vi.advanceTimersByTimeAsync(200)
    await reading
    expect(again).toEqual([
      [40, [all[1], all[0], all[2]]],
      [70, [all[3]]],
    ])
  })

  test('comes between the others, at most as many as asked for', async () => {
    const source = await opened({ path: fileOf('a\nb\nc\n') })
    const given = readNow(source, 2) as Seen[]
    source.nack?.(given.map((line) => nackOf(line)))
    expect([1, 2, 3].map(() => texts(readNow(source, 1)))).toEqual([['a'], ['b'], ['c']])
    expect(readNow(source)).toBeNull()
  })

  test('that is long is read whole', async () => {
    const long = Buffer.alloc(300_000, 'abcdefg').toString()
    const source = await opened({ path: fileOf(`x\n${long}\r\n${long}`) }, { chunkBytes: 64 })
    const all = await readAll(source)
    source.nack?.(all.map((line) => nackOf(line)))
    expect(texts(await readAll(source))).toEqual(texts(all))
  })

  test('that the file has no more is an error', async () => {
    const path = fileOf('a\nb\n')
    const source = await opened({ path })
    const all = await readAll(source)
    truncateSync(path, 2)
    source.nack?.([nackOf(all[1])])
    const message = `lines: ${path}: the line at byte 2 is no longer there`
    expect(() => source.read(1)).toThrowError(expect.objectContaining({ code: 'ERR_SOURCE', message }))
  })

  test('may be nacked while a read waits, which then gives it', async () => {
    const source = await opened({ path: fileOf('a\nb\n') })
    const all = await readAll(source)
    source.nack?.([nackOf(all[0], 1e12)])
    const reading = source.read(9)
    expect(reading).toBeInstanceOf(Promise)
    source.nack?.([nackOf(all[1])])
    expect(seen((await reading) as readonly SourceRecord[])).toEqual([all[1]])
  })

  test('an abort, or close, ends the wait for it', async () => {
    const abort = new AbortController()
    const source = await opened({ path: fileOf('a\n') }, {}, { signal: abort.signal })
    source.nack?.((await readAll(source)).map((line) => nackOf(line, 1e12)))
    const reading = source.read(9)
    abort.abort()
    expect(await reading).toEqual([])
    const closed = await opened({ path: fileOf('a\n') })
    closed.nack?.((await readAll(closed)).map((line) => nackOf(line, 1e12)))
    const last = closed.read(9)
    closed.close?.()
    expect(await last).toEqual([])
  })
})

describe('stdin', () => {
  test('is read where there is no path, and where it is -', () => {
    for (const options of [{}, { path: '-' }, { path: ['-'] }]) {
      const source = lines(options)
      expect([typeof source.ack, source.pending, source.ordered]).toEqual(['function', undefined, true])
    }
  })

  test('of a pipe: lines come as they are written, and the last one at the end', async () => {
    const { stdinFd, write, end } = pipe()
    const source = await opened({}, { stdinFd })
    const reading = source.read(9)
    expect(reading).toBeInstanceOf(Promise)
    write('ab\r')
    write('\ncd\n\ne')
    const first = seen((await reading) as readonly SourceRecord[])
    const rest = readSome(source, 3 - first.length)
    expect(texts([...first, ...(await rest)])).toEqual(['ab', 'cd', ''])
    end()
    const last = await readAll(source)
    expect(last.map(({ partition, offset, value }) => [partition, offset, value.toString()])).toEqual([
      [undefined, 8, 'e'],
    ])
  })

  test('of a file', async () => {
    const bytes = Buffer.from(`${'line\n'.repeat(30_000)}end`)
    const stdinFd = openSync(fileOf(bytes), 'r')
    toClose.push(() => closeSync(stdinFd))
    const all = await readAll(await opened({}, { stdinFd, chunkBytes: 1_000 }))
    expect(texts(all)).toEqual(texts(model(bytes)))
  })

  test('that is empty gives the end', async () => {
    const { stdinFd, end } = pipe()
    const source = await opened({}, { stdinFd })
    end()
    expect(await readAll(source)).toEqual([])
    expect(await source.read(1)).toBeNull()
  })

  test('may be one of several inputs', async () => {
    const { stdinFd, write, end } = pipe()
    const source = await opened({ path: [fileOf('a'), '-', fileOf('d')] }, { stdinFd })
    expect([typeof source.ack, source.pending]).toEqual(['function', undefined])
    write('b\nc\n')
    end()
    const all = await readAll(source)
    expect(all.map(({ partition, value }) => [partition, value.toString()])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [1, 'c'],
      [2, 'd'],
    ])
    source.nack?.([nackOf(all[3]), nackOf(all[1])])
    expect(texts(await readSome(source, 2))).toEqual(['d', 'b'])
  })

  test('an abort ends the wait, and what comes later is neither lost nor read twice', async () => {
    const { stdinFd, write, end } = pipe()
    const abort = new AbortController()
    const source = await opened({}, { stdinFd }, { signal: abort.signal })
    const reading = source.read(9)
    write('ab\nc')
    abort.abort()
    expect(await reading).toEqual([])
    write('d\n')
    end()
    const all: Seen[] = []
    while (all.length < 2) {
      all.push(...seen((await source.read(1)) ?? []))
      await turn()
    }
    expect(texts(all)).toEqual(['ab', 'cd'])
    expect(await readAll(source)).toEqual([])
  })

  test('a read does not wait for long while lines are unsettled: their acks may wait for it', async () => {
    const { stdinFd, write } = pipe()
    const source = await opened({}, { stdinFd })
    write('ab\n')
    const [line] = await readSome(source, 1)
    expect(await source.read(1)).toEqual([])
    source.nack?.([nackOf(line)])
    expect(await readSome(source, 1)).toEqual([line])
    source.ack?.([ackOf(line)])
    const reading = source.read(1)
    write('cd\n')
    expect(texts(seen((await reading) as readonly SourceRecord[]))).toEqual(['cd'])
  })

  test('keeps what is not settled, with a limit, beyond which it reads no more until lines are acked', async () => {
    const { stdinFd, write, end } = pipe()
    const source = await opened({}, { stdinFd, chunkBytes: 16, keptBytesMax: 64 })
    const wanted = Array.from({ length: 30 }, (_, i) => `line ${i % 10}`)
    const all: Seen[] = []
    // Two lines of 7 bytes fill a buffer of 16: with the ninth there are five buffers.
    for (const line of wanted.slice(0, 9)) {
      write(`${line}\n`)
      all.push(...(await readSome(source, 1)))
    }
    for (const line of wanted.slice(9)) write(`${line}\n`)
    end()
    for (let i = 0; i < 3; i++) expect(await source.read(9)).toEqual([])
    source.nack?.([nackOf(all[0])])
    expect(await readSome(source, 1)).toEqual([all[0]])
    source.ack?.(all.map(ackOf))
    for (let part = await source.read(9); part !== null; part = await source.read(9)) {
      const given = seen(part)
      all.push(...given)
      source.ack?.(given.map(ackOf))
    }
    expect(texts(all)).toEqual(wanted)
  })

  test('what was acked is kept no more', async () => {
    const { stdinFd, write } = pipe()
    const source = await opened({}, { stdinFd, chunkBytes: 8 })
    write('aaaaaa\n')
    const [one] = await readSome(source, 1)
    write('bbbbbb\n')
    const [two] = await readSome(source, 1)
    source.ack?.([ackOf(one)])
    source.nack?.([nackOf(two)])
    expect(await readSome(source, 1)).toEqual([two])
    source.nack?.([nackOf(one)])
    const message = 'lines: stdin: the line at byte 0 is not kept: it was settled'
    expect(() => source.read(1)).toThrowError(expect.objectContaining({ code: 'ERR_SOURCE', message }))
  })

  test('is as the model says, whatever is written, acked and nacked when', async () => {
    const slices = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 })
    const fates = fc.infiniteStream(fc.constantFrom('ack', 'ack', 'nack', 'wait'))
    const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 6 }))
    await fc.assert(
      fc.asyncProperty(lineBytes, slices, fates, sizes, async (bytes, cuts, fate, [chunkBytes, max]) => {
        const { stdinFd, write, end } = pipe()
        const source = await opened({}, { stdinFd, chunkBytes })
        const first = new Map<number, Seen>()
        const unsettled: Seen[] = []
        let reading: Promise<readonly SourceRecord[] | null> | undefined
        for (let at = 0, cut = 0, isOver = false; !isOver || unsettled.length !== 0; ) {
          const next = Math.min(bytes.length, at + cuts[cut++ % cuts.length])
          if (at < bytes.length) write(bytes.subarray(at, next))
          else end()
          at = next
          reading ??= Promise.resolve(source.read(max))
          const records = await Promise.race([reading, turn()])
          if (records !== undefined) reading = undefined
          isOver = records === null
          for (const line of seen(records ?? [])) {
            expect(line).toEqual(first.get(line.offset) ?? line)
            first.set(line.offset, line)
            unsettled.push(line)
          }
          for (const line of unsettled.splice(0)) {
            const what = fate.next().value
            if (what === 'ack') source.ack?.([ackOf(line)])
            else if (what === 'nack') source.nack?.([nackOf(line)])
            else unsettled.push(line)
            if (what === 'nack') isOver = false
          }
        }
        expect([...first.values()]).toEqual(model(bytes))
        for (const close of toClose.splice(0).reverse()) await close()
      }),
      { numRuns: 60 },
    )
  })
})

describe('stdin of a process, read on a worker thread', () => {
  /** Reads lines on a worker thread and prints each as JSON; with `exit`, ends the process after the first. */
  const PROGRAM = String.raw`
    import { isMainThread, parentPort, Worker } from 'node:worker_threads'
    import { lines } from './out/sources/lines.js'
    if (isMainThread) {
      new Worker(new URL(import.meta.url)).on('message', (line) => {
        process.stdout.write(JSON.stringify(line) + '\n', () => process.argv[2] === 'exit' && process.exit(0))
      })
    } else {
      const source = lines()
      await source.open({ messageBytesMax: 1024, signal: new AbortController().signal })
      for (let list = await source.read(9); list !== null; list = await source.read(9)) {
        for (const { value } of list) parentPort.postMessage(Buffer.from(value).toString('latin1'))
        source.ack(list.map(({ offset }) => ({ partition: 0, offset: BigInt(offset) })))
      }
      source.close()
    }`
  let program: string

  // Worker threads load what is compiled only.
  beforeAll(() => {
    const root = join(import.meta.dirname, '../../..')
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const from = ['--rootDir', join(root, 'src'), join(root, 'src/sources/lines.ts')]
    const to = [
      '--outDir',
      join(folder, 'out'),
      '--target',
      'ES2022',
      '--module',
      'NodeNext',
      '--types',
      'node',
    ]
    execFileSync(process.execPath, [tsc, '--ignoreConfig', '--noCheck', ...to, ...from], { cwd: root })
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    program = join(folder, 'program.mjs')
    writeFileSync(program, PROGRAM)
  })

  /** Runs a command, gives what the first output gets as input, and gives all output when it has ended. */
  function outputOf(
    command: string[],
    stdin: 'pipe' | number,
    then?: (child: ChildProcess) => void,
  ): Promise<string> {
    const child = spawn(command[0], command.slice(1), { stdio: [stdin, 'pipe', 'inherit'] })
    toClose.push(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout?.on('data', (data) => {
      if (output === '') then?.(child)
      output += data
    })
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) =>
        code === 0 ? resolve(output) : reject(new Error(`exit ${code}: ${output}`)),
      )
      if (then !== undefined) child.stdin?.write('ab\r\nc')
      else child.stdin?.end('ab\r\nc')
    })
  }

  test('is a socket where a Node process started it', async () => {
    const output = await outputOf([process.execPath, program], 'pipe', (child) => child.stdin?.end('d\n\ne'))
    expect(output).toBe('"ab"\n"cd"\n""\n"e"\n')
  })

  test('is a pipe in a shell', async () => {
    const output = await outputOf(['sh', '-c', `cat | "${process.execPath}" "${program}"`], 'pipe')
    expect(output).toBe('"ab"\n"c"\n')
  })

  test('is a file where it is redirected', async () => {
    const fd = openSync(fileOf('ab\ncd'), 'r')
    toClose.push(() => closeSync(fd))
    expect(await outputOf([process.execPath, program], fd)).toBe('"ab"\n"cd"\n')
  })

  /** Runs the program with a terminal as its stdin. */
  function inTerminal(how: string, then: (child: ChildProcess) => void): Promise<string> {
    const command = `stty -echo; "${process.execPath}" "${program}" ${how}`
    return outputOf(['script', '-qec', command, join(folder, 'typescript')], 'pipe', then)
  }

  test.skipIf(!hasScript())('is a terminal, where ^D is the end', async () => {
    const output = await inTerminal('', (child) => child.stdin?.write('d\n\x04'))
    expect(output.split(/[\r\n]+/)).toEqual(expect.arrayContaining(['"ab"', '"cd"']))
  })

  test.skipIf(!hasScript())('does not hold up the exit of the process while a terminal is idle', async () => {
    expect(await inTerminal('exit', () => {})).toContain('"ab"')
  })

  test('does not hold up the exit of the process while a pipe is idle', async () => {
    expect(await outputOf([process.execPath, program, 'exit'], 'pipe', () => {})).toBe('"ab"\n')
  })

  function hasScript(): boolean {
    return process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
  }
})

describe('unusable options', () => {
  test.each([
    [{ path: 5 }, 'lines: path: got 5, wanted a string or a list of strings'],
    [{ path: ['a', 5] }, 'lines: path: got ["a",5], wanted a string or a list of strings'],
    [{ path: null }, 'lines: path: got null, wanted a string or a list of strings'],
    [{ path: [] }, 'lines: path: got [], wanted at least one file, and no empty name'],
    [{ path: '' }, 'lines: path: got "", wanted at least one file, and no empty name'],
    [{ path: ['-', 'a', '-'] }, 'lines: path: got ["-","a","-"], wanted stdin (-) once: it can be read once'],
    [{ keys: 'a' }, 'lines: keys: got "a", wanted a function from a line to a list of strings'],
    [{ pth: 'a' }, 'lines: unknown option pth; did you mean path?'],
    [{ paths: 'a' }, 'lines: unknown option paths; did you mean path?'],
    [
      { encoding: 'a' },
      expect.stringContaining('lines: unknown option encoding; known here: path, keys and checkpoint'),
    ],
    ['a.txt', 'lines: got "a.txt", wanted an object such as { path: \'a.txt\' }'],
  ])('%o', (options, message) => {
    expect(() => lines(options as LinesOptions)).toThrowError(
      expect.objectContaining({ code: 'ERR_CONFIG', message }),
    )
  })
})
