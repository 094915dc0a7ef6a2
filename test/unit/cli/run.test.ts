// `run` with a scripted topology: what it says on stderr, what signals do, and its exit codes. stdout stays empty.

import { afterEach, describe, expect, test } from 'vitest'
import { run, type Start } from '../../../src/cli/run.js'
import { ERRORS, type ErrorCode, MillraceError } from '../../../src/kernel/failure.js'
import type { LogWriter } from '../../../src/kernel/log.js'
import { beginLoading } from '../../../src/topology/loading.js'
import type { Running } from '../../../src/topology/running.js'
import { type FakeIo, type FakeOptions, fakeIo, fakeRunning, progressOf, settled } from './fake-io.js'

const command = {
  url: new URL('file:///srv/a.mjs'),
  level: 'info',
  isJson: false,
  isQuiet: false,
  hasProgress: true,
  isInline: false,
} as const
type Change = Partial<{ isJson: boolean; isQuiet: boolean; hasProgress: boolean }>

let io: FakeIo

/** Begins a run that has started. */
async function begin(change: Change = {}, options: FakeOptions = {}) {
  io = fakeIo(options)
  const running = fakeRunning()
  let log: LogWriter = () => {}
  const code = run({ ...command, ...change }, io, async (_target, given) => {
    log = given.log
    return running
  })
  await settled()
  return { running, code, log: (record: Parameters<LogWriter>[0]) => log(record) }
}

afterEach(() => {
  expect(io.out()).toBe('')
})

test.each([
  [undefined, undefined],
  ['', undefined],
  ['notes', 'notes'],
])('MILLRACE_STATE=%j is the state %j', async (given, wanted) => {
  io = fakeIo({ env: { ...(given !== undefined && { MILLRACE_STATE: given }) } })
  const running = fakeRunning()
  let state: string | undefined
  const code = run(command, io, async (_target, options) => {
    state = options.state
    return running
  })
  running.end()
  expect(await code).toBe(0)
  expect(state).toBe(wanted)
})

describe('an end', () => {
  test('that is clean is exit code 0 and a summary', async () => {
    const { running, code } = await begin()
    running.end({
      read: 12_345,
      acked: 12_345,
      rate: 4_000,
      elapsedMs: 3_086,
      latencyMs: { p50: 0.834, p99: 12.4 },
    })
    expect(await code).toBe(0)
    expect(io.err()).toBe(
      [
        'orders',
        '  read          12,345',
        '  acked         12,345',
        '  nacked             0',
        '  dropped            0',
        '  filtered           0',
        '  failed             0',
        '  retried            0',
        '  fallback           0',
        '  rate         4,000/s',
        '  latency p50  0.83 ms',
        '  latency p99    12 ms',
        '  elapsed        3.0 s',
        '',
      ].join('\n'),
    )
    expect(io.exits).toEqual([])
  })

  test('with records nacked for good is exit code 1, and says how many', async () => {
    const { running, code } = await begin()
    running.end({ read: 10, acked: 7, nacked: 3, ok: false })
    expect(await code).toBe(1)
    expect(io.err()).toMatch(/^orders {2}not ok\n/)
    expect(io.err()).toMatch(/\nmillrace: 3 of 10 records read were not acked\n$/)
  })

  test('as JSON is one line', async () => {
    const { running, code } = await begin({ isJson: true })
    running.end({ read: 2, acked: 2 })
    expect(await code).toBe(0)
    expect(io.err().split('\n')).toHaveLength(2)
    expect(JSON.parse(io.err())).toMatchObject({
      name: 'orders',
      read: 2,
      acked: 2,
      ok: true,
      latencyMs: { p50: 0 },
    })
  })

  test('that is quiet says nothing, unless something is wrong', async () => {
    const clean = await begin({ isQuiet: true })
    clean.running.end()
    expect(await clean.code).toBe(0)
    expect(io.err()).toBe('')
    const bad = await begin({ isQuiet: true })
    bad.running.end({ read: 1, nacked: 1, ok: false })
    expect(await bad.code).toBe(1)
    expect(io.err()).toBe('millrace: 1 of 1 records read were not acked\n')
  })
})

describe('a failure', () => {
  const lastLine = () => io.err().trimEnd().split('\n').at(-1)

  test.each<[code: ErrorCode, exitCode: number]>([
    ['ERR_CONFIG', 2],
    ['ERR_MODULE', 2],
    ['ERR_OPEN', 2],
    ['ERR_DRAIN', 1],
    ['ERR_SINK_CONTRACT', 1],
  ])('of the start with %s is exit code %i, and one line', async (code, exitCode) => {
    io = fakeIo()
    const start: Start = () => Promise.reject(new MillraceError(code, 'x: got y'))
    expect(await run(command, io, start)).toBe(exitCode)
    expect(io.err()).toBe(`${code} x: got y — ${ERRORS[code].remedy}\n`)
  })

  test('of the configuration has a line for each problem', async () => {
    io = fakeIo()
    await run(command, io, () => Promise.reject(new MillraceError('ERR_CONFIG', 'a: x\nb: y')))
    expect(io.err()).toBe(`ERR_CONFIG a: x\nERR_CONFIG b: y — ${ERRORS.ERR_CONFIG.remedy}\n`)
  })

  test('later comes after a summary of how it stood', async () => {
    const { running, code } = await begin()
    running.current = progressOf({ read: 5, acked: 3, inFlight: 2, elapsedMs: 1_500 })
    running.fail(
      new MillraceError('ERR_SINK', 'sink: refused', { cause: new Error('connect\nECONNREFUSED') }),
    )
    expect(await code).toBe(1)
    expect(io.err()).toMatch(/^orders {2}not ok\n {2}read +5\n/)
    expect(io.err()).toContain('  in flight          2\n')
    expect(io.err()).toContain('  rate             2/s\n')
    expect(io.err()).toContain('\ncause: connect ECONNREFUSED\n')
    expect(lastLine()).toBe(`ERR_SINK sink: refused — ${ERRORS.ERR_SINK.remedy}`)
    expect(io.err()).not.toMatch(/\n\s+at /)
  })

  test('of a handler has the stack of what it threw, and a message of one line', async () => {
    const { running, code } = await begin({ isQuiet: true })
    const cause = new TypeError('x is not\na function')
    running.fail(new MillraceError('ERR_HANDLER', 'map: x is not\na function', { cause }))
    expect(await code).toBe(1)
    expect(io.err()).toBe(
      `${cause.stack}\nERR_HANDLER map: x is not a function — ${ERRORS.ERR_HANDLER.remedy}\n`,
    )
  })

  test.each([
    [new Error('surprise'), 'surprise'],
    ['plain text', 'plain text'],
    [null, 'null'],
    [Object.assign(new MillraceError('ERR_BUG', 'new'), { code: 'ERR_OF_A_NEWER_COPY' }), 'new'],
  ])('that is a bug is told as one: %s', async (thrown, message) => {
    const { running, code } = await begin({ isQuiet: true })
    running.fail(thrown)
    expect(await code).toBe(1)
    expect(lastLine()).toBe(`ERR_BUG ${message} — ${ERRORS.ERR_BUG.remedy}`)
    if (thrown instanceof Error) expect(io.err()).toContain(`${thrown.stack}`)
  })

  const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  test.each([
    [
      'its code',
      new MillraceError('ERR_SINK', 'log: stdout is closed', {
        cause: Object.assign(new Error('x'), { code: 'EPIPE' }),
      }),
    ],
    ['its text', new MillraceError('ERR_SINK', 'sink: write EPIPE')],
    ['a cause of the cause', new MillraceError('ERR_SINK', 'x', { cause: new Error('y', { cause: gone }) })],
  ])('of a sink whose reader has gone is quiet, known by %s', async (_what, error) => {
    const { running, code } = await begin()
    running.fail(error)
    expect(await code).toBe(0)
    expect(io.err()).toBe('')
  })

  test('of another code with EPIPE, or with no pipe at stdout, is a failure', async () => {
    const source = await begin()
    source.running.fail(new MillraceError('ERR_SOURCE', 'http: write EPIPE'))
    expect(await source.code).toBe(1)
    const file = await begin({}, { stdoutIsPipe: false })
    file.running.fail(new MillraceError('ERR_SINK', 'http: write EPIPE'))
    expect(await file.code).toBe(1)
  })
})

describe('a signal', () => {
  test('drains, and a clean drain is exit code 0', async () => {
    const { running, code } = await begin()
    running.current = progressOf({ read: 1_500, inFlight: 1_234 })
    io.signal('SIGTERM')
    expect(io.err()).toBe('millrace: SIGTERM: draining, 1,234 in flight; again to stop at once\n')
    expect(running.calls).toEqual(['drain'])
    running.end({ acked: 1_500, inFlight: 0 })
    expect(await code).toBe(0)
    expect(io.exits).toEqual([])
  })

  test('whose drain fails is exit code 1, with the error at the end', async () => {
    const { running, code } = await begin({ isQuiet: true })
    io.signal('SIGINT')
    running.fail(new MillraceError('ERR_DRAIN', 'topology "orders": sink held out'))
    expect(await code).toBe(1)
    expect(io.err()).toMatch(/\nERR_DRAIN topology "orders": sink held out — /)
  })

  test('the second stops at once with exit code 1, and names who held out', async () => {
    const { running, code } = await begin()
    running.current = progressOf({ inFlight: 12 })
    running.actors = [
      { name: 'sink', thread: 'egress', counts: { inFlight: 9 } },
      { name: 'map', thread: 'map-0', counts: { inFlight: 0 } },
    ]
    io.signal('SIGINT')
    io.signal('SIGTERM')
    expect(await code).toBe(1)
    expect(running.calls).toEqual(['drain', 'stop'])
    expect(io.err()).toMatch(
      /\nmillrace: stopped by a second SIGTERM with 12 in flight \(sink 9\); the source has them back\n$/,
    )
    expect(io.exits).toEqual([1])
  })

  test('a stop that does not end is not waited for', async () => {
    const { running, code } = await begin()
    running.onStop = () => new Promise(() => {})
    io.signal('SIGINT')
    io.signal('SIGINT')
    await settled()
    expect(io.exits).toEqual([])
    io.elapse()
    expect(await code).toBe(1)
    expect(io.exits).toEqual([1])
  })

  test('a stop that fails is told, and so is a run that fails by it', async () => {
    const { running, code } = await begin()
    running.onStop = () => {
      const error = new MillraceError('ERR_SINK', 'sink: close failed')
      running.fail(error)
      return Promise.reject(error)
    }
    io.signal('SIGINT')
    io.signal('SIGINT')
    expect(await code).toBe(1)
    expect(io.err()).toMatch(/; the source has them back: sink: close failed\n$/)
  })

  test('the third does not even wait for that', async () => {
    const { running } = await begin()
    running.onStop = () => new Promise(() => {})
    for (let i = 0; i < 3; i++) io.signal('SIGINT')
    expect(io.exits).toEqual([1])
  })

  test('after the end changes nothing', async () => {
    const { running, code } = await begin({ isQuiet: true })
    running.end()
    expect(await code).toBe(0)
    for (let i = 0; i < 3; i++) io.signal('SIGTERM')
    expect(running.calls).toEqual([])
    expect(io.err()).toBe('')
    expect(io.exits).toEqual([])
  })
})

describe('a signal while it starts', () => {
  function beginStart(options: FakeOptions = {}) {
    io = fakeIo(options)
    const running = fakeRunning()
    let started: (running: Running) => void = () => {}
    let failed: (error: unknown) => void = () => {}
    const start: Start = () =>
      new Promise((resolve, reject) => {
        started = resolve
        failed = reject
      })
    const code = run({ ...command, isQuiet: true }, io, start)
    return { running, code, started: () => started(running), failed: (error: unknown) => failed(error) }
  }

  test('drains as soon as it has started', async () => {
    const { running, code, started } = beginStart()
    io.signal('SIGINT')
    expect(io.err()).toBe('millrace: SIGINT: stopping as soon as it has started; again to stop at once\n')
    started()
    await settled()
    expect(running.calls).toEqual(['drain'])
    running.end()
    expect(await code).toBe(0)
  })

  test('and a start that fails is told', async () => {
    const { code, failed } = beginStart()
    io.signal('SIGINT')
    failed(new MillraceError('ERR_OPEN', 'http: port 80 is taken'))
    expect(await code).toBe(2)
    expect(io.err()).toMatch(/\nERR_OPEN http: port 80 is taken — /)
  })

  test('the second ends it at once', async () => {
    const { code } = beginStart()
    io.signal('SIGINT')
    io.signal('SIGINT')
    expect(await code).toBe(1)
    expect(io.err()).toMatch(/\nmillrace: stopped by a second SIGINT\n$/)
    expect(io.exits).toEqual([1])
  })

  test('while the module is loaded it is the system’s', async () => {
    const { started, running, code } = beginStart()
    const endLoading = beginLoading(command.url)
    expect(io.signal('SIGINT')).toBe(false)
    expect(io.signal('SIGTERM')).toBe(false)
    endLoading()
    expect(io.signal('SIGTERM')).toBe(true)
    expect(io.err()).toMatch(/^millrace: SIGTERM: stopping as soon as it has started/)
    started()
    await settled()
    running.end()
    expect(await code).toBe(0)
  })

  test('while the module is loaded it ends a first process, too, which the system does not', async () => {
    const { code } = beginStart({ isFirstProcess: true })
    const endLoading = beginLoading(command.url)
    io.signal('SIGTERM')
    expect(await code).toBe(1)
    expect(io.err()).toBe('millrace: SIGTERM: the module was still loading\n')
    expect(io.exits).toEqual([1])
    endLoading()
  })

  test('a start that does not end is given up', async () => {
    const { code } = beginStart()
    io.signal('SIGTERM')
    io.elapse()
    expect(await code).toBe(1)
    expect(io.err()).toMatch(/\nmillrace: SIGTERM: the start did not end within 10 s\n$/)
  })
})

describe('on a terminal', () => {
  const record = {
    level: 'warn',
    message: 'slow',
    actor: 'sink',
    thread: 'egress',
    fields: { ms: 5 },
  } as const

  test('the progress line is cleared before a log line, and for good at the end', async () => {
    const { running, code, log } = await begin({}, { isTTY: true, env: { NO_COLOR: '1' } })
    running.current = progressOf({ inFlight: 3, acked: 4 })
    io.tick()
    log(record)
    io.tick()
    running.end()
    expect(await code).toBe(0)
    io.tick()
    const line = '\r\x1b[Korders  0/s  in flight 3  acked 4\r'
    const logged = '\r\x1b[K12:03:04.056 WARN  sink egress: slow ms=5\n'
    expect(io.err().startsWith(`${line}${logged}${line}\r\x1b[Korders\n  read `)).toBe(true)
    expect(io.err().split('\x1b[K')).toHaveLength(5)
  })

  test.each<[Change, FakeOptions]>([
    [{ hasProgress: false }, { isTTY: true }],
    [{}, { isTTY: true, env: { TERM: 'dumb' } }],
    [{}, { isTTY: false }],
  ])('there is no progress line with %j on %j', async (change, options) => {
    const { running, code } = await begin(change, options)
    io.tick()
    expect(io.err()).toBe('')
    running.end()
    await code
  })

  test('the summary has colours only there, only where something is to be seen, and not with NO_COLOR', async () => {
    const colours = async (options: FakeOptions) => {
      const { running, code } = await begin({ hasProgress: false }, options)
      running.end({ read: 3, acked: 2, nacked: 1, ok: false })
      await code
      return io.err().split('\x1b[').length - 1
    }
    expect(await colours({ isTTY: true })).toBe(6)
    expect(await colours({ isTTY: true, env: { NO_COLOR: '1' } })).toBe(0)
    expect(await colours({ isTTY: true, env: { TERM: 'dumb' } })).toBe(0)
    expect(await colours({ isTTY: false })).toBe(0)
  })
})
