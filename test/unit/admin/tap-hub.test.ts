// The taps of a topology, with responses and a clock of our own: rates, sizes, slow readers, and how they end.

import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { TapHub } from '../../../src/admin/tap-hub.js'
import type { TappedMessage } from '../../../src/admin/tap-message.js'
import { type TapQuery, tapQueryOf } from '../../../src/admin/tap-query.js'
import { Cell, createCellMemory } from '../../../src/kernel/cell.js'
import {
  encode,
  kindWord,
  MARKER,
  MESSAGE,
  type MessageMeta,
  OUTCOME_DROPPED,
  type Value,
} from '../../../src/kernel/codec.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { RELEASE_WORD, TAP_WORD } from '../../../src/kernel/layout.js'
import type { Log } from '../../../src/kernel/log.js'
import { createMailboxMemory } from '../../../src/kernel/mailbox.js'
import { Outbound } from '../../../src/kernel/outbound.js'
import { Tap } from '../../../src/kernel/tap.js'

const CAPACITY = 2 ** 20
const NAME = 'a..b'

class FakeResponse extends EventEmitter {
  writableNeedDrain = false
  writable = true
  readonly lines: (TappedMessage & {
    tap?: string
    reason?: string
    shown?: number
    missedBytes?: number
  })[] = []

  writeHead(): this {
    return this
  }

  write(text: string): void {
    this.lines.push(JSON.parse(text))
  }

  end(text: string): void {
    this.write(text)
    this.writable = false
    this.emit('close')
  }

  get messages(): TappedMessage[] {
    return this.lines.filter(({ tap }) => tap === undefined)
  }
}

const log = { error: vi.fn() } as unknown as Log
let memory: SharedArrayBuffer
let place: (count: number, meta?: MessageMeta, value?: Value, kind?: number) => void
let nowMs: number
let hub: TapHub
let ended: AbortController

beforeEach(() => {
  memory = createMailboxMemory(CAPACITY)
  const bell = new Doorbell()
  const ends = { memory, producerBell: bell, consumerBell: bell }
  const [inbound, outbound] = [new Inbound(ends), new Outbound(ends)]
  const cells = createCellMemory({ inbounds: [0], outbounds: [0], registers: [] })
  const cell = new Cell(cells, [inbound], [outbound], 0)
  let placed = 0
  // Each is settled at once.
  place = (count, meta = {}, value = 'v', kind = kindWord(MESSAGE)) => {
    for (let i = 0; i < count; i++) {
      const head = { epoch: 1, sequence: ++placed, lane: 0, shareLo: 1, shareHi: 1 }
      encode(outbound, kind, head, meta, value, CAPACITY)
      cell.commit()
      inbound.peek()
      inbound.settle(inbound.take(), cell.pending)
      cell.commit()
    }
  }
  nowMs = 1_000
  hub = new TapHub([memory, createMailboxMemory(1024)], log, { now: () => nowMs })
  ended = new AbortController()
})
afterEach(() => ended.abort())

function open(query = '', number = 0): FakeResponse {
  const response = new FakeResponse()
  const given = tapQueryOf(new URLSearchParams(query)) as TapQuery
  hub.add(number, NAME, given, response as unknown as ServerResponse, ended.signal)
  return response
}

function later(ms: number): void {
  nowMs += ms
  hub.look()
}

describe('a client', () => {
  test('sees the messages of a topology that is slow, and first what it asked for', () => {
    const client = open()
    place(3)
    later(50)
    expect(client.lines[0]).toEqual({ tap: 'begin', mailbox: NAME, rate: 10, bytes: 256 })
    expect(client.messages.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
  })

  test('sees so many a second at most, of which some may come together', () => {
    const client = open('rate=20')
    for (let i = 0; i < 200; i++) {
      place(50)
      later(50)
    }
    // 10 s, and the second's worth that it had at the start.
    expect(client.messages.length).toBeGreaterThan(190)
    expect(client.messages.length).toBeLessThanOrEqual(220)
  })

  test('that reads slowly gets nothing meanwhile, and then what passes', () => {
    const client = open()
    client.writableNeedDrain = true
    for (let i = 0; i < 300; i++) {
      place(1)
      later(50)
    }
    expect(client.messages).toEqual([])
    expect(new Int32Array(memory)[TAP_WORD], 'no copies are made for nobody').toBe(0)
    client.writableNeedDrain = false
    later(50)
    place(1)
    later(50)
    expect(client.messages.map(({ sequence }) => sequence)).toEqual([301])
  })

  test('hears now and then that the tap is alive', () => {
    const client = open()
    for (let i = 0; i < 25; i++) later(1_000)
    expect(client.lines.filter(({ tap }) => tap === 'alive')).toHaveLength(2)
  })

  test('hears when the topology has ended, what it saw and what it missed', () => {
    const client = open('rate=1')
    place(3)
    later(50)
    ended.abort()
    expect(client.lines.at(-1)).toEqual({
      tap: 'end',
      reason: 'the topology has ended',
      shown: 1,
      missedBytes: 144,
    })
    expect(new Int32Array(memory)[TAP_WORD]).toBe(0)
    expect(hub.isFull).toBe(false)
  })

  test('that goes leaves the mailbox alone', () => {
    const client = open()
    const [release, tap] = [RELEASE_WORD, TAP_WORD].map((word) => new Int32Array(memory)[word])
    expect([release, tap]).toEqual([0, 10])
    client.emit('close')
    place(1)
    later(50)
    expect(new Int32Array(memory)[TAP_WORD]).toBe(0)
    expect(client.messages).toEqual([])
  })

  test('is told where a tap fails, and the others go on', () => {
    const [failing, other] = [open(), open('', 1)]
    vi.spyOn(Tap.prototype, 'visit').mockImplementationOnce(() => {
      throw new Error('broken')
    })
    later(50)
    vi.restoreAllMocks()
    expect(failing.lines.at(-1)).toMatchObject({ tap: 'end', reason: 'it has failed' })
    expect(log.error).toHaveBeenCalledWith('a tap has failed: broken')
    expect(other.writable).toBe(true)
  })
})

test('two of one mailbox see the same, each as it wants it', () => {
  const [one, other] = [open('bytes=3'), open('bytes=9&redact=a')]
  place(1, { headers: { a: '1', b: '2', 'x-token': '3' } }, '{"a":12,"b":3}')
  later(50)
  expect(one.messages).toEqual([
    {
      mailbox: NAME,
      kind: 'message',
      sequence: 1,
      epoch: 1,
      id: '1-1',
      headers: { a: '1', b: '2', 'x-token': '[redacted]' },
      attempt: 1,
      valueBytes: 14,
      value: '{"a',
      isCut: true,
    },
  ])
  expect(other.messages[0]).toMatchObject({ headers: { a: '[redacted]' }, value: '{"a":"[redacted]","' })
})

test('there are four at most', () => {
  for (let i = 0; i < 4; i++) {
    expect(hub.isFull).toBe(false)
    open('', i % 2)
  }
  expect(hub.isFull).toBe(true)
})

describe('a message', () => {
  const shown = (query: string, meta: MessageMeta, value: Value, kind?: number) => {
    const client = open(query)
    place(1, meta, value, kind)
    later(50)
    return client.messages[0]
  }

  test('with all that it may have', () => {
    const meta = {
      id: 'x',
      keys: ['k', 'l'],
      tags: ['t'],
      eventTime: 0,
      delivery: 2,
      reason: 'r',
      headers: { h: Buffer.from([255]), long: 'l'.repeat(300) },
    }
    expect(shown('', meta, 'text')).toMatchObject({
      id: 'x',
      keys: ['k', 'l'],
      tags: ['t'],
      eventTime: '1970-01-01T00:00:00.000Z',
      delivery: 2,
      reason: 'r',
      headers: { h: { base64: '/w==' }, long: `${'l'.repeat(256)}…` },
      value: 'text',
    })
  })

  test.each([
    ['', Buffer.from([1, 255]), { base64: 'Af8=' }],
    ['', null, { value: null, valueBytes: 0 }],
    ['', '', { value: '', valueBytes: 0 }],
    ['values=none', 'secret', { valueBytes: 6 }],
    ['bytes=2', 'aä', { value: 'a', isCut: true }],
    ['redact=a', 'a=1', { hidden: 'no JSON: fields of it cannot be redacted' }],
    ['redact=a', Buffer.from([255]), { hidden: 'no JSON: fields of it cannot be redacted' }],
    ['redact=a', '', { value: '', valueBytes: 0 }],
  ])('%s of %j', (query, value, wanted) => {
    const message = shown(query, {}, value)
    expect(message).toMatchObject(wanted)
    for (const name of ['value', 'base64', 'hidden', 'isCut'])
      if (!(name in wanted)) expect(message).not.toHaveProperty(name)
  })

  test('a marker says what became of its share', () => {
    const marker = shown('', { reason: 'why' }, null, kindWord(MARKER, OUTCOME_DROPPED))
    expect(marker).toMatchObject({ kind: 'marker', outcome: 'dropped', reason: 'why' })
  })

  test('with more beside the value than a tap holds', () => {
    const headers = { a: 'b'.repeat(100_000) }
    expect(shown('', { headers }, 'v')).toEqual({
      mailbox: NAME,
      kind: 'message',
      sequence: 1,
      epoch: 1,
      valueBytes: 1,
      isCut: true,
    })
  })
})

test.each([
  ['rate=0', 'rate: wanted a whole number from 1 to 1,000'],
  ['rate=1001', 'rate: wanted a whole number from 1 to 1,000'],
  ['rate=1e2', 'rate: wanted a whole number from 1 to 1,000'],
  ['bytes=65537', 'bytes: wanted a whole number from 1 to 65,536'],
  ['values=some', 'values: wanted all or none'],
  ['rates=1', 'wanted mailbox, rate, bytes, redact, values, each once at most'],
  ['redact=', 'redact: wanted names with commas between them'],
  ['redact=%20,', 'redact: wanted names with commas between them'],
  ['rate=1&rate=2', 'wanted mailbox, rate, bytes, redact, values, each once at most'],
  [
    `redact=${Array.from({ length: 101 }, (_, i) => i).join()}`,
    'redact: wanted at most 100 names, with commas between them',
  ],
])('the query %s is refused', (query, why) => {
  expect(tapQueryOf(new URLSearchParams(query))).toBe(why)
})
