// A tap of one mailbox, case by case; against a model, and with its actors at work meanwhile: test/property/tap.test.ts.

import { beforeEach, describe, expect, test } from 'vitest'
import { Cell, createCellMemory } from '../../../src/kernel/cell.js'
import { encode, kindWord, MESSAGE } from '../../../src/kernel/codec.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import {
  KIND,
  LENGTH,
  META_BYTES,
  RECORD_HEADER_BYTES,
  SEQUENCE_DOUBLE,
  TAP_BOX_BYTE,
  TAP_BOX_BYTES,
  TAP_WORD,
} from '../../../src/kernel/layout.js'
import { createMailboxMemory, Ring } from '../../../src/kernel/mailbox.js'
import { Outbound } from '../../../src/kernel/outbound.js'
import { Tap } from '../../../src/kernel/tap.js'

const CAPACITY = 2 ** 18

let memory: SharedArrayBuffer
let inbound: Inbound
let outbound: Outbound
let cell: Cell
let placed: number

beforeEach(() => {
  memory = createMailboxMemory(CAPACITY)
  const bell = new Doorbell()
  const ends = { memory, producerBell: bell, consumerBell: bell }
  inbound = new Inbound(ends)
  outbound = new Outbound(ends)
  const cells = createCellMemory({ inbounds: [0], outbounds: [0], registers: [] })
  cell = new Cell(cells, [inbound], [outbound], 0)
  placed = 0
})

function place(count: number, valueBytes = 10, meta = {}): void {
  for (let i = 0; i < count; i++) {
    const head = { epoch: 1, sequence: ++placed, lane: 0, shareLo: 1, shareHi: 1 }
    encode(outbound, kindWord(MESSAGE), head, meta, Buffer.alloc(valueBytes, placed), CAPACITY)
  }
  cell.commit()
}

function settle(count: number): void {
  for (let i = 0; i < count && inbound.peek(); i++) inbound.settle(inbound.take(), cell.pending)
  cell.commit()
}

/** The sequences that a look shows. */
function look(tap: Tap, most = 100, valueBytes = 100): number[] {
  const seen: number[] = []
  tap.visit(most, valueBytes, ({ ring, at }) => seen.push(ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE]))
  return seen
}

const box = () => new Uint8Array(memory, TAP_BOX_BYTE, TAP_BOX_BYTES)
const word = () => new Int32Array(memory)[TAP_WORD]

describe('a tap', () => {
  test('shows what lies in the mailbox, once', () => {
    place(3)
    const tap = new Tap(memory)
    expect(look(tap)).toEqual([1, 2, 3])
    expect(look(tap)).toEqual([])
    place(1)
    expect(look(tap)).toEqual([4])
  })

  test('shows what was released between two looks', () => {
    const tap = new Tap(memory)
    look(tap)
    place(2)
    settle(2)
    expect(inbound.cursor).toBe(outbound.tail)
    place(1)
    expect(look(tap)).toEqual([1, 2, 3])
    settle(1)
    expect(look(tap), 'what was seen in place is not shown again').toEqual([])
  })

  test('shows no more than is wanted, counts what it missed, and goes on behind it', () => {
    const tap = new Tap(memory)
    look(tap, 2)
    place(10)
    settle(9)
    expect(look(tap, 3)).toEqual([1, 2, 10])
    const length = new Ring(memory).words[new Ring(memory).wordAt(0) + LENGTH]
    expect(tap.missedBytes).toBe(7 * length)
  })

  test('a box that is full takes no more', () => {
    const tap = new Tap(memory)
    look(tap, 100, 30_000)
    place(4, 30_000)
    settle(4)
    expect(look(tap, 100, 30_000)).toEqual([1, 2])
  })

  test('a box that was looked into is empty again', () => {
    const tap = new Tap(memory)
    look(tap, 100, 5_000)
    for (let number = 1; number <= 100; number++) {
      place(1, 5_000)
      settle(1)
      expect(look(tap, 100, 5_000)).toEqual([number])
    }
  })

  test('gives as much of a value as is wanted, and of a record as fits', () => {
    const sizes: [number, number][] = []
    const sizesOf = (tap: Tap, valueBytes: number) =>
      tap.visit(9, valueBytes, ({ ring, at, bytes }) => sizes.push([ring.words[at + META_BYTES], bytes]))
    const tap = new Tap(memory)
    place(1, 100)
    sizesOf(tap, 7)
    settle(1)
    place(1, 10, { keys: ['k'.repeat(100_000)] })
    sizesOf(tap, 7)
    settle(1)
    sizesOf(tap, 7)
    place(1, 100)
    settle(1)
    sizesOf(tap, 1_000)
    expect(sizes).toEqual([
      [0, RECORD_HEADER_BYTES + 7],
      [100_008, TAP_BOX_BYTES - 16],
      [0, RECORD_HEADER_BYTES + 7],
    ])
  })

  test('passes padding over', () => {
    const kinds: number[] = []
    const tap = new Tap(memory)
    for (let i = 0; i < 6; i++) {
      place(1, CAPACITY / 2 - 1_000)
      tap.visit(9, 0, ({ ring, at }) => kinds.push(ring.words[at + KIND]))
      settle(1)
    }
    expect(kinds).toEqual(new Array(6).fill(MESSAGE))
  })
})

describe('without a tap', () => {
  test('nothing is copied', () => {
    place(5)
    settle(5)
    expect(box().every((byte) => byte === 0)).toBe(true)
  })

  test('nor after its end; and the next one begins with what lies there', () => {
    const tap = new Tap(memory)
    look(tap)
    tap.close()
    expect(word()).toBe(0)
    const before = Buffer.from(box())
    place(2)
    settle(2)
    expect(before.equals(box())).toBe(true)
    place(1)
    expect(look(new Tap(memory))).toEqual([3])
  })
})

test('the successor of a consumer that died while it filled the box frees it', () => {
  const tap = new Tap(memory)
  look(tap)
  place(2)
  settle(1)
  const BUSY = -2
  new Int32Array(memory)[TAP_WORD] = BUSY
  settle(1)
  expect(look(tap), 'the box is not touched').toEqual([])
  const bell = new Doorbell()
  const successor = new Inbound({ memory, producerBell: bell, consumerBell: bell })
  successor.recover(inbound.cursor, cell.number, inbound.cursor, true)
  place(1)
  expect(look(tap)).toEqual([3])
  expect(word()).toBeGreaterThan(0)
})
