// The in-flight table against a Map: a ring so small that most roots outlive a lap of it, and sequences near every wrap.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { InFlight } from '../../src/actors/in-flight.js'
import { offsetOf } from '../../src/kernel/codec.js'

const RUNS = Number(process.env.RUNS ?? 500)

/** `part`: only a share of what is missing comes back. */
type Op =
  | { do: 'add'; lo: number; hi: number; partition: number; offset: bigint | number }
  | { do: 'settle'; pick: number; nack: boolean; part: { lo: number; hi: number } | undefined }
  | { do: 'unknown'; from: 'past' | 'future' | 'settled'; pick: number }
  | { do: 'lowest' | 'forEach' }

type Root = { lo: number; hi: number; partition: number; offset: bigint; readAtMs: number; nacked: boolean }
type Case = { capacity: number; sequence: number; ops: Op[] }

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const half = fc.oneof({ weight: 3, arbitrary: int32 }, { weight: 1, arbitrary: fc.constantFrom(0, 1) })
const offset = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant<'add'>('add'), lo: half, hi: half, partition: fc.nat(9), offset }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant<'settle'>('settle'),
      pick: fc.nat(1000),
      nack: fc.boolean(),
      part: fc.option(fc.record({ lo: half, hi: half }), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant<'unknown'>('unknown'),
      from: fc.constantFrom('past', 'future', 'settled'),
      pick: fc.nat(1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom<'lowest' | 'forEach'>('lowest', 'forEach') }) },
)

const cases: fc.Arbitrary<Case> = fc.record({
  capacity: fc.constantFrom(1, 2, 4, 8),
  sequence: fc.constantFrom(0, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 33, 2 ** 53 - 1000),
  ops: fc.array(op, { maxLength: 150, size: 'max' }),
})

class Model {
  private readonly table: InFlight
  private readonly first: number
  private readonly roots = new Map<number, Root>()
  private readonly settled: number[] = []

  constructor({ capacity, sequence }: Case) {
    this.table = new InFlight(capacity, sequence)
    this.first = sequence
  }

  run(ops: readonly Op[]): void {
    for (const each of ops) {
      if (each.do === 'add') this.add(each)
      else if (each.do === 'settle') this.settle(each.pick, each.nack, each.part)
      else if (each.do === 'unknown') this.unknown(each.from, each.pick)
      else if (each.do === 'lowest') this.lowest()
      else this.forEach()
      assert.equal(this.table.size, this.roots.size)
    }
    this.forEach()
    while (this.roots.size > 0) this.settle(0, false, undefined)
    assert.equal(this.table.lowest(), undefined)
  }

  private add({ lo, hi, partition, offset: at }: Extract<Op, { do: 'add' }>): void {
    if (lo === 0 && hi === 0) return
    const sequence = this.table.nextSequence
    assert.equal(sequence, this.first + this.roots.size + this.settled.length, 'no gap')
    const readAtMs = this.roots.size + 0.5
    this.table.add(lo, hi, partition, at, readAtMs)
    this.roots.set(sequence, { lo, hi, partition, offset: BigInt(at), readAtMs, nacked: false })
  }

  private settle(pick: number, nack: boolean, part: { lo: number; hi: number } | undefined): void {
    const sequence = [...this.roots.keys()][pick % this.roots.size]
    if (sequence === undefined) return
    const root = this.roots.get(sequence) as Root
    const { lo, hi } = part ?? root
    root.lo ^= lo
    root.hi ^= hi
    root.nacked ||= nack
    const isComplete = root.lo === 0 && root.hi === 0
    assert.equal(this.table.settle(sequence, lo, hi, nack), isComplete ? 'complete' : 'open')
    if (!isComplete) return
    this.checkRoot(this.table.completed, root)
    this.roots.delete(sequence)
    this.settled.push(sequence)
  }

  private unknown(from: 'past' | 'future' | 'settled', pick: number): void {
    const { nextSequence } = this.table
    const settled = this.settled[pick % this.settled.length] ?? nextSequence
    const sequence = { past: this.first - 1 - pick, future: nextSequence + pick, settled }[from]
    assert.equal(this.table.settle(sequence, 1, 1, true), 'unknown')
  }

  private lowest(): void {
    const [root] = this.roots.values()
    const lowest = this.table.lowest()
    assert.equal(lowest !== undefined, root !== undefined)
    if (lowest !== undefined && root !== undefined) this.checkRoot(lowest, root)
  }

  private forEach(): void {
    const seen: number[] = []
    this.table.forEach((completed, sequence) => {
      seen.push(sequence)
      this.checkRoot(completed, this.roots.get(sequence) as Root)
    })
    assert.deepEqual(seen, [...this.roots.keys()], 'all of them, lowest sequence first')
  }

  private checkRoot(got: InFlight['completed'], wanted: Root): void {
    const { partition, readAtMs, nacked } = got
    const place = { partition, offset: offsetOf(got.offsetLo, got.offsetHi), readAtMs, nacked }
    const { lo: _lo, hi: _hi, ...expected } = wanted
    assert.deepEqual(place, expected)
  }
}

const property = fc.property(cases, (input) => new Model(input).run(input.ops))

function expectNoticed(method: string, broken: (this: never, ...args: never[]) => unknown): void {
  const methods = InFlight.prototype as unknown as Record<string, () => unknown>
  vi.spyOn(methods, method).mockImplementation(broken as () => unknown)
  const { errorInstance } = fc.check(property, { numRuns: 1000, endOnFailure: true })
  expect(errorInstance).toBeInstanceOf(assert.AssertionError)
}

describe('the in-flight table', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is a map of what is not settled', () => {
    fc.assert(property, { numRuns: RUNS })
  })

  it('keeps one straggler for an hour while a million roots pass', () => {
    const table = new InFlight(4, 2 ** 32 - 500_000)
    table.add(1, 1, 0, 17n, 0)
    const straggler = table.nextSequence - 1
    for (let i = 0; i < 1_000_000; i++) {
      table.add(2, i, 0, i, 0)
      if (table.settle(table.nextSequence - 1, 2, i, false) !== 'complete') assert.fail(`root ${i} is open`)
    }
    expect(table.size).toBe(1)
    expect(table.lowest()?.offsetLo).toBe(17)
    expect(table.settle(straggler, 1, 1, true)).toBe('complete')
    expect(table.completed).toMatchObject({ offsetLo: 17, nacked: true })
    expect(table.size).toBe(0)
  })

  it('fails the test when stragglers are forgotten', () => {
    expectNoticed('settleStraggler', () => 'unknown')
  })

  it('fails the test when the ring does not make room', () => {
    expectNoticed('makeRoom', () => {})
  })
})
