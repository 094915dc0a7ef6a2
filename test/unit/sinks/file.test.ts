import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLog } from '../../../src/kernel/log.js'
import { type FileInternals, type FileOptions, file } from '../../../src/sinks/file.js'
import type { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { type MessageSpec, makeMessages } from '../../support/messages.js'

const context = { log: createLog(() => {}, 'sink', 'test'), role: 'sink' } as const
const onLinux = process.platform === 'linux'

let directory: string
let path: string
let sinks: Sink[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-file-'))
  path = join(directory, 'out.log')
  sinks = []
})

afterEach(async () => {
  for (const sink of sinks) await sink.close?.()
  rmSync(directory, { recursive: true })
})

async function openSink(options: Partial<FileOptions> = {}, internals?: FileInternals): Promise<Sink> {
  const sink = file({ path, ...options }, internals)
  await sink.open?.(context)
  sinks.push(sink)
  return sink
}

async function write(sink: Sink, values: readonly (string | MessageSpec)[]): Promise<readonly Response[]> {
  const batch = makeMessages(values.map((value) => (typeof value === 'string' ? { value } : value)))
  const responses = await sink.write(batch)
  expect(responses.map((response) => response.ref)).toEqual(batch)
  return responses
}

const outcomes = (responses: readonly Response[]) => responses.map((response) => response.outcome)
const content = () => readFileSync(path, 'utf8')

describe('what is written', () => {
  test('a line a message, in order, appended to what is there', async () => {
    writeFileSync(path, 'old\n')
    const sink = await openSink()
    expect(outcomes(await write(sink, ['a', 'b']))).toEqual(['ok', 'ok'])
    expect(outcomes(await write(sink, ['c']))).toEqual(['ok'])
    expect(content()).toBe('old\na\nb\nc\n')
  })

  test('values as they are: newlines, bytes, nothing, no value', async () => {
    const sink = await openSink()
    await write(sink, ['two\nlines', { value: Buffer.from([0xff, 0x00, 0x80]) }, '', { value: null }, 'ü'])
    expect(readFileSync(path)).toEqual(
      Buffer.concat([Buffer.from('two\nlines\n'), Buffer.from([0xff, 0x00, 0x80]), Buffer.from('\n\n\nü\n')]),
    )
  })

  test('one write a batch', async () => {
    const lengths: number[] = []
    const sink = await openSink({}, { write: (_fd, _bytes, _from, length) => lengths.push(length) && length })
    await write(sink, Array<string>(500).fill('x'.repeat(100)))
    expect(lengths).toEqual([500 * 101])
  })

  test('a batch larger than the buffer, cut between lines, and a line larger than it', async () => {
    const values = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(400_000))
    values.splice(2, 0, 'L'.repeat(3_000_000))
    const sink = await openSink()
    expect(new Set(outcomes(await write(sink, values)))).toEqual(new Set(['ok']))
    await write(sink, ['after'])
    expect(content()).toBe(`${values.join('\n')}\nafter\n`)
  })

  test('an empty batch writes nothing', async () => {
    const sink = await openSink()
    expect(await sink.write([])).toEqual([])
    expect(content()).toBe('')
  })
})

describe('open', () => {
  test('the factory touches nothing; open creates the file, with the default rights', async () => {
    const sink = file({ path })
    expect(existsSync(path)).toBe(false)
    await sink.open?.(context)
    await sink.close?.()
    expect(statSync(path).mode & 0o777).toBe(0o666 & ~process.umask())
  })

  test('a torn last line is ended first', async () => {
    writeFileSync(path, 'whole\ntor')
    const sink = await openSink()
    expect(content()).toBe('whole\ntor\n')
    await write(sink, ['next'])
    expect(content()).toBe('whole\ntor\nnext\n')
  })

  test('a whole last line is left alone, and so is an empty file', async () => {
    writeFileSync(path, 'whole\n')
    await openSink()
    expect(content()).toBe('whole\n')
    writeFileSync(path, '')
    await openSink()
    expect(content()).toBe('')
  })

  test('a torn last line that cannot be ended yet is ended by the first write that succeeds', async () => {
    writeFileSync(path, 'tor')
    let full = true
    const sink = await openSink(
      {},
      failingWhile(() => full),
    )
    expect(outcomes(await write(sink, ['a']))).toEqual(['failure'])
    full = false
    expect(outcomes(await write(sink, ['a', 'b']))).toEqual(['ok', 'ok'])
    expect(content()).toBe('tor\na\nb\n')
  })

  test('after close it can be opened again', async () => {
    const sink = await openSink()
    await write(sink, ['a'])
    await sink.close?.()
    await sink.open?.(context)
    await write(sink, ['b'])
    expect(content()).toBe('a\nb\n')
  })

  test('a missing directory is ERR_OPEN, and is not created', async () => {
    const sink = file({ path: join(directory, 'no', 'out.log') })
    await expect(sink.open?.(context)).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: `file: ${directory}/no/out.log: there is no directory ${directory}/no: create it first`,
      cause: { code: 'ENOENT' },
    })
    expect(existsSync(join(directory, 'no'))).toBe(false)
  })

  test('a directory is ERR_OPEN', async () => {
    mkdirSync(path)
    await expect(file({ path }).open?.(context)).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: `file: ${path}: it is a directory: give the path of a file in it`,
    })
  })

  test.skipIf(process.getuid?.() === 0)('a file that may not be written is ERR_OPEN', async () => {
    writeFileSync(path, '')
    chmodSync(path, 0o444)
    await expect(file({ path }).open?.(context)).rejects.toMatchObject({
      code: 'ERR_OPEN',
      cause: { code: 'EACCES' },
    })
  })

  test.runIf(onLinux)('a FIFO that nobody reads is ERR_OPEN, at once', async () => {
    execFileSync('mkfifo', [path])
    await expect(file({ path }).open?.(context)).rejects.toMatchObject({
      code: 'ERR_OPEN',
      message: `file: ${path}: nobody reads this FIFO: start its reader first`,
    })
  })

  test("a path '-' is a file of this name", async () => {
    const before = process.cwd()
    process.chdir(directory)
    try {
      const sink = await openSink({ path: '-' })
      await write(sink, ['a'])
    } finally {
      process.chdir(before)
    }
    expect(readFileSync(join(directory, '-'), 'utf8')).toBe('a\n')
  })
})

describe('faults', () => {
  test.runIf(existsSync('/dev/full'))(
    'a full disk fails every message with the text of the error',
    async () => {
      const sink = await openSink({ path: '/dev/full' })
      const responses = await write(sink, ['a', 'b'])
      expect(outcomes(responses)).toEqual(['failure', 'failure'])
      for (const { detail } of responses)
        expect(detail).toMatch(/^file: \/dev\/full: ENOSPC: no space left on device/)
    },
  )

  test('what was written whole is ok; the torn line is ended; no later message is written', async () => {
    let room = 7
    const sink = await openSink(
      {},
      withRoom(
        () => room,
        (used) => (room -= used),
      ),
    )
    expect(outcomes(await write(sink, ['aa', 'bb', 'cc', 'dd']))).toEqual(['ok', 'ok', 'failure', 'failure'])
    expect(content()).toBe('aa\nbb\nc')
    room = Number.POSITIVE_INFINITY
    expect(outcomes(await write(sink, ['cc', 'dd']))).toEqual(['ok', 'ok'])
    expect(content()).toBe('aa\nbb\nc\ncc\ndd\n')
  })

  test('a write that takes no bytes is a failure, not an endless loop', async () => {
    const sink = await openSink({}, { write: () => 0 })
    const [response] = await write(sink, ['a'])
    expect(response).toMatchObject({ outcome: 'failure', detail: `file: ${path}: the system takes no bytes` })
  })

  test.runIf(onLinux)('a full FIFO is waited for, and a reader that has gone is a failure', async () => {
    execFileSync('mkfifo', [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const chunks: Buffer[] = []
    const sink = await openSink({}, { wait: async () => chunks.push(readSome(reader)) })
    const values = Array.from({ length: 500 }, (_, i) => String(i).repeat(200))
    expect(new Set(outcomes(await write(sink, values)))).toEqual(new Set(['ok']))
    chunks.push(readSome(reader))
    expect(chunks.length).toBeGreaterThan(1)
    expect(Buffer.concat(chunks).toString()).toBe(`${values.join('\n')}\n`)
    closeSync(reader)
    expect(outcomes(await write(sink, ['a']))).toEqual(['failure'])
  })

  test('a write that comes while another hangs waits for it: no line is lost or mixed', async () => {
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const sink = await openSink({}, hangingOnce(gate))
    const first = write(sink, ['a'])
    const second = write(sink, ['a', 'b'])
    open()
    expect(outcomes(await first)).toEqual(['ok'])
    expect(outcomes(await second)).toEqual(['ok', 'ok'])
    expect(content()).toBe('a\na\nb\n')
  })
})

describe('fsync', () => {
  const eio = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })

  test.each([
    ['batch', [1, 2, 2]],
    [true, [1, 2, 2]],
    ['close', [0, 0, 1]],
    [undefined, [0, 0, 1]],
    ['never', [0, 0, 0]],
    [false, [0, 0, 0]],
  ] as const)('%s', async (fsync, expected) => {
    let count = 0
    const datasync: FileInternals['datasync'] = (handle) => {
      count++
      return handle.datasync()
    }
    const sink = file({ path, fsync }, { datasync })
    await sink.open?.(context)
    const counts: number[] = []
    for (const value of ['a', 'b']) {
      await write(sink, [value])
      counts.push(count)
    }
    await sink.close?.()
    expect([...counts, count]).toEqual(expected)
  })

  test("'batch': what is not on the disk is a failure", async () => {
    const sink = await openSink({ fsync: 'batch' }, { datasync: () => Promise.reject(eio) })
    const responses = await write(sink, ['a', 'b'])
    expect(responses).toMatchObject([
      { outcome: 'failure', detail: `file: ${path}: EIO: i/o error, fdatasync` },
      { outcome: 'failure' },
    ])
  })

  test("'batch': the lines before a fault are on the disk before they are answered", async () => {
    let room = 4
    let syncs = 0
    const io = withRoom(
      () => room,
      (used) => (room -= used),
    )
    const sink = await openSink({ fsync: 'batch' }, { ...io, datasync: async () => void syncs++ })
    expect(outcomes(await write(sink, ['aa', 'bb']))).toEqual(['ok', 'failure'])
    expect(syncs).toBe(1)
  })

  test("'close': a failure is told, and the file is closed all the same", async () => {
    const sink = file({ path }, { datasync: () => Promise.reject(eio) })
    await sink.open?.(context)
    await expect(sink.close?.()).rejects.toMatchObject({ code: 'ERR_SINK', cause: { code: 'EIO' } })
    await sink.close?.()
  })

  test.runIf(onLinux)('a device has nothing to sync', async () => {
    const sink = await openSink({ path: '/dev/null', fsync: 'batch' })
    expect(outcomes(await write(sink, ['a']))).toEqual(['ok'])
  })
})

describe('options', () => {
  test.each([
    [{ path: 5 }, 'file: path: got 5, wanted a path'],
    [{ path: '' }, 'file: path: got "", wanted a path'],
    [{}, 'file: path: got nothing, wanted a path'],
    [
      { path: 'x', fsync: 'always' },
      "file: fsync: got \"always\", wanted 'batch', 'close', 'never', true or false",
    ],
    [{ path: 'x', fsnyc: true }, 'file: unknown option fsnyc; did you mean fsync?'],
    [{ path: 'x', truncate: true }, 'file: unknown option truncate; known here: path, fsync and format'],
    [{ pth: 'x' }, 'file: unknown option pth; did you mean path?'],
    ['x', 'file: got "x", wanted an object such as { path: \'a.txt\' }'],
    [undefined, "file: got nothing, wanted an object such as { path: 'a.txt' }"],
  ])('%j', (options, message) => {
    expect(() => file(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }))
  })

  test('it declares that it keeps order', () => {
    expect(file({ path })).toMatchObject({ name: 'file', ordered: true })
  })
})

const enospc = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

function failingWhile(full: () => boolean): FileInternals {
  return withRoom(
    () => (full() ? 0 : Number.POSITIVE_INFINITY),
    () => {},
  )
}

/** Writes as long as there is room, at last a part, as a disk does that fills up. */
function withRoom(room: () => number, use: (bytes: number) => void): FileInternals {
  return {
    write(fd, bytes, from, length) {
      const some = Math.min(length, room())
      if (some === 0) throw enospc()
      use(some)
      return writeSync(fd, bytes, from, some)
    },
  }
}

/** The first write hangs until the gate opens. */
function hangingOnce(gate: Promise<void>): FileInternals {
  return {
    async write(fd, bytes, from, length) {
      await gate
      return writeSync(fd, bytes, from, length)
    },
  }
}

/** What a FIFO holds now. */
function readSome(fd: number): Buffer {
  const buffer = Buffer.alloc(1024 * 1024)
  return buffer.subarray(0, readSync(fd, buffer))
}
