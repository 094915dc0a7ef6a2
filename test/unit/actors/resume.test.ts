// Where a successor of the reader goes on (R2): the lowest position in flight, nacked, or not told; with none, the one behind the last.

import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Acks } from '../../../src/actors/acks.js'
import { InFlight } from '../../../src/actors/in-flight.js'
import { READER_REGISTERS } from '../../../src/actors/registers.js'
import { isBelow, Resume, resumeOf } from '../../../src/actors/resume.js'
import type { Host } from '../../../src/kernel/actor.js'
import { Counters, createCountersMemory } from '../../../src/kernel/counters.js'
import type { SourcePosition } from '../../../src/sources/source.js'

const RUNS = Number(process.env.RUNS ?? 400)

const host = { log: { error() {} }, wake() {}, clock: { now: () => 0 } } as unknown as Host
const source = { read: () => null, ack() {}, nack() {} }

type Op = { do: 'read' | 'readAgain' | 'ack' | 'nack' | 'tell' | 'die'; pick: number }
type Case = { first: SourcePosition; ops: Op[] }

const cases: fc.Arbitrary<Case> = fc.record({
  first: fc.record({
    partition: fc.constantFrom(0, 7),
    offset: fc.constantFrom(0n, 5n, 2n ** 31n - 3n, 2n ** 32n - 3n, 2n ** 53n, 2n ** 62n),
  }),
  ops: fc.array(
    fc.record({
      do: fc.constantFrom<Op['do']>('read', 'read', 'read', 'readAgain', 'ack', 'ack', 'nack', 'tell', 'die'),
      pick: fc.nat(1_000),
    }),
    { maxLength: 60, size: 'max' },
  ),
})

/** What the reader does with its in-flight table, its nacks and its registers; and, as lists, what it knows. */
class Play {
  readonly registers = new Float64Array(READER_REGISTERS)
  private inFlight!: InFlight
  private acks!: Acks
  private resume!: Resume
  private next: SourcePosition
  /** Behind the last that was read. */
  private last: SourcePosition
  private sequence = 0
  /** In flight, by sequence. */
  private open = new Map<number, SourcePosition>()
  /** Nacked, and not acked since. */
  private nacked = new Map<string, SourcePosition>()
  /** Acked, and the source was not told. */
  private untold: SourcePosition[] = []
  /** Nacked, and not given again. */
  private awaited: SourcePosition[] = []
  private hasRead = false

  constructor(first: SourcePosition) {
    this.next = this.last = first
    this.begin()
  }

  perform({ do: what, pick }: Op): void {
    if (what === 'read') {
      this.read(this.next)
      this.next = { ...this.next, offset: this.next.offset + 1n }
      this.last = this.next
      // The next file of several.
      if (pick < 100) this.next = { partition: this.next.partition + 1, offset: 0n }
    } else if (what === 'readAgain' && this.awaited.length > 0) {
      const [again] = this.awaited.splice(pick % this.awaited.length, 1)
      this.read(again)
    } else if (what === 'die') this.die()
    else if (what === 'tell') {
      this.acks.flush()
      this.untold = []
    } else if ((what === 'ack' || what === 'nack') && this.open.size > 0) this.settle(what, pick)
    this.resume.save(this.inFlight.lowest(), this.acks.lowest)
  }

  /** The same, from the lists. */
  expected(): SourcePosition | undefined {
    if (!this.hasRead) return undefined
    return [...this.open.values(), ...this.nacked.values(), ...this.untold].reduce(
      (lowest, each) => (isBelow(each, lowest) ? each : lowest),
      this.last,
    )
  }

  private read(position: SourcePosition): void {
    this.inFlight.add(this.sequence + 1, 0, position.partition, position.offset, 0)
    this.resume.read(position.partition, position.offset)
    this.open.set(this.sequence++, position)
    this.hasRead = true
  }

  private settle(outcome: 'ack' | 'nack', pick: number): void {
    const [sequence, position] = [...this.open][pick % this.open.size]
    const { inFlight, acks } = this
    expect(inFlight.settle(sequence, sequence + 1, 0, outcome === 'nack')).toBe('complete')
    if (outcome === 'ack') acks.ackRoot(sequence, inFlight.completed)
    else acks.nackRoot(sequence, inFlight.completed)
    this.open.delete(sequence)
    if (outcome === 'nack') {
      this.nacked.set(keyOf(position), position)
      this.awaited.push(position)
    } else {
      this.nacked.delete(keyOf(position))
      this.untold.push(position)
    }
  }

  /** All but the registers is gone; the source goes on where they say. */
  private die(): void {
    this.next = this.last = resumeOf(this.registers) ?? this.next
    this.open.clear()
    this.nacked.clear()
    this.awaited = []
    this.untold = []
    this.begin()
  }

  private begin(): void {
    this.inFlight = new InFlight(4, this.sequence)
    this.acks = new Acks(source, host, new Counters(createCountersMemory()))
    this.resume = new Resume(this.registers)
  }
}

function keyOf({ partition, offset }: SourcePosition): string {
  return `${partition}:${offset}`
}

function run({ first, ops }: Case): void {
  const play = new Play(first)
  expect(resumeOf(play.registers)).toBeUndefined()
  for (const op of ops) {
    play.perform(op)
    expect(resumeOf(play.registers)).toEqual(play.expected())
  }
}

const property = fc.property(cases, run)

describe('the position at which a successor of the reader goes on', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is the lowest in flight, nacked or not told, and with none the one behind the last', () => {
    fc.assert(property, { numRuns: RUNS })
  })

  it('does not go back when a record that was nacked has been given again and acked', () => {
    const play = new Play({ partition: 0, offset: 0n })
    const ops = ['read', 'read', 'read', 'nack', 'ack', 'ack', 'readAgain', 'ack', 'tell'] as const
    for (const what of ops) play.perform({ do: what, pick: 600 })
    expect(resumeOf(play.registers)).toEqual({ partition: 0, offset: 3n })
  })

  it('fails the test when nacked ones are not heeded', () => {
    vi.spyOn(Acks.prototype, 'lowest', 'get').mockReturnValue(undefined)
    expect(fc.check(property, { numRuns: 300 }).failed).toBe(true)
  })

  it('fails the test when the newest in flight is taken for the lowest', () => {
    vi.spyOn(InFlight.prototype, 'lowest').mockImplementation(function (this: InFlight) {
      let last: ReturnType<InFlight['lowest']>
      this.forEach((root) => {
        last = { ...root }
      })
      return last
    })
    expect(fc.check(property, { numRuns: 300 }).failed).toBe(true)
  })

  it('orders positions by partition, then by offset', () => {
    const positions = fc.record({ partition: fc.nat(3), offset: fc.bigInt({ min: 0n, max: 5n }) })
    fc.assert(
      fc.property(positions, positions, (one, other) => {
        const value = ({ partition, offset }: SourcePosition) => BigInt(partition) * 100n + offset
        expect(isBelow(one, other)).toBe(value(one) < value(other))
      }),
      { numRuns: RUNS },
    )
  })
})
