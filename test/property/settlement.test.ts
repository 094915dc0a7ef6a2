// Settlement by shares (S1–S3): roots are expanded by the real emitter over several stages and settled in the real in-flight
// table, in any order. A root is complete with its last share and not before: checked against a count of its leaves.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Emitter } from '../../src/actors/emitter.js'
import { InFlight } from '../../src/actors/in-flight.js'
import type { Share } from '../../src/actors/records.js'
import { encode, kindWord, MARKER, MESSAGE, OUTCOME_NACK } from '../../src/kernel/codec.js'
import { Doorbell } from '../../src/kernel/doorbell.js'
import { Inbound } from '../../src/kernel/inbound.js'
import { KIND, SEQUENCE_DOUBLE, SHARE_HI, SHARE_LO } from '../../src/kernel/layout.js'
import { createMailboxMemory } from '../../src/kernel/mailbox.js'
import { Message } from '../../src/kernel/message.js'
import { Outbound } from '../../src/kernel/outbound.js'
import { mix, Shares, shareKey } from '../../src/kernel/shares.js'
import { seeded } from '../../src/testing/seeded.js'

const RUNS = Number(process.env.RUNS ?? 300)
const CAPACITY_BYTES = 256 * 1024
const FAN_OUT_MAX = 4

type Case = { seed: number; roots: number; stages: number; sequence: number }

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  roots: fc.integer({ min: 1, max: 12 }),
  stages: fc.integer({ min: 1, max: 4 }),
  sequence: fc.constantFrom(0, 2 ** 31 - 4, 2 ** 32 - 4),
})

/** What comes back to the reader of one record at the end of the way. */
type Leaf = { sequence: number; lo: number; hi: number; nack: boolean }

type Keys = (actor: number) => readonly [number, number]

/** The way from reader to sink: a mailbox and an emitter a stage. */
class Way {
  private readonly random: () => number
  private readonly input: Case
  private readonly keys: Keys

  constructor(input: Case, keys: Keys) {
    this.input = input
    this.keys = keys
    this.random = seeded(input.seed)
  }

  /** Reads the roots into the table, and gives the leaves of all of them, in any order. */
  leaves(table: InFlight): Leaf[] {
    let records = this.read(table)
    for (let stage = 1; stage <= this.input.stages; stage++) records = this.pass(records, stage)
    const leaves = records.map((record) => this.leafOf(record))
    for (let i = leaves.length - 1; i > 0; i--) {
      const j = this.upTo(i)
      ;[leaves[i], leaves[j]] = [leaves[j], leaves[i]]
    }
    return leaves
  }

  private upTo(max: number): number {
    return Math.floor(this.random() * (max + 1))
  }

  private read(table: InFlight): Message[] {
    const shares = new Shares(this.keys(0))
    return carried((outbound) => {
      for (let i = 0; i < this.input.roots; i++) {
        const sequence = table.nextSequence
        shares.next()
        const head = { epoch: 1, sequence, lane: 0, shareLo: shares.lo, shareHi: shares.hi }
        assert(encode(outbound, kindWord(MESSAGE), head, {}, 'value', 100) > 0)
        table.add(shares.lo, shares.hi, 0, sequence, 0)
      }
    })
  }

  private pass(records: readonly Message[], stage: number): Message[] {
    const shares = new Shares(this.keys(stage))
    return carried((outbound) => {
      const emitter = new Emitter({ outbounds: [outbound], shares, valueBytesMax: 100, rekey: false })
      for (const record of records) this.expand(emitter, record, outbound)
    })
  }

  private expand(emitter: Emitter, record: Message, outbound: Outbound): number {
    const share = shareOf(record)
    if (isMarker(record)) return placed(emitter.forward(record, share))
    const what = this.random()
    if (what < 0.1) return placed(emitter.marker(record, share, 'nack', 'refused'))
    if (what < 0.2) return placed(emitter.marker(record, share, 'dropped', 'unwanted'))
    if (what < 0.3) return placed(emitter.single(record, 'other value'))
    const outputs = Array.from({ length: this.upTo(FAN_OUT_MAX) }, () => 'child')
    if (what < 0.8) return placed(emitter.all(record, outputs, share))
    // In parts (C5): every child gets a fresh share, and an end record carries the rest.
    outputs.forEach((output, i) => void placed(emitter.part(record, output, i, share, outbound)))
    return placed(emitter.marker(record, share, 'ok'))
  }

  private leafOf(record: Message): Leaf {
    const { words, doubles } = record.inbound.ring
    const nacked = ((words[record.at + KIND] >>> 8) & 0xff) === OUTCOME_NACK
    const { lo, hi } = shareOf(record)
    const sequence = doubles[(record.at >>> 1) + SEQUENCE_DOUBLE]
    return { sequence, lo, hi, nack: nacked || (!isMarker(record) && this.random() < 0.1) }
  }
}

/** Gives what was written to a mailbox. */
function carried(write: (outbound: Outbound) => void): Message[] {
  const bell = new Doorbell()
  const mailbox = { memory: createMailboxMemory(CAPACITY_BYTES), producerBell: bell, consumerBell: bell }
  const outbound = new Outbound(mailbox)
  write(outbound)
  outbound.publish(0)
  const inbound = new Inbound(mailbox)
  const records: Message[] = []
  while (inbound.peek()) records.push(new Message(inbound, inbound.take()))
  return records
}

function placed(written: number): number {
  assert(written >= 0, 'the mailboxes of this test have room for everything')
  return written
}

function shareOf({ inbound, at }: Message): Share {
  return { lo: inbound.ring.words[at + SHARE_LO], hi: inbound.ring.words[at + SHARE_HI] }
}

function isMarker({ inbound, at }: Message): boolean {
  return (inbound.ring.words[at + KIND] & 0xff) === MARKER
}

/** The model: a root is complete when as many shares came back as it has leaves. */
function check(input: Case, keys: Keys): void {
  const table = new InFlight(16, input.sequence)
  const leaves = new Way(input, keys).leaves(table)
  const missing = new Map<number, number>()
  const nacked = new Set<number>()
  for (const { sequence } of leaves) missing.set(sequence, (missing.get(sequence) ?? 0) + 1)
  assert.equal(missing.size, input.roots, 'no root without a leaf')
  for (const { sequence, lo, hi, nack } of leaves) {
    const left = (missing.get(sequence) as number) - 1
    missing.set(sequence, left)
    if (nack) nacked.add(sequence)
    assert.equal(
      table.settle(sequence, lo, hi, nack),
      left === 0 ? 'complete' : 'open',
      `${left} shares missing`,
    )
    if (left === 0) assert.equal(table.completed.nacked, nacked.has(sequence), 'nacked where any share was')
  }
  assert.equal(table.size, 0)
}

function runKeyOf(seed: number): [number, number] {
  return [mix(seed), mix(seed + 1)]
}

/** S3: a key for each actor. */
function keyed(seed: number): Keys {
  return (actor) => shareKey(runKeyOf(seed), actor, 0)
}

function fails(keysOf: (seed: number) => Keys): boolean {
  const property = fc.property(cases, (input) => check(input, keysOf(input.seed)))
  const { errorInstance } = fc.check(property, { numRuns: 1000, endOnFailure: true })
  return errorInstance instanceof assert.AssertionError
}

describe('settlement', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('completes a root with its last share and not before, in any order', () => {
    fc.assert(
      fc.property(cases, (input) => check(input, keyed(input.seed))),
      { numRuns: RUNS },
    )
  })

  it('completes too early where two actors have one key (S3)', () => {
    expect(fails((seed) => () => runKeyOf(seed))).toBe(true)
  })

  it('completes too early where shares are a plain counter (S3)', () => {
    let counter = 0
    vi.spyOn(Shares.prototype, 'next').mockImplementation(function (this: Shares) {
      this.lo = ++counter
      this.hi = 0
    })
    expect(fails(keyed)).toBe(true)
  })

  it('completes too early where a share is disposed of twice (S4)', () => {
    const { all } = Emitter.prototype
    vi.spyOn(Emitter.prototype, 'all').mockImplementation(function (this: Emitter, message, outputs, share) {
      const written = all.call(this, message, outputs, share)
      return outputs.length > 1 ? this.marker(message, share, 'ok') : written
    })
    expect(fails(keyed)).toBe(true)
  })
})

describe('shares', () => {
  const key = fc.tuple(fc.integer(), fc.integer())

  it('are never zero and never the same twice under one key', () => {
    fc.assert(
      fc.property(key, (given) => {
        const shares = new Shares(given)
        const seen = new Set<string>()
        for (let i = 0; i < 500; i++) {
          shares.next()
          assert((shares.lo | shares.hi) !== 0)
          seen.add(`${shares.lo} ${shares.hi}`)
        }
        assert.equal(seen.size, 500)
      }),
      { numRuns: Math.min(RUNS, 100) },
    )
  })

  it('have no small set of them that cancels', () => {
    const shares = new Shares(shareKey([1, 2], 3, 4))
    const pairs = new Map<string, string>()
    const all: [number, number][] = []
    for (let i = 0; i < 600; i++) {
      shares.next()
      all.push([shares.lo, shares.hi])
    }
    for (let i = 0; i < all.length; i++) {
      for (let j = 0; j < i; j++) {
        const xor = `${all[i][0] ^ all[j][0]} ${all[i][1] ^ all[j][1]}`
        assert.equal(pairs.get(xor), undefined, `shares ${i} and ${j} cancel with ${pairs.get(xor)}`)
        pairs.set(xor, `${i} and ${j}`)
      }
    }
  })

  it('come under a key of their own for each life of each actor', () => {
    fc.assert(
      fc.property(key, (run) => {
        const keys = new Set<string>()
        for (let actor = 0; actor < 40; actor++) {
          for (let life = 0; life < 40; life++) keys.add(String(shareKey(run, actor, life)))
        }
        assert.equal(keys.size, 1600)
      }),
      { numRuns: Math.min(RUNS, 50) },
    )
  })
})
