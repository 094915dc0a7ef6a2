import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLog } from '../../../src/kernel/log.js'
import { type LogInternals, type LogOptions, log } from '../../../src/sinks/log.js'
import type { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { Tail } from '../../../src/sinks/write-all.js'
import { type MessageSpec, makeMessages } from '../../support/messages.js'

const context = { log: createLog(() => {}, 'sink', 'test'), role: 'sink' } as const

let directory: string
let path: string
let descriptors: number[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-log-'))
  path = join(directory, 'out')
  descriptors = []
})

afterEach(() => {
  for (const fd of descriptors) closeSync(fd)
  rmSync(directory, { recursive: true })
})

function openAt(flags: string | number, at = path): number {
  const fd = openSync(at, flags)
  descriptors.push(fd)
  return fd
}

async function openSink(options: LogOptions, internals: LogInternals): Promise<Sink> {
  const sink = log(options, { tail: new Tail(), ...internals })
  await sink.open?.(context)
  return sink
}

async function write(sink: Sink, specs: readonly MessageSpec[]): Promise<readonly Response[]> {
  const batch = makeMessages(specs)
  const responses = await sink.write(batch)
  expect(responses.map((response) => response.ref)).toEqual(batch)
  return responses
}

const outcomes = (responses: readonly Response[]) => responses.map((response) => response.outcome)

describe('format', () => {
  test('raw: the value and a newline, in order', async () => {
    const sink = await openSink({}, { fd: openAt('w') })
    expect(outcomes(await write(sink, [{ value: 'a' }, { value: null }]))).toEqual(['ok', 'ok'])
    await write(sink, [{ value: 'c\nd' }])
    await sink.close?.()
    expect(readFileSync(path, 'utf8')).toBe('a\n\nc\nd\n')
  })

  test('json: a pino line a message, with what the message has', async () => {
    const sink = await openSink({ format: 'json' }, { fd: openAt('w') })
    const headers = { 'x-a': 'text', 'x-b': Buffer.from('bytes'), ['__proto__']: 'odd' }
    const before = Date.now()
    await write(sink, [
      { value: 'plain "quoted"\nü', offset: 17 },
      { value: null, id: 'gone', keys: ['k', 'l'], headers, tags: ['t'], eventTime: 5, reason: 'why' },
    ])
    const lines = readFileSync(path, 'utf8').split('\n')
    expect(lines.pop()).toBe('')
    const [first, second] = lines.map((line) => JSON.parse(line))
    expect(first).toEqual({
      level: 30,
      time: expect.any(Number),
      id: '17',
      keys: [],
      value: 'plain "quoted"\nü',
    })
    expect(first.time).toBeGreaterThanOrEqual(before)
    expect(second).toMatchObject({ id: 'gone', keys: ['k', 'l'], tags: ['t'], eventTime: 5, reason: 'why' })
    expect(second.value).toBe(null)
    expect(Object.entries(second.headers)).toEqual([
      ['x-a', 'text'],
      ['x-b', 'bytes'],
      ['__proto__', 'odd'],
    ])
  })

  test.each(['raw', 'json'] as const)('%s: one write a batch', async (format) => {
    const lengths: number[] = []
    const io: LogInternals = { fd: 2, write: (_fd, _bytes, _from, length) => lengths.push(length) && length }
    const sink = await openSink({ format }, io)
    await write(
      sink,
      Array.from({ length: 500 }, () => ({ value: 'x'.repeat(100) })),
    )
    expect(lengths).toHaveLength(1)
  })
})

describe('stream', () => {
  test.each([
    [undefined, 1],
    ['stdout', 1],
    ['stderr', 2],
  ] as const)('%s is descriptor %i', async (stream, expected) => {
    const fds: number[] = []
    const sink = await openSink({ stream }, { write: (fd, _bytes, _from, length) => fds.push(fd) && length })
    await write(sink, [{ value: 'a' }])
    expect(fds).toEqual([expected])
  })

  test('several sinks on one stream take turns, so that their lines do not mix', async () => {
    const fd = openAt('w')
    const byteByByte: LogInternals['write'] = async (to, bytes, from) => {
      await new Promise(setImmediate)
      return writeSync(to, bytes, from, 1)
    }
    const tail = new Tail()
    const one = await openSink({}, { fd, tail, write: byteByByte })
    const two = await openSink({}, { fd, tail, write: byteByByte })
    await Promise.all([write(one, [{ value: 'one' }]), write(two, [{ value: 'two' }])])
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })

  test('a line torn by one sink is ended by the next that writes to the stream', async () => {
    const fd = openAt('w')
    const torn: LogInternals['write'] = (to, bytes, from, length) => {
      if (length < 3) throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
      return writeSync(to, bytes, from, length - 1)
    }
    const tail = new Tail()
    const one = await openSink({}, { fd, tail, write: torn })
    const two = await openSink({}, { fd, tail })
    expect(outcomes(await write(one, [{ value: 'one' }]))).toEqual(['failure'])
    expect(outcomes(await write(two, [{ value: 'two' }]))).toEqual(['ok'])
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })

  test('the descriptor stays open', async () => {
    const fd = openAt('w')
    const sink = await openSink({}, { fd })
    await sink.close?.()
    expect(fstatSync(fd).isFile()).toBe(true)
  })

  test.runIf(existsSync('/dev/full'))('a full disk is a failure with its text', async () => {
    const sink = await openSink({ stream: 'stderr' }, { fd: openAt('w', '/dev/full') })
    const responses = await write(sink, [{ value: 'a' }, { value: 'b' }])
    expect(outcomes(responses)).toEqual(['failure', 'failure'])
    expect(responses[0].detail).toMatch(/^log: stderr: ENOSPC: no space left on device/)
  })
})

describe.runIf(process.platform === 'linux')('a pipe', () => {
  /** 500 lines of 300 bytes on average: more than a pipe holds. */
  const values = Array.from({ length: 500 }, (_, i) => String(i).repeat(110))
  const text = `${values.join('\n')}\n`

  beforeEach(() => {
    execFileSync('mkfifo', [path])
  })

  test('that is full is waited for; ok comes only after the last byte', async () => {
    const reader = openAt(constants.O_RDONLY | constants.O_NONBLOCK)
    const chunks: Buffer[] = []
    let answered = false
    const wait = async () => {
      expect(answered).toBe(false)
      chunks.push(readSome(reader))
    }
    const sink = await openSink({}, { fd: openAt(constants.O_WRONLY | constants.O_NONBLOCK), wait })
    const responses = await write(
      sink,
      values.map((value) => ({ value })),
    )
    answered = true
    chunks.push(readSome(reader))
    expect(new Set(outcomes(responses))).toEqual(new Set(['ok']))
    expect(chunks.length).toBeGreaterThan(1)
    expect(Buffer.concat(chunks).toString()).toBe(text)
  })

  test.each([
    ['non-blocking', constants.O_NONBLOCK],
    ['blocking', 0],
  ])('%s, with a slow reader, gets every byte once, and the loop goes on', async (_name, flag) => {
    const reader = openAt(constants.O_RDONLY | constants.O_NONBLOCK)
    const sink = await openSink({}, { fd: openAt(constants.O_WRONLY | flag) })
    const chunks: Buffer[] = []
    const writing = write(
      sink,
      values.map((value) => ({ value })),
    )
    while (Buffer.concat(chunks).length < text.length) {
      await new Promise(setImmediate)
      chunks.push(readSome(reader, 1000))
    }
    expect(new Set(outcomes(await writing))).toEqual(new Set(['ok']))
    expect(Buffer.concat(chunks).toString()).toBe(text)
  })

  test('that stays full is given up on close: what was not written is a failure', async () => {
    openAt(constants.O_RDONLY | constants.O_NONBLOCK)
    const sink = await openSink({}, { fd: openAt(constants.O_WRONLY | constants.O_NONBLOCK) })
    const writing = write(
      sink,
      values.map((value) => ({ value })),
    )
    await sink.close?.()
    const answered = outcomes(await writing)
    expect(answered[0]).toBe('ok')
    expect(answered.at(-1)).toBe('failure')
  })

  test.each(['stdout', 'stderr'] as const)(
    'whose reader has gone rejects, and says so (%s)',
    async (stream) => {
      const reader = openAt(constants.O_RDONLY | constants.O_NONBLOCK)
      const fd = openAt(constants.O_WRONLY)
      const sink = await openSink({ stream }, { fd })
      const head = spawn('head', ['-n', '1'], { stdio: [reader, 'pipe', 'inherit'] })
      closeSync(descriptors.splice(descriptors.indexOf(reader), 1)[0])
      expect(outcomes(await write(sink, [{ value: 'first' }, { value: 'second' }]))).toEqual(['ok', 'ok'])
      await once(head, 'exit')
      for (let i = 0; i < 2; i++) {
        await expect(write(sink, [{ value: 'late' }])).rejects.toMatchObject({
          code: 'ERR_SINK',
          message: `log: ${stream} is closed`,
          cause: { code: 'EPIPE' },
        })
      }
    },
  )
})

describe('options', () => {
  test.each([
    [{ stream: 'out' }, "log: stream: got \"out\", wanted 'stdout' or 'stderr'"],
    [{ stream: 1 }, "log: stream: got 1, wanted 'stdout' or 'stderr'"],
    [{ format: 'xml' }, "log: format: got \"xml\", wanted 'raw' or 'json'"],
    [{ steam: 'stderr' }, 'log: unknown option steam; did you mean stream?'],
    ['stderr', 'log: got "stderr", wanted an object such as { stream: \'stderr\' }'],
    [null, "log: got null, wanted an object such as { stream: 'stderr' }"],
  ])('%j', (options, message) => {
    expect(() => log(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG', message }))
  })

  test('it declares that it keeps order, and that a reader which pauses is no fault', () => {
    expect(log()).toMatchObject({ name: 'log', ordered: true, writeTimeoutMs: 86_400_000 })
  })
})

/** What a pipe holds now, at most `max` bytes of it. */
function readSome(fd: number, max = 1024 * 1024): Buffer {
  const buffer = Buffer.alloc(max)
  try {
    return buffer.subarray(0, readSync(fd, buffer))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    return buffer.subarray(0, 0)
  }
}
