import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Intake } from '../../../src/actors/intake.js'
import { encode, kindWord, MESSAGE } from '../../../src/kernel/codec.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { createMailboxMemory } from '../../../src/kernel/mailbox.js'
import { Outbound } from '../../../src/kernel/outbound.js'

const RUNS = Number(process.env.RUNS ?? 300)

/** A mailbox, and what its producer is still to write: sequences, counted from the first. */
class Lane {
  readonly inbound: Inbound
  private readonly outbound: Outbound
  private readonly first: number
  readonly planned: number[]
  readonly published: number[] = []
  /** Nothing at or below it will follow. */
  watermark = -1

  constructor(first: number, planned: number[]) {
    const bell = new Doorbell()
    const mailbox = {
      memory: createMailboxMemory(64 * 1024, 0, (first - 1) | 0),
      producerBell: bell,
      consumerBell: bell,
    }
    this.outbound = new Outbound(mailbox)
    this.inbound = new Inbound(mailbox)
    this.first = first
    this.planned = planned
  }

  /** Publishes the next `count`, and a watermark: as high as may be, or only as high as what is published. */
  publish(count: number, isHigh: boolean): void {
    for (const number of this.planned.splice(0, count)) {
      const head = { epoch: 1, sequence: this.first + number, lane: 0, shareLo: 0, shareHi: 0 }
      if (encode(this.outbound, kindWord(MESSAGE), head, {}, 'x', 1) < 0)
        throw new Error('the mailbox is too small')
      this.published.push(number)
    }
    // More children of the same root may follow: below them only what is whole counts.
    const next = this.planned.length > 0 ? this.planned[0] : Number.POSITIVE_INFINITY
    const low = Math.min(next, (this.published.at(-1) ?? 0) + 1) - 1
    this.watermark = Math.max(this.watermark, isHigh && next !== Number.POSITIVE_INFINITY ? next - 1 : low)
    this.outbound.publish((this.first + this.watermark) | 0)
  }

  take(): number {
    this.inbound.take()
    return this.published.shift() as number
  }

  get head(): number | undefined {
    return this.published[0]
  }
}

type Case = {
  first: number
  places: number[]
  steps: { lane: number; count: number; isHigh: boolean; takes: number }[]
}

const cases: fc.Arbitrary<Case> = fc.record({
  first: fc.constantFrom(0, 2 ** 31 - 10, 2 ** 32 - 10, 2 ** 40),
  // For each root, the mailbox that it takes, and how many records it becomes there: three mailboxes, up to three records.
  places: fc.array(fc.nat(8), { maxLength: 40 }),
  steps: fc.array(fc.record({ lane: fc.nat(2), count: fc.nat(4), isHigh: fc.boolean(), takes: fc.nat(5) }), {
    maxLength: 40,
  }),
})

function lanesOf({ first, places }: Case): Lane[] {
  const planned: number[][] = [[], [], []]
  places.forEach((place, number) => {
    for (let i = 0; i <= Math.floor(place / 3); i++) planned[place % 3].push(number)
  })
  return planned.map((numbers) => new Lane(first, numbers))
}

/** The lowest that is there, unless a mailbox without anything may still get a lower one. */
function expectedHead(lanes: readonly Lane[]): number | undefined {
  const heads = lanes.map(({ head }) => head).filter((head) => head !== undefined)
  const lowest = Math.min(...heads)
  const open = lanes.some(({ head, watermark }) => head === undefined && watermark < lowest - 1)
  return heads.length === 0 || open ? undefined : lowest
}

function run(input: Case): void {
  const lanes = lanesOf(input)
  const intake = new Intake(
    lanes.map(({ inbound }) => inbound),
    true,
  )
  const taken: number[] = []
  const takeOne = () => {
    const inbound = intake.peek()
    const lane = lanes.find((each) => each.inbound === inbound)
    expect(lane?.head).toBe(expectedHead(lanes))
    const bound = Math.min(...lanes.map(({ head, watermark }) => (head === undefined ? watermark : head - 1)))
    expect(intake.bound()).toBe((input.first + bound) | 0)
    if (lane !== undefined) taken.push(lane.take())
    return lane !== undefined
  }
  for (const { lane, count, isHigh, takes } of input.steps) {
    lanes[lane].publish(count, isHigh)
    for (let i = 0; i < takes; i++) takeOne()
  }
  for (const lane of lanes) lane.publish(Number.POSITIVE_INFINITY, true)
  for (const lane of lanes) {
    lane.watermark = input.places.length
    lane.publish(0, true)
  }
  while (takeOne());
  expect(taken).toEqual(
    input.places.flatMap((place, number) => new Array(Math.floor(place / 3) + 1).fill(number)),
  )
}

describe('an intake that merges', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('gives the lowest sequence as soon as no other inbound can undercut it, and not before (O3)', () => {
    fc.assert(fc.property(cases, run), { numRuns: RUNS })
  })

  it('fails the test when watermarks are not heeded', () => {
    vi.spyOn(Inbound.prototype, 'watermark').mockImplementation(() => 2 ** 31 - 1)
    expect(fc.check(fc.property(cases, run), { numRuns: 100, endOnFailure: true }).failed).toBe(true)
  })
})

describe('an intake in any order', () => {
  it('takes turns: no inbound waits for more than 64 records of each other', () => {
    const lanes = [0, 1, 2].map(
      () =>
        new Lane(
          0,
          Array.from({ length: 300 }, (_, number) => number),
        ),
    )
    for (const lane of lanes) lane.publish(300, false)
    const intake = new Intake(
      lanes.map(({ inbound }) => inbound),
      false,
    )
    const order: number[] = []
    for (let inbound = intake.peek(); inbound !== undefined; inbound = intake.peek()) {
      inbound.take()
      order.push(lanes.findIndex((lane) => lane.inbound === inbound))
    }
    expect(order).toHaveLength(900)
    for (let at = 0; at + 193 < 600; at++) expect(new Set(order.slice(at, at + 193)).size).toBe(3)
  })

  it('passes over inbounds that have nothing', () => {
    const lanes = [[], [1], []].map((planned: number[]) => new Lane(0, planned))
    for (const lane of lanes) lane.publish(1, false)
    const intake = new Intake(
      lanes.map(({ inbound }) => inbound),
      false,
    )
    expect(intake.peek()).toBe(lanes[1].inbound)
    lanes[1].take()
    expect(intake.peek()).toBeUndefined()
  })
})
