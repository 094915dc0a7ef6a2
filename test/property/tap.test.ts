// A tap against the list of what was published: whatever its two actors do meanwhile, also in the middle of a copy, and wherever
// the consumer dies, what a tap shows was published at that place, whole, once, and in order; and the mailbox notices nothing.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Cell, createCellMemory } from '../../src/kernel/cell.js'
import { encode, kindWord, MESSAGE } from '../../src/kernel/codec.js'
import { Doorbell } from '../../src/kernel/doorbell.js'
import { Inbound } from '../../src/kernel/inbound.js'
import {
  KIND,
  LENGTH,
  META_BYTES,
  RECORD_HEADER_BYTES,
  RELEASE_WORD,
  TAIL_WORD,
  TAP_WORD,
  VALUE_BYTES,
} from '../../src/kernel/layout.js'
import { createMailboxMemory, Ring } from '../../src/kernel/mailbox.js'
import { Outbound } from '../../src/kernel/outbound.js'
import { Tap, type TappedRecord } from '../../src/kernel/tap.js'

const RUNS = Number(process.env.RUNS ?? 300)
const BUSY = -2

type Op = {
  do: 'place' | 'publish' | 'settle' | 'die' | 'visit' | 'reopen'
  pick: number
  /** What happens in the middle of a visit, once in each copy or look. */
  meanwhile: readonly ('place' | 'publish' | 'settle' | 'die')[]
}
type Case = { capacityBytes: number; position: number; ops: Op[] }

const weighted = <T extends string>(names: readonly (readonly [number, T])[]) =>
  fc.oneof(...names.map(([weight, name]) => ({ weight, arbitrary: fc.constant(name) })))

const traffic = [
  [6, 'place'],
  [4, 'publish'],
  [6, 'settle'],
  [1, 'die'],
] as const

const cases: fc.Arbitrary<Case> = fc.record({
  capacityBytes: fc.constantFrom(256, 1024, 4096),
  position: fc.constantFrom(0, -64, 2 ** 31 - 64, 2 ** 31 - 1024, -(2 ** 31)),
  ops: fc.array(
    fc.record({
      do: weighted([...traffic, [6, 'visit'], [1, 'reopen']] as const),
      pick: fc.nat(1000),
      meanwhile: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(weighted(traffic), { maxLength: 12 }) },
      ),
    }),
    { maxLength: 150, size: 'max' },
  ),
})

/** A record as it was published. */
type Entry = { number: number; length: number; bytes: Buffer }

class Tapped {
  readonly memory: SharedArrayBuffer
  readonly ring: Ring
  private readonly cells: { producer: SharedArrayBuffer; consumer: SharedArrayBuffer }
  private readonly bell = new Doorbell()
  private readonly entries = new Map<number, Entry>()
  private outbound!: Outbound
  private inbound!: Inbound
  private producer!: Cell
  private consumer!: Cell
  private tap: Tap
  private opened: number
  private numbers = 0
  private seenTo = 0
  seen = 0

  constructor({ capacityBytes, position }: Case) {
    this.memory = createMailboxMemory(capacityBytes, position | 0)
    this.ring = new Ring(this.memory)
    this.cells = {
      producer: createCellMemory({ inbounds: [], outbounds: [position | 0], registers: [] }),
      consumer: createCellMemory({ inbounds: [position | 0], outbounds: [], registers: [] }),
    }
    this.outbound = new Outbound(this.mailbox())
    this.producer = new Cell(this.cells.producer, [], [this.outbound], 0)
    this.openConsumer()
    this.tap = new Tap(this.memory)
    this.opened = position | 0
  }

  run(ops: readonly Op[]): void {
    for (const { do: what, pick, meanwhile } of ops) {
      if (what === 'visit') this.visit(1 + (pick % 7), pick % 90, meanwhile)
      else if (what === 'reopen') this.reopen()
      else this.act(what, pick)
    }
    this.tap.close()
  }

  private mailbox() {
    return { memory: this.memory, producerBell: this.bell, consumerBell: this.bell }
  }

  private openConsumer(): void {
    this.inbound = new Inbound(this.mailbox())
    this.consumer = new Cell(this.cells.consumer, [this.inbound], [], 0)
  }

  private act(what: 'place' | 'publish' | 'settle' | 'die', pick: number): void {
    if (what === 'place') this.place(pick)
    else if (what === 'publish') this.producer.commit()
    else if (what === 'settle') this.settle(pick)
    else this.die(pick)
  }

  private place(pick: number): void {
    const number = this.numbers + 1
    const { ring } = this
    const value = Buffer.alloc(pick % (ring.capacity / 2 - 2 * RECORD_HEADER_BYTES + 1), number)
    const head = { epoch: 1, sequence: number, lane: 0, shareLo: number, shareHi: ~number }
    const at = encode(this.outbound, kindWord(MESSAGE), head, { offset: number }, value, ring.capacity)
    if (at < 0) return
    this.numbers++
    const length = ring.words[at + LENGTH]
    const bytes = Buffer.from(ring.bytes.subarray(at * 4, at * 4 + length))
    this.entries.set(this.outbound.positionOf(at), { number, length, bytes })
  }

  private settle(pick: number): void {
    const before = this.ring.words[RELEASE_WORD]
    const { inbound, consumer } = this
    const wanted = this.ring.words[TAP_WORD]
    let count = 0
    for (; count <= pick % 4 && inbound.peek(); count++) inbound.settle(inbound.take(), consumer.pending)
    if (pick % 3 === 0) this.lookDuringFill(() => consumer.commit())
    else consumer.commit()
    assert.equal(this.ring.words[RELEASE_WORD], inbound.cursor, 'nothing is kept back')
    assert(
      wanted > 0 || pick % 3 === 0 || this.ring.words[TAP_WORD] === wanted,
      'what is not wanted is not copied',
    )
    if (count > 0) assert.notEqual(this.ring.words[RELEASE_WORD], before)
  }

  /** Before and after each copy of a record into the box the tap looks, and the producer goes on. */
  private lookDuringFill(fill: () => void): void {
    const { bytes, words } = this.inbound.ring
    const before = words[RELEASE_WORD]
    bytes.copyWithin = (...args) => {
      assert.equal(words[RELEASE_WORD], before, 'nothing is released before it is copied')
      this.visit(3, 20, [])
      for (let i = 0; i < 3; i++) this.place(40 * i)
      this.producer.commit()
      Buffer.prototype.copyWithin.apply(bytes, args)
      this.visit(3, 20, [])
      return bytes
    }
    fill()
    delete (bytes as Partial<Buffer>).copyWithin
  }

  /** Now and then in the middle of filling the box. */
  private die(pick: number): void {
    if (pick % 2 === 0 && this.ring.words[TAP_WORD] > 0) this.ring.words[TAP_WORD] = BUSY
    this.openConsumer()
    assert.notEqual(this.ring.words[TAP_WORD], BUSY, 'the box is free again')
  }

  private reopen(): void {
    this.tap.close()
    this.tap = new Tap(this.memory)
    this.opened = this.ring.words[RELEASE_WORD]
    this.seen = 0
    this.seenTo = this.opened
  }

  private visit(most: number, valueBytes: number, meanwhile: Op['meanwhile']): void {
    let left = [...meanwhile]
    const disturb = () => {
      const now = left
      left = []
      for (const [i, what] of now.entries()) this.act(what, 13 * i)
    }
    const { tap } = this
    const parts = tap as unknown as { copyInPlace: (position: number, bytes: number) => number }
    const original = parts.copyInPlace
    parts.copyInPlace = (position, bytes) => {
      if (meanwhile.length % 2 === 0) disturb()
      const length = original.call(tap, position, bytes)
      disturb()
      return length
    }
    let count = 0
    tap.visit(most, valueBytes, (record) => {
      count++
      if (meanwhile.length % 3 === 0) disturb()
      this.check(record)
    })
    parts.copyInPlace = original
    assert(count <= most, `${count} records, wanted ${most}`)
  }

  private check({ ring, at, position, bytes }: TappedRecord): void {
    const entry = this.entries.get(position)
    assert(entry !== undefined, `a record was published at ${position}`)
    assert(((position - this.seenTo) | 0) >= 0 || this.seen === 0, 'in order, and once')
    this.seenTo = (position + entry.length) | 0
    this.seen++
    assert.equal(ring.words[at + KIND] & 0xff, MESSAGE)
    const least = RECORD_HEADER_BYTES + ring.words[at + META_BYTES]
    assert(bytes >= least && bytes <= least + ring.words[at + VALUE_BYTES], 'all but the end of the value')
    const copied = ring.bytes.subarray(at * 4, at * 4 + bytes)
    // Bytes 8 to 32 are the consumer's.
    assert(copied.subarray(0, 8).equals(entry.bytes.subarray(0, 8)), 'its length and kind')
    assert(copied.subarray(32).equals(entry.bytes.subarray(32, bytes)), `record ${entry.number} is whole`)
  }
}

const property = fc.property(cases, (input) => new Tapped(input).run(input.ops))

describe('a tap', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('shows what was published, whole, once and in order, and keeps nothing back', () => {
    fc.assert(property, { numRuns: RUNS })
  })

  it('misses nothing of a topology that is slow, though each record is released at once', () => {
    const slow = fc.array(fc.nat(300), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(slow, fc.integer({ min: 1, max: 5 }), (picks, every) => {
        const numbers = seenOf(picks, every)
        expect(numbers).toEqual(picks.map((_, i) => i + 1))
      }),
      { numRuns: RUNS },
    )
  })

  it.each([
    ['isHeld', () => true],
    ['takeBox', () => true],
  ])('fails the test without %s', (method, broken) => {
    vi.spyOn(Tap.prototype as unknown as Record<string, () => unknown>, method).mockImplementation(broken)
    expect(fc.check(property, { numRuns: 3000, endOnFailure: true }).failed).toBe(true)
  })
})

/** Places, publishes, settles and commits one record after the other; a tap looks after every few of them. */
function seenOf(picks: readonly number[], every: number): number[] {
  const memory = createMailboxMemory(1024, 2 ** 31 - 512)
  const start = new Int32Array(memory)[TAIL_WORD]
  const bell = new Doorbell()
  const ends = { memory, producerBell: bell, consumerBell: bell }
  const [outbound, inbound] = [new Outbound(ends), new Inbound(ends)]
  const memoryOfCell = createCellMemory({ inbounds: [start], outbounds: [start], registers: [] })
  const cell = new Cell(memoryOfCell, [inbound], [outbound], 0)
  const tap = new Tap(memory)
  const numbers: number[] = []
  const look = () =>
    tap.visit(every, 8, ({ ring, at }) => numbers.push(ring.words[at + (RECORD_HEADER_BYTES >>> 2)]))
  look()
  picks.forEach((bytes, i) => {
    const head = { epoch: 1, sequence: i, lane: 0, shareLo: 1, shareHi: 1 }
    encode(outbound, kindWord(MESSAGE), head, { partition: i + 1 }, Buffer.alloc(bytes), 1024)
    cell.commit()
    inbound.peek()
    inbound.settle(inbound.take(), cell.pending)
    cell.commit()
    if ((i + 1) % every === 0) look()
  })
  look()
  tap.close()
  return numbers
}
