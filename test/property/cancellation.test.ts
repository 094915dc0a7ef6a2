// The ring of cancellations against a Map: few slots, offsets near every wrap, several partitions. What it says is never wrong; and of
// a source that counts its records, nothing that is in flight is forgotten.

import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { Cancellation } from '../../src/kernel/cancellation.js'
import { cancelSlotsFor, createCancellationMemory } from '../../src/kernel/cancellation-memory.js'
import { epochOfLife } from '../../src/kernel/epoch.js'
import { EPOCH } from '../../src/kernel/layout.js'
import type { Message } from '../../src/kernel/message.js'
import { makeMessages } from '../support/messages.js'

const RUNS = Number(process.env.RUNS ?? 300)

type Place = { partition: number | undefined; offset: bigint | number }
type Op = { do: 'give' | 'cancel' | 'ask'; pick: number }

afterEach(() => void vi.restoreAllMocks())

const base = fc.constantFrom(
  0n,
  -3n,
  2n ** 31n - 3n,
  2n ** 32n - 3n,
  2n ** 53n - 20n,
  2n ** 63n - 20n,
  -(2n ** 63n),
)
const place: fc.Arbitrary<Place> = fc
  .record({
    partition: fc.constantFrom(undefined, 0, 1, -1, 2 ** 31 - 1, -(2 ** 31)),
    base,
    more: fc.bigInt({ min: 0n, max: 9n }),
    isNumber: fc.boolean(),
  })
  .map(({ partition, base, more, isNumber }) => {
    const offset = base + more
    return { partition, offset: isNumber && Number.isSafeInteger(Number(offset)) ? Number(offset) : offset }
  })

const lowOf = (offset: bigint | number) => BigInt.asUintN(32, BigInt(offset))

class Model {
  private readonly slots = new Map<bigint, string>()
  private readonly count: bigint

  constructor(count: number) {
    this.count = BigInt(count)
  }

  give({ offset }: Place): void {
    this.slots.delete(lowOf(offset) % this.count)
  }

  cancel({ partition = 0, offset }: Place): void {
    this.slots.set(lowOf(offset) % this.count, `${partition}:${lowOf(offset)}`)
  }

  ask({ partition = 0, offset }: Place): boolean {
    return this.slots.get(lowOf(offset) % this.count) === `${partition}:${lowOf(offset)}`
  }
}

const isCancelled = (ring: Cancellation, { inbound, at }: Message) => ring.isCancelled(inbound.ring, at)

function expectSame(slots: number, places: readonly Place[], ops: readonly Op[]): void {
  const ring = new Cancellation(createCancellationMemory(slots, 3), 3)
  const model = new Model(slots)
  const messages = makeMessages(places.map((each) => ({ value: 'v', eventTime: 7, ...each })))
  for (const { do: what, pick } of ops) {
    const each = places[pick % places.length]
    model[what](each)
    if (what === 'give') ring.clear(each.offset)
    if (what === 'cancel') ring.cancel(each.partition ?? 0, each.offset)
    // All of them: a cancellation must not touch another.
    for (const [i, other] of places.entries()) expect(isCancelled(ring, messages[i])).toBe(model.ask(other))
  }
}

it('says what a Map says', () => {
  const ops = fc.array(
    fc.record({ do: fc.constantFrom<Op['do']>('give', 'cancel', 'cancel', 'ask'), pick: fc.nat(99) }),
  )
  const places = fc.array(place, { minLength: 1, maxLength: 12 })
  const property = fc.property(fc.constantFrom(2, 4, 8), places, ops, expectSame)
  fc.assert(property, { numRuns: RUNS })
  vi.spyOn(Cancellation.prototype, 'clear').mockImplementation(() => {})
  expect(fc.check(property, { numRuns: RUNS }).failed).toBe(true)
})

/** In flight are those from `step` on: at each step one of them is cancelled, the oldest is settled, and the next is given. */
function expectNoneForgotten(inFlight: number, from: bigint, first: number, picks: readonly number[]): void {
  const ring = new Cancellation(createCancellationMemory(cancelSlotsFor(inFlight), 1), 1)
  const offsets = Array.from({ length: picks.length + inFlight }, (_, i) =>
    BigInt.asIntN(64, from + BigInt((first % 40) + i)),
  )
  const messages = makeMessages(offsets.map((offset) => ({ value: 'v', offset })))
  const cancelled = new Set<number>()
  for (let i = 0; i < inFlight; i++) ring.clear(offsets[i])
  picks.forEach((pick, step) => {
    const number = step + (pick % inFlight)
    ring.cancel(0, offsets[number])
    cancelled.add(number)
    for (let i = step; i < step + inFlight; i++) expect(isCancelled(ring, messages[i])).toBe(cancelled.has(i))
    ring.clear(offsets[step + inFlight])
  })
}

it('forgets nothing that is in flight, where the source counts its records', () => {
  const inFlight = fc.integer({ min: 1, max: 8 })
  const picks = fc.array(fc.nat(), { maxLength: 30 })
  fc.assert(fc.property(inFlight, base, fc.nat(), picks, expectNoneForgotten), { numRuns: RUNS })
})

it('knows nothing of a record without an offset', () => {
  const ring = new Cancellation(createCancellationMemory(2, 1), 1)
  const [message] = makeMessages([{ value: 'v', partition: 0 }])
  for (const offset of [0, 1]) ring.cancel(0, offset)
  expect(isCancelled(ring, message)).toBe(false)
})

it.each([
  [0, Number.NaN],
  [0, 1.5],
  [0, 2n ** 63n],
  [0, '7'],
  [0, undefined],
  [1.5, 7],
  ['0', 7],
])('takes no position like %s, %s', (partition, offset) => {
  const ring = new Cancellation(createCancellationMemory(2, 1), 1)
  expect(() => ring.cancel(partition as number, offset as number)).toThrow(TypeError)
  expect(ring.count).toBe(0)
})

it('keeps the records of several readers apart, at the same offsets', () => {
  const readers = 3
  const memory = createCancellationMemory(readers * 4, 1)
  const rings = [0, 1, 2].map((reader) => new Cancellation(memory, 1, readers, reader))
  const messages = rings.map((_, reader) => {
    const [message] = makeMessages([{ value: 'v', offset: 7 }])
    message.inbound.ring.words[message.at + EPOCH] = epochOfLife(5, reader, readers)
    return message
  })
  const seen = () => messages.map((message) => isCancelled(rings[0], message))
  rings[1].cancel(0, 7)
  expect(seen()).toEqual([false, true, false])
  rings[0].clear(7)
  rings[2].cancel(0, 7)
  expect(seen()).toEqual([false, true, true])
  rings[1].clear(7)
  expect(seen()).toEqual([false, false, true])
  expect(rings.map(({ count }) => count)).toEqual([2, 2, 2])
})

it('counts, and says who awaits', () => {
  const memory = createCancellationMemory(2, 40)
  const [source, mapper] = [new Cancellation(memory, 40), new Cancellation(memory, 40)]
  mapper.awaits(39, 2)
  source.cancel(0, 2 ** 32 - 1)
  expect([source.isAwaitedBy(39), source.isAwaitedBy(38), mapper.count]).toEqual([true, false, 1])
  mapper.awaits(39, 0)
  expect(source.isAwaitedBy(39)).toBe(false)
})
