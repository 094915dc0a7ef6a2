// `millrace top`: the table, and the terminal around it, with an admin port and a keyboard that tests script.

import { EventEmitter } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.js'
import { painter } from '../../../src/cli/format.js'
import { commandOf, top, topVerb } from '../../../src/cli/top.js'
import { frameOf, lineText } from '../../../src/cli/top-frame.js'
import type { Inspection } from '../../../src/topology/running.js'
import { type FakeIo, fakeIo, progressOf } from './fake-io.js'

const MIB = 1024 * 1024
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'

function viewOf(more: Partial<Inspection> = {}): Inspection {
  const actor = { counts: {}, rates: {}, latencyMs: { p50: 0, p99: 0 } }
  return {
    name: 'orders',
    state: 'running',
    startedAt: '2026-01-01T00:00:00.000Z',
    progress: progressOf({
      read: 1_200,
      acked: 1_000,
      inFlight: 200,
      elapsedMs: 61_000,
      latencyMs: { p50: 1.5, p99: 20 },
    }),
    inFlightMax: 16_384,
    rates: { read: 100, acked: 99.5, nacked: 0, written: 99, failed: 0 },
    ready: true,
    troubles: [],
    actors: [
      {
        ...actor,
        name: 'reader',
        kind: 'reader',
        thread: 'ingress',
        rates: { read: 100 },
        counts: { inFlight: 200 },
        latencyMs: { p50: 1.5, p99: 20 },
      },
      {
        ...actor,
        name: 'map-0',
        kind: 'mapper',
        thread: 'map-0',
        rates: { calls: 60 },
        counts: { inFlight: 3 },
        latencyMs: { p50: 0.01, p99: 0.02 },
      },
      { ...actor, name: 'forwarder', kind: 'forwarder', thread: 'egress', rates: { forwarded: 98 } },
      { ...actor, name: 'map-1', kind: 'mapper', thread: 'map-1' },
      {
        ...actor,
        name: 'sink',
        kind: 'sink',
        thread: 'egress',
        rates: { written: 99 },
        counts: { inFlight: 12, failed: 2, retried: 1 },
      },
    ],
    mailboxes: [
      { from: 'reader', to: 'map-0', capacityBytes: 4 * MIB, usedBytes: 3.5 * MIB },
      { from: 'reader', to: 'map-1', capacityBytes: 4 * MIB, usedBytes: 0 },
      { from: 'map-0', to: 'map-0', capacityBytes: 4 * MIB, usedBytes: 0 },
      { from: 'sink', to: 'sink', capacityBytes: 4 * MIB, usedBytes: 100 },
    ],
    threads: [
      { thread: 'ingress', isDown: false, restarts: 0 },
      { thread: 'map-0', isDown: false, restarts: 2 },
      { thread: 'map-1', isDown: false, restarts: 0 },
      { thread: 'egress', isDown: false, restarts: 0 },
    ],
    source: {},
    memory: { residentBytes: 0, mailboxBytes: 0 },
    ...more,
  }
}

const plain = painter(false, {})
const textOf = (view: Inspection, width = 200, note?: string) =>
  frameOf(view, note).map((line) => lineText(line, width, plain))

describe('the table', () => {
  test('actors by thread, and mailboxes', () => {
    expect(textOf(viewOf()).join('\n')).toBe(
      `orders  running, ready  100/s acked  in flight 200  p50 1.50 ms  p99 20 ms  up 1:01
read 1,200  acked 1,000

thread   actor      rate/s  in flight      p50      p99  failed  retried  restarts  last error
ingress  reader        100        200  1.50 ms    20 ms       0        0         0
map-0    map-0          60          3  0.01 ms  0.02 ms       0        0         2
egress   forwarder      98          0        –        –       0        0         0
         sink           99         12        –        –       2        1
map-1    map-1           0          0        –        –       0        0         0

mailbox         fill                               used
reader → map-0  [##################  ]   87 %   3.5 MiB
reader → map-1  [                    ]    0 %       0 B
sink (waiting)  [#                   ]    0 %     100 B`,
    )
  })

  test('what is wrong comes first', () => {
    const [reader, ...others] = viewOf().actors
    const lastError = { message: 'no\nway', level: 'error', timestamp: '' } as const
    const text = textOf(
      viewOf({
        ready: false,
        troubles: ['sink has failed for 3 s'],
        actors: [{ ...reader, lastError }, ...others],
        progress: progressOf({ nacked: 1, failed: 2, restarts: 3 }),
      }),
      200,
      'no news: it is late',
    )
    expect(text.slice(0, 5)).toEqual([
      'orders  running, not ready  100/s acked  in flight 0  p50 –  p99 –  up 0:00',
      'read 0  acked 0  nacked 1  failed 2  restarts 3',
      '! sink has failed for 3 s',
      'no news: it is late',
      '',
    ])
    expect(text[6]).toMatch(/ 0 {2}no\\nway$/)
  })

  test('says with what it failed', () => {
    const failure = { code: 'ERR_SINK', message: 'sink: no' }
    expect(textOf(viewOf({ state: 'failed', ready: false, failure }))[2]).toBe('! ERR_SINK sink: no')
  })

  test('fits the width, colours aside, and steers no terminal', () => {
    const view = viewOf({ name: `a\u001b[2J${'ö'.repeat(300)}`, troubles: ['→'.repeat(300)] })
    const paint = painter(true, {})
    for (const width of [1, 17, 80]) {
      for (const line of frameOf(view, undefined)) {
        const text = lineText(line, width, paint)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
        const bare = text.replace(/\x1b\[\d+m/g, '')
        expect(bare).not.toContain('\u001b')
        expect([...bare].length).toBeLessThanOrEqual(width)
      }
    }
  })
})

class Keys extends EventEmitter {
  readonly isTTY = true
  isRaw = false
  isPaused = true
  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw
  }
  resume(): this {
    this.isPaused = false
    return this
  }
  pause(): this {
    this.isPaused = true
    return this
  }
}

describe('the verb', () => {
  let server: Server
  let admin: string
  let answer: () => unknown
  let asked: number

  beforeEach(async () => {
    asked = 0
    answer = () => viewOf()
    server = createServer((_, response) => {
      asked++
      response.setHeader('Connection', 'close').end(JSON.stringify(answer()))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    admin = String((server.address() as AddressInfo).port)
  })
  afterEach(() => close())

  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  const run = (io: FakeIo, args: string[]) =>
    dispatch(['top', '--admin', admin, ...args], io, [{ name: 'top', load: async () => topVerb }])

  /** Begins it on a terminal; gives what it ends with. */
  function live(io: FakeIo, keys: Keys): Promise<number> {
    return top(commandOf({ admin }, io), io, keys as unknown as Parameters<typeof top>[2])
  }

  /** Waits for it, and lets time pass meanwhile, where `passes`. */
  async function until(isSo: () => boolean, io?: FakeIo): Promise<void> {
    const end = performance.now() + 10_000
    while (!isSo()) {
      if (performance.now() > end) throw new Error('it did not come to that')
      io?.elapse()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test('writes plain text, once, where there is no terminal', async () => {
    const io = fakeIo()
    expect(await run(io, [])).toBe(0)
    expect(io.out()).toBe(`${textOf(viewOf()).join('\n')}\n`)
    expect({ asked, err: io.err() }).toEqual({ asked: 1, err: '' })
  })

  test('and where it is to look once, as wide as the terminal', async () => {
    const io = fakeIo({ isTTY: true, columns: 30, env: { NO_COLOR: '1' } })
    expect(await run(io, ['--once'])).toBe(0)
    expect(io.out()).toBe(`${textOf(viewOf(), 30).join('\n')}\n`)
  })

  test('writes a line of JSON for each look, until the topology has ended', async () => {
    const io = fakeIo()
    const ended = run(io, ['--json'])
    await until(() => asked >= 3, io)
    await close()
    let code: number | undefined
    void ended.then((given) => {
      code = given
    })
    await until(() => code !== undefined, io)
    expect(code).toBe(0)
    const lines = io.out().trim().split('\n')
    expect(lines.length).toBeGreaterThanOrEqual(3)
    expect(JSON.parse(lines[0])).toEqual(JSON.parse(JSON.stringify(viewOf())))
    expect(io.err()).toBe(
      'millrace top: orders has ended; read 1,200, acked 1,000 when it was looked at last\n',
    )
  })

  test.each([
    ['q', (_: FakeIo, keys: Keys) => keys.emit('data', Buffer.from('q'))],
    ['Ctrl-C', (_: FakeIo, keys: Keys) => keys.emit('data', Buffer.from('\u0003'))],
    ['SIGTERM', (io: FakeIo) => io.signal('SIGTERM')],
  ])('draws over itself until %s, and gives the terminal back', async (_, leave) => {
    const io = fakeIo({ isTTY: true, columns: 100 })
    const keys = new Keys()
    const ended = live(io, keys)
    await until(() => asked >= 3, io)
    expect([keys.isRaw, keys.isPaused]).toEqual([true, false])
    keys.emit('data', Buffer.from('x'))
    leave(io, keys)
    expect(await ended).toBe(0)
    expect([keys.isRaw, keys.isPaused, keys.listenerCount('data')]).toEqual([false, true, 0])
    const out = io.out()
    expect(out.startsWith(`${ENTER}\u001b[H`)).toBe(true)
    expect(out.endsWith(`\u001b[J${LEAVE}`)).toBe(true)
    expect(out.split('\u001b[H').length - 1).toBeGreaterThanOrEqual(2)
    expect(io.err()).toBe('')
  })

  test('shows what fits, and says that there is more', async () => {
    const io = fakeIo({ isTTY: true, columns: 100, env: { NO_COLOR: '1' } })
    Object.assign(io.stdout, { rows: 6 })
    const keys = new Keys()
    const ended = live(io, keys)
    await until(() => io.out() !== '')
    await until(() => io.out().includes('\u001b[J'))
    keys.emit('data', Buffer.from('q'))
    await ended
    const frame = io.out().split('\u001b[H')[1].split('\r\n')
    expect(frame).toHaveLength(6)
    expect(frame[5]).toContain('… 9 more lines: make the window higher')
  })

  test('says how it ended, on the terminal as it was before', async () => {
    const io = fakeIo({ isTTY: true })
    answer = () => viewOf({ state: 'failed', failure: { code: 'ERR_SINK', message: 'sink: no' } })
    const ended = live(io, new Keys())
    await until(() => asked >= 1 && io.out().includes('\u001b[J'))
    await close()
    let code: number | undefined
    void ended.then((given) => {
      code = given
    })
    await until(() => code !== undefined, io)
    expect(code).toBe(1)
    expect(io.out().endsWith(LEAVE)).toBe(true)
    expect(io.err()).toBe(
      'millrace top: orders has failed: ERR_SINK sink: no; read 1,200, acked 1,000 when it was looked at last\n',
    )
  })

  test('goes on where an answer is none', async () => {
    const io = fakeIo({ isTTY: true, columns: 200 })
    const keys = new Keys()
    answer = () => (asked === 2 ? { no: 1 } : viewOf())
    const ended = live(io, keys)
    await until(() => asked >= 4, io)
    keys.emit('data', Buffer.from('q'))
    expect(await ended).toBe(0)
    expect(io.out()).toContain('no news: http://127.0.0.1:')
  })

  test('takes nothing but an admin port, and leaves the terminal alone', async () => {
    const io = fakeIo({ isTTY: true })
    answer = () => ({ actors: [] })
    const keys = new Keys()
    expect(await live(io, keys)).toBe(2)
    expect(io.out()).toBe('')
    expect(keys.isRaw).toBe(false)
    expect(io.err()).toMatch(
      /^millrace top: http:\/\/127\.0\.0\.1:\d+: it answers, but not as an admin port does: /,
    )
  })

  test.each(['99', '60001', '1.5', 'x', ''])('the interval %j is refused', async (interval) => {
    const io = fakeIo()
    expect(await run(io, ['--interval', interval])).toBe(2)
    expect(io.err()).toBe(
      `millrace top: --interval: got ${JSON.stringify(interval)}, wanted a whole number from 100 to 60,000 (see millrace top --help)\n`,
    )
  })
})
