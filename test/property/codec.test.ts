// Messages through shared memory: what is encoded is what Message and metaAt give back, whatever lay in the ring before.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  claimOkRun,
  copy,
  encode,
  FULL,
  type Headers,
  type HeaderValue,
  kindWord,
  MESSAGE,
  type MessageMeta,
  metaAt,
  OK_RUN,
  OK_RUN_ENTRY_BYTES,
  OUTCOME_NACK,
  offsetHalves,
  offsetOf,
  type RecordHead,
  ROUTE_FALLBACK,
  SETTLEMENT,
  TOO_LARGE,
  type Value,
} from '../../src/kernel/codec.js'
import { Doorbell } from '../../src/kernel/doorbell.js'
import { Inbound } from '../../src/kernel/inbound.js'
import {
  ATTEMPT,
  DUE_DOUBLE,
  EPOCH,
  KIND,
  LANE_MASK,
  LENGTH,
  MAILBOX_HEADER_BYTES,
  MARK_DOUBLE,
  RECORD_HEADER_BYTES,
  SEQUENCE_DOUBLE,
  SHAPE,
  SHARE_HI,
  SHARE_LO,
  STATE,
} from '../../src/kernel/layout.js'
import { createMailboxMemory, META_BYTES_MAX } from '../../src/kernel/mailbox.js'
import { Message } from '../../src/kernel/message.js'
import { Outbound } from '../../src/kernel/outbound.js'

const RUNS = Number(process.env.RUNS ?? 500)
const CAPACITY_BYTES = 64 * 1024
const VALUE_BYTES_MAX = 8 * 1024
const HEAD: RecordHead = { epoch: 1, sequence: 7, lane: 0, shareLo: 1, shareHi: 2 }
const PLAIN = kindWord(MESSAGE)

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
/** Any UTF-16 at all, lone surrogates included; and around the length below which ASCII has a path of its own. */
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.array(fc.nat(0xffff), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc
    .integer({ min: 22, max: 27 })
    .chain((length) => fc.string({ unit: 'binary-ascii', minLength: length, maxLength: length })),
  fc.constantFrom('', 'é', '\ud83d\ude00', '\ud83d', '\ude00\ud83d', `${'a'.repeat(23)}\u0080`),
)
const texts = fc.array(text, { maxLength: 5 })
const bytes = fc.uint8Array({ maxLength: 40 })
const headers = fc
  .array(fc.tuple(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '1')), fc.oneof(text, bytes)), {
    maxLength: 6,
  })
  .map((entries) => Object.fromEntries(entries))
/** As source gives it: a bigint of 64 bits, or a number that is whole. */
const offset = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.maxSafeInteger(),
  fc.maxSafeNat(),
  fc.nat(100),
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 53, 2 ** 60, -(2 ** 53), -1, 2n ** 53n, -(2n ** 63n)),
)
const double = fc.double({ noNaN: true })

const metas: fc.Arbitrary<MessageMeta> = fc.record(
  {
    partition: int32,
    generation: int32,
    offset,
    eventTime: double,
    deadline: double,
    delivery: int32,
    maxDeliveries: int32,
    status: int32,
    delayMs: int32,
    id: text,
    keys: texts,
    tags: texts,
    headers,
    trace: text,
    reason: text,
  },
  { requiredKeys: [] },
)

const values: fc.Arbitrary<Value> = fc.oneof(
  text,
  bytes,
  fc.constantFrom<Value>(null, '', new Uint8Array(0)),
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
)

const heads: fc.Arbitrary<RecordHead> = fc.record({
  epoch: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  sequence: fc.maxSafeNat(),
  lane: fc.integer({ min: 0, max: 4096 }),
  shareLo: int32,
  shareHi: int32,
})

type Case = { meta: MessageMeta; value: Value; head: RecordHead; position: number; garbage: number }

const cases: fc.Arbitrary<Case> = fc.record({
  meta: metas,
  value: values,
  head: heads,
  position: fc.constantFrom(0, -8, 2 ** 31 - 8, -64, CAPACITY_BYTES - 128).map((at) => at | 0),
  garbage: fc.nat(255),
})

type Ends = { outbound: Outbound; inbound: Inbound }

function ends(capacityBytes = CAPACITY_BYTES, position = 0, garbage = 0): Ends {
  const memory = createMailboxMemory(capacityBytes, position)
  new Uint8Array(memory, MAILBOX_HEADER_BYTES).fill(garbage)
  const bell = new Doorbell()
  const mailbox = { memory, producerBell: bell, consumerBell: bell }
  return { outbound: new Outbound(mailbox), inbound: new Inbound(mailbox) }
}

function received({ outbound, inbound }: Ends): Message {
  outbound.publish(0)
  assert(inbound.peek())
  return new Message(inbound, inbound.take())
}

function sent({ meta, value, head, position, garbage }: Case): Message {
  const mailbox = ends(CAPACITY_BYTES, position, garbage)
  assert(encode(mailbox.outbound, PLAIN, head, meta, value, VALUE_BYTES_MAX) > 0)
  return received(mailbox)
}

function make(meta: MessageMeta, value: Value = '', head = HEAD): Message {
  return sent({ meta, value, head, position: 0, garbage: 0 })
}

// The model: what is to come back, in plain words of the platform.

function utf8(given: string): string {
  return Buffer.from(given).toString()
}

function bytesOf(value: Value): Buffer {
  return value === null ? Buffer.alloc(0) : Buffer.from(value as string)
}

function headersOf(given: NonNullable<MessageMeta['headers']>): Record<string, HeaderValue> {
  const expected = Object.create(null) as Record<string, HeaderValue>
  for (const [name, value] of Object.entries(given)) {
    expected[utf8(name)] = typeof value === 'string' ? utf8(value) : Buffer.from(value)
  }
  return expected
}

function listOf(given: readonly string[] | undefined): string[] | undefined {
  return given === undefined || given.length === 0 ? undefined : given.map(utf8)
}

/** Numbers that share a section come together: the one that was not given is 0. */
function pairOf(
  first: number | undefined,
  second: number | undefined,
): [number | undefined, number | undefined] {
  return first === undefined && second === undefined ? [undefined, undefined] : [first ?? 0, second ?? 0]
}

function expectedOf(meta: MessageMeta): MessageMeta {
  const [partition, generation] = pairOf(meta.partition, meta.generation)
  const [delivery, maxDeliveries] = pairOf(meta.delivery, meta.maxDeliveries)
  const [status, delayMs] = pairOf(meta.status, meta.delayMs)
  return {
    partition,
    generation,
    delivery,
    maxDeliveries,
    status,
    delayMs,
    offset: meta.offset === undefined ? undefined : BigInt(meta.offset),
    eventTime: meta.eventTime,
    deadline: meta.deadline,
    id: meta.id === undefined ? undefined : utf8(meta.id),
    keys: listOf(meta.keys),
    tags: listOf(meta.tags),
    headers: meta.headers === undefined ? undefined : headersOf(meta.headers),
    trace: meta.trace === undefined ? undefined : utf8(meta.trace),
    reason: meta.reason === undefined ? undefined : utf8(meta.reason),
  }
}

function idOf(meta: MessageMeta, head: RecordHead): string {
  const { id, partition, offset: at } = expectedOf(meta)
  if (id !== undefined) return id
  if (at === undefined) return `${head.epoch}-${head.sequence}`
  return partition === undefined ? String(at) : `${partition}-${at}`
}

function checkMeta(message: Message, meta: MessageMeta): void {
  const expected = expectedOf(meta)
  const decoded = metaAt(message.inbound.ring, message.at)
  for (const name of Object.keys(expected) as (keyof MessageMeta)[]) {
    assert.deepStrictEqual(decoded[name], expected[name], name)
  }
  assert.deepStrictEqual(message.keys, expected.keys ?? [])
  assert.deepStrictEqual(message.tags, expected.tags ?? [])
  assert.deepStrictEqual(message.headers, expected.headers ?? Object.create(null))
  assert.equal(message.delivery, expected.delivery ?? 0)
  for (const name of ['eventTime', 'deadline', 'offset', 'partition', 'trace', 'reason'] as const) {
    assert(Object.is(message[name], expected[name]), name)
  }
}

function checkValue(message: Message, value: Value): void {
  const expected = bytesOf(value)
  assert.equal(message.tombstone, value === null)
  assert(message.bytes().equals(expected))
  assert(Buffer.isBuffer(message.value) && message.value.equals(expected))
  assert.equal(message.text(), expected.toString())
}

/** M4: nothing of what lay there before counts. */
function checkHead({ inbound, at }: Message, head: RecordHead, kind: number): void {
  const { words, doubles } = inbound.ring
  assert.deepStrictEqual(
    [
      words[at + KIND],
      words[at + EPOCH],
      words[at + SHAPE] & LANE_MASK,
      words[at + SHARE_LO],
      words[at + SHARE_HI],
    ],
    [kind, head.epoch, head.lane, head.shareLo, head.shareHi],
  )
  assert.equal(doubles[(at >>> 1) + SEQUENCE_DOUBLE], head.sequence)
  assert.deepStrictEqual([words[at + STATE], words[at + ATTEMPT]], [0, 0])
  assert.deepStrictEqual([doubles[(at >>> 1) + MARK_DOUBLE], doubles[(at >>> 1) + DUE_DOUBLE]], [0, 0])
  assert.equal(words[at + LENGTH] % 8, 0)
}

function checkRoundTrip(input: Case): void {
  const message = sent(input)
  checkHead(message, input.head, PLAIN)
  checkMeta(message, input.meta)
  checkValue(message, input.value)
  assert.equal(message.id, idOf(input.meta, input.head))
}

function recordOf({ inbound, at }: Message): Buffer {
  return Buffer.from(inbound.ring.bytes.subarray(at * 4, at * 4 + inbound.ring.words[at + LENGTH]))
}

describe('a message', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('comes back as it was given', () => {
    fc.assert(fc.property(cases, checkRoundTrip), { numRuns: RUNS })
  })

  it('fails the test when characters are counted in place of bytes', () => {
    vi.spyOn(Buffer, 'byteLength').mockImplementation((given) => (given as string).length)
    expect(fc.check(fc.property(cases, checkRoundTrip), { numRuns: 500, endOnFailure: true }).failed).toBe(
      true,
    )
  })

  it('gives the same bytes when its decoded meta is encoded again', () => {
    const wellFormed = cases.filter(({ meta }) =>
      Object.keys(meta.headers ?? {}).every((name) => utf8(name) === name),
    )
    fc.assert(
      fc.property(wellFormed, (input) => {
        const clean = { ...input, garbage: 0 }
        const message = sent(clean)
        const meta = metaAt(message.inbound.ring, message.at)
        const value = message.tombstone ? null : message.value
        assert(recordOf(sent({ ...clean, meta, value })).equals(recordOf(message)))
      }),
      { numRuns: RUNS },
    )
  })

  it('is preserved by a copy, but for kind, share and a value that is given', () => {
    const kinds = fc.constantFrom(
      PLAIN,
      kindWord(MESSAGE, 0, ROUTE_FALLBACK),
      kindWord(SETTLEMENT, OUTCOME_NACK),
    )
    fc.assert(
      fc.property(
        cases,
        fc.option(values, { nil: undefined }),
        kinds,
        int32,
        int32,
        (input, value, kind, shareLo, shareHi) => {
          const message = sent(input)
          const { ring } = message.inbound
          ring.words[message.at + STATE] = ring.words[message.at + ATTEMPT] = 5
          const other = ends(CAPACITY_BYTES, input.position, input.garbage)
          assert(copy(other.outbound, kind, ring, message.at, shareLo, shareHi, value, VALUE_BYTES_MAX) > 0)
          const copied = received(other)
          checkHead(copied, { ...input.head, shareLo, shareHi }, kind)
          checkMeta(copied, input.meta)
          checkValue(copied, value === undefined ? input.value : value)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('lies beside runs of settlements, which have an epoch and a length and nothing else', () => {
    fc.assert(
      fc.property(heads, fc.nat(20), fc.nat(255), ({ epoch }, count, garbage) => {
        const mailbox = ends(CAPACITY_BYTES, -64, garbage)
        const first = claimOkRun(mailbox.outbound, epoch, count)
        const run = received(mailbox)
        assert.equal(first * 4, run.at * 4 + RECORD_HEADER_BYTES)
        checkHead(run, { epoch, sequence: 0, lane: 0, shareLo: 0, shareHi: 0 }, OK_RUN)
        assert.equal(run.value.length, count * OK_RUN_ENTRY_BYTES)
        checkMeta(run, {})
        assert.equal(claimOkRun(ends(64).outbound, epoch, 1), FULL)
      }),
      { numRuns: Math.min(RUNS, 100) },
    )
  })

  it('keeps headers that nobody can change, record after record, and tells them from others', () => {
    const made = (headers: Headers) => Object.freeze(Object.assign(Object.create(null), headers))
    const frozen = [made({ a: '1', b: 'größe' }), made({ a: '1' }), made({ a: '2' })]
    const bytes = made({ a: Buffer.from('1') })
    const given: Headers[] = [frozen[0], frozen[0], frozen[1], frozen[2], frozen[1], bytes, bytes, frozen[0]]
    for (const [i, headers] of given.entries()) {
      // What is only frozen may hold bytes that change.
      if (headers === bytes) bytes.a[0] = 0x30 + i
      expect({ ...make({ headers, keys: ['k'] }).headers }, String(i)).toEqual({ ...headers })
    }
  })

  it('looks anew at headers that are frozen, and change all the same', () => {
    const base = { a: '' }
    const heir = Object.freeze(Object.assign(Object.create(base), { b: '' }))
    const getter = Object.freeze(
      Object.create(null, { a: { enumerable: true, get: () => base.a }, b: { enumerable: true, value: '' } }),
    )
    for (const headers of [heir, getter])
      for (const text of ['1', '22', '3']) {
        base.a = text
        expect({ ...make({ headers }).headers }).toEqual({ a: text, b: '' })
      }
  })

  it('keeps 1,000 headers, and one that is called __proto__', () => {
    const given = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, i) => [`header-${i}`, i % 2 === 0 ? `${i}` : Buffer.from([i])]),
    )
    const all = Object.assign(JSON.parse('{"__proto__":"polluted"}'), given)
    const { headers: decoded } = make({ headers: all })
    expect(Object.keys(decoded)).toEqual(Object.keys(all))
    expect(Reflect.get(decoded, '__proto__')).toBe('polluted')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(decoded['header-999']).toEqual(Buffer.from([999]))
  })

  it('tells a tombstone from an empty value', () => {
    for (const [value, tombstone] of [
      [null, true],
      ['', false],
      [new Uint8Array(0), false],
    ] as const) {
      const message = make({}, value)
      expect(message.tombstone).toBe(tombstone)
      expect(message.value.length).toBe(0)
    }
  })

  it.each<[string, MessageMeta, Partial<RecordHead>]>([
    ['given', { id: 'given', partition: 1, offset: 2 }, {}],
    ['', { id: '', offset: 2 }, {}],
    ['3-17', { partition: 3, offset: 17 }, {}],
    ['17', { offset: 17 }, {}],
    ['-1', { offset: -1 }, {}],
    ['0-9007199254740991', { partition: 0, offset: 2n ** 53n - 1n }, {}],
    ['9007199254740993', { offset: 2n ** 53n + 1n }, {}],
    ['-9223372036854775808', { offset: -(2n ** 63n) }, {}],
    ['2-4294967296', { partition: 3 }, { epoch: 2, sequence: 2 ** 32 }],
  ])('without an id of its own is called by its place: %s', (id, meta, head) => {
    expect(make(meta, '', { ...HEAD, ...head }).id).toBe(id)
  })

  it('is one of 64 bits where its offset is', () => {
    fc.assert(
      fc.property(offset, (given) => {
        const [lo, hi] = offsetHalves(given)
        assert.equal(offsetOf(lo, hi), BigInt(given))
      }),
      { numRuns: RUNS },
    )
  })
})

describe('what cannot be a message', () => {
  it('is too large where its value is', () => {
    for (const value of ['x'.repeat(101), 'é'.repeat(51), new Uint8Array(101)]) {
      const { outbound } = ends()
      const { tail } = outbound
      expect(encode(outbound, PLAIN, HEAD, {}, value, 100)).toBe(TOO_LARGE)
      expect(outbound.tail).toBe(tail)
    }
    expect(encode(ends().outbound, PLAIN, HEAD, {}, 'é'.repeat(50), 100)).toBeGreaterThan(0)
  })

  it('is too large where its new value is', () => {
    const { inbound, at } = make({ id: 'a' }, 'x'.repeat(200))
    const { outbound } = ends()
    expect(copy(outbound, PLAIN, inbound.ring, at, 0, 0, 'x'.repeat(101), 100)).toBe(TOO_LARGE)
    expect(copy(outbound, PLAIN, inbound.ring, at, 0, 0, undefined, 100)).toBeGreaterThan(0)
  })

  it('is too large where its keys, headers and the like are', () => {
    const big = 'x'.repeat(META_BYTES_MAX)
    for (const meta of [
      { id: big },
      { keys: ['a', big] },
      { tags: [big] },
      { headers: { a: big } },
      { reason: big },
      { trace: big },
    ]) {
      expect(encode(ends(2 ** 20).outbound, PLAIN, HEAD, meta, 'a', 100)).toBe(TOO_LARGE)
    }
    const fits = 'x'.repeat(META_BYTES_MAX - 4)
    expect(encode(ends(2 ** 20).outbound, PLAIN, HEAD, { id: fits }, 'a', 100)).toBeGreaterThan(0)
  })

  it('is refused for now where the mailbox is full, and claims nothing', () => {
    const { outbound } = ends(256)
    expect(encode(outbound, PLAIN, HEAD, {}, 'x'.repeat(128), 1_000)).toBeGreaterThan(0)
    const { tail } = outbound
    expect(encode(outbound, PLAIN, HEAD, {}, 'x'.repeat(8), 1_000)).toBe(FULL)
    expect(outbound.tail).toBe(tail)
  })

  it.each<[string, unknown]>([
    ['number', 5],
    ['null', null],
    ['undefined', undefined],
    ['list', ['a']],
  ])('throws a TypeError that names a header which is a %s', (_, wrong) => {
    const { outbound } = ends()
    const { tail } = outbound
    const given = { fine: 'text', 'x-wrong': wrong } as never
    expect(() => encode(outbound, PLAIN, HEAD, { headers: given }, 'a', 100)).toThrow(TypeError)
    expect(() => encode(outbound, PLAIN, HEAD, { headers: given }, 'a', 100)).toThrow('"x-wrong"')
    expect(outbound.tail).toBe(tail)
  })

  it.each<[string, unknown]>([
    ['a number as id', { id: 5 }],
    ['a number as key', { keys: ['a', 5] }],
    ['null as key', { keys: [null] }],
    ['a number as tag', { tags: [5] }],
    ['an object as trace', { trace: {} }],
  ])('throws a TypeError for %s', (_, meta) => {
    expect(() => encode(ends().outbound, PLAIN, HEAD, meta as MessageMeta, 'a', 100)).toThrow(TypeError)
  })

  it.each(['keys', 'tags'])('throws a TypeError for %s that are a text: its letters are no list', (name) => {
    expect(() => encode(ends().outbound, PLAIN, HEAD, { [name]: 'vip' }, 'a', 100)).toThrow(TypeError)
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a number', 5],
    ['true', true],
    ['an object', { a: 1 }],
    ['a list', [1, 2]],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['a Float64Array', new Float64Array(2)],
  ])('throws a TypeError for a value that is %s, and claims nothing', (_, wrong) => {
    const { outbound } = ends()
    const { tail } = outbound
    expect(() => encode(outbound, PLAIN, HEAD, {}, wrong as Value, 100)).toThrow(TypeError)
    expect(outbound.tail).toBe(tail)
  })
})
