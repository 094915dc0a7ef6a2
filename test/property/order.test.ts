// Order in a world: handlers and sinks that finish in any order, fail, hold and die. Messages with the same key, or all of a
// source, are accepted in the order in which they were read; and a lane is in one unanswered batch at a time (O1–O3).

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Intake } from '../../src/actors/intake.js'
import type { MapResult, Output } from '../../src/actors/map-handler.js'
import { SinkQueue } from '../../src/actors/sink-queue.js'
import { Inbound } from '../../src/kernel/inbound.js'
import { laneOf, NO_LANE } from '../../src/kernel/lane.js'
import { LANE_MASK, SHAPE } from '../../src/kernel/layout.js'
import type { Message } from '../../src/kernel/message.js'
import { Response } from '../../src/sinks/response.js'
import type { Sink } from '../../src/sinks/sink.js'
import type { Source } from '../../src/sources/source.js'
import { seeded } from '../../src/testing/seeded.js'
import { World } from '../../src/testing/world.js'
import { defineTopology } from '../../src/topology/define.js'
import type { MapStage, Order } from '../../src/topology/types.js'

const RUNS = Number(process.env.RUNS ?? 60)
const BACKOFF = { initialMs: 2, factor: 2, maxMs: 8, jitter: 0.5 }

type Case = {
  seed: number
  count: number
  order: Order
  keys: number
  stages: number
  threads: number
  /** Chance that a handler fails. */
  handlerFails: number
  /** Chance that a sink fails, or holds, a message. */
  sinkFails: number
  holds: number
  ordered: boolean
  concurrency: number
  batchMax: number
  sinks: number
  drops: boolean
  crashRate: number
  capacityBytes: number
  sequence: number
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  count: fc.integer({ min: 1, max: 60 }),
  order: fc.constantFrom<Order>('key', 'key', 'source'),
  keys: fc.integer({ min: 1, max: 4 }),
  stages: fc.integer({ min: 1, max: 3 }),
  threads: fc.integer({ min: 1, max: 3 }),
  handlerFails: fc.constantFrom(0, 0.1, 0.4),
  sinkFails: fc.constantFrom(0, 0.1, 0.4),
  holds: fc.constantFrom(0, 0.1),
  ordered: fc.boolean(),
  concurrency: fc.constantFrom(1, 3),
  batchMax: fc.constantFrom(1, 3, 500),
  sinks: fc.constantFrom(1, 1, 2),
  drops: fc.boolean(),
  crashRate: fc.constantFrom(0, 0.05),
  capacityBytes: fc.constantFrom(1024, 2048, 32_768),
  sequence: fc.constantFrom(0, 2 ** 31 - 20, 2 ** 32 - 20),
})

type Accepted = { text: string; key: string }

/** One sink of the world: fails, holds and answers late as it likes, and watches what it is given. */
class WatchedSink implements Sink {
  readonly ordered: boolean
  readonly concurrency: number
  readonly batchMax: number
  readonly retry
  readonly accepted: Accepted[] = []
  private readonly play: Play
  /** The lanes of each batch without an answer. */
  private readonly unanswered = new Set<readonly number[]>()

  constructor(play: Play) {
    const { ordered, concurrency, batchMax, drops } = play.input
    this.play = play
    this.ordered = ordered
    this.concurrency = concurrency
    this.batchMax = batchMax
    this.retry = {
      attempts: drops ? 4 : Number.POSITIVE_INFINITY,
      onExhausted: 'drop' as const,
      backoff: BACKOFF,
    }
  }

  write(batch: readonly Message[]): Promise<readonly Response[]> | readonly Response[] {
    const lanes = batch.map((message) => this.laneOf(message))
    this.play.require(() => this.checkLanes(lanes))
    const answers = this.answers(batch, lanes)
    batch.forEach((message, i) => {
      if (answers[i].outcome === 'ok')
        this.accepted.push({ text: message.text(), key: message.keys[0] ?? '' })
    })
    if (this.play.random() < 0.3) return answers
    this.unanswered.add(lanes)
    return this.play.world.later(answers).then(() => {
      this.unanswered.delete(lanes)
      return answers
    })
  }

  private laneOf(message: Message): number {
    return this.play.input.order === 'source' ? 1 : laneOf(message.keys)
  }

  /** O2. */
  private checkLanes(lanes: readonly number[]): void {
    const taken = lanes.filter((lane) => lane !== NO_LANE)
    if (!this.ordered) assert.equal(new Set(taken).size, taken.length, 'one message of a lane in a batch')
    for (const other of this.unanswered) {
      for (const lane of taken) assert(!other.includes(lane), 'a lane is in one unanswered batch at a time')
    }
  }

  /** An ordered sink writes no message of a lane after one that it did not write. */
  private answers(batch: readonly Message[], lanes: readonly number[]): Response[] {
    const { random, input } = this.play
    const stopped = new Set<number>()
    return batch.map((message, i) => {
      const fails = random() < input.sinkFails || (this.ordered && stopped.has(lanes[i]))
      if (!fails && random() >= input.holds) return Response.ok(message)
      if (lanes[i] !== NO_LANE) stopped.add(lanes[i])
      return fails
        ? Response.failure(message, 'not now')
        : Response.hold(message, { delayMs: Math.floor(random() * 10) })
    })
  }
}

class Play {
  readonly input: Case
  readonly random: () => number
  readonly world: World
  readonly sinks: WatchedSink[]
  readonly acked: number[] = []

  constructor(input: Case) {
    this.input = input
    this.random = seeded(input.seed)
    this.sinks = Array.from({ length: input.sinks }, () => new WatchedSink(this))
    const [sink, other] = this.sinks
    this.world = new World({
      topology: defineTopology({
        name: 'order',
        source: this.source(),
        map: Array.from({ length: input.stages }, (_, stage) => this.stage(stage)),
        sink,
        ...(other !== undefined && {
          sinks: { other },
          routes: [{ when: { and: [] }, to: ['sink', 'other'] }],
        }),
        order: input.order,
        limits: { inFlight: 64, messageBytes: 100 },
      }),
      // Chance is drawn in each step, and each step takes time.
      random: () => {
        if (this.world !== undefined) this.world.nowMs += 0.02
        return this.random()
      },
      capacityBytes: input.capacityBytes,
      start: { position: (2 ** 31 - 1024) | 0, sequence: input.sequence },
      crashRate: input.crashRate,
      unit: 'actor',
      mayCrash: (name) => name.startsWith('map') || name === 'forwarder',
      eventsMax: 120_000,
    })
  }

  /** An error that a handler or a sink threw would be retried: this one ends the world. */
  require(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.world.failure ??= error as Error
    }
  }

  private stage(stage: number): MapStage {
    return {
      handler: (message) => this.handle(message, stage),
      threads: this.input.threads,
      concurrency: 8,
      retry: { attempts: Number.POSITIVE_INFINITY, onExhausted: 'drop', backoff: BACKOFF },
    }
  }

  private handle(message: Message, stage: number): MapResult | Promise<MapResult> {
    const fails = this.random() < this.input.handlerFails
    const outputs = childrenOf(message.text(), stage)
    const result = () => {
      if (fails) throw new Error('not now')
      return this.random() < 0.2 ? streamOf(outputs) : outputs
    }
    return this.random() < 0.5 ? result() : this.world.later(undefined).then(result)
  }

  private source(): Source {
    const { count, keys } = this.input
    let next = 0
    return {
      ordered: true,
      read: (max) => {
        if (next === count) return null
        const length = Math.min(max, 7, count - next)
        const numbers = Array.from({ length }, (_, i) => next + i)
        next += length
        return numbers.map((number) => ({
          value: String(number),
          offset: number,
          keys: keysOf(number, keys),
        }))
      },
      ack: (acks) => {
        for (const { offset } of acks) this.acked.push(Number(offset))
      },
    }
  }
}

function keysOf(number: number, keys: number): string[] {
  return number % 7 === 6 ? [] : [`key-${number % keys}`]
}

/** What a stage makes of a message is known by its text, so that a redo gives the same. */
function childrenOf(text: string, stage: number): Output[] {
  const number = Number(text.split('.')[0]) + 3 * stage
  const count = number % 11 === 10 ? 20 : [1, 1, 2, 0, 1, 3][number % 6]
  return Array.from({ length: count }, (_, i) => ({ value: `${text}.${i}` }))
}

async function* streamOf(outputs: readonly Output[]): AsyncIterable<Output> {
  yield* outputs
}

/** The model: one after the other, through all stages. */
function expectedOf({ count, keys, stages }: Case): Accepted[] {
  const expected: Accepted[] = []
  for (let number = 0; number < count; number++) {
    let texts = [String(number)]
    for (let stage = 0; stage < stages; stage++) {
      texts = texts.flatMap((text) => childrenOf(text, stage).map(({ value }) => String(value)))
    }
    for (const text of texts) expected.push({ text, key: keysOf(number, keys)[0] ?? '' })
  }
  return expected
}

async function check(input: Case): Promise<void> {
  const play = new Play(input)
  await play.world.run()
  const expected = expectedOf(input)
  for (const { accepted } of play.sinks) checkAccepted(input, accepted, expected)
  assert.deepEqual(
    play.acked.sort((a, b) => a - b),
    Array.from({ length: input.count }, (_, number) => number),
  )
}

function checkAccepted(input: Case, accepted: readonly Accepted[], expected: readonly Accepted[]): void {
  const texts = (entries: readonly Accepted[]) => entries.map(({ text }) => text)
  if (input.drops) {
    const all = new Set(texts(expected))
    assert.equal(new Set(texts(accepted)).size, accepted.length, 'nothing twice')
    assert(
      texts(accepted).every((text) => all.has(text)),
      'nothing unknown',
    )
  } else assert.deepEqual(texts(accepted).sort(), texts(expected).sort(), 'each once')
  const groups =
    input.order === 'source'
      ? [() => true]
      : keysIn(expected).map((key) => (entry: Accepted) => entry.key === key)
  for (const belongs of groups) {
    const got = texts(accepted.filter(belongs))
    const dropped = new Set(got)
    const wanted = texts(expected.filter(belongs)).filter((text) => !input.drops || dropped.has(text))
    assert.deepEqual(got, wanted, 'in the order in which they were read')
  }
}

function keysIn(entries: readonly Accepted[]): string[] {
  return [...new Set(entries.map(({ key }) => key))].filter((key) => key !== '')
}

/** Breaks a method, and expects the property to notice, for some case of this kind. */
async function expectNoticed(
  type: object,
  method: string,
  broken: (...args: never[]) => unknown,
  kind: Partial<Case>,
): Promise<void> {
  vi.spyOn(type as Record<string, () => unknown>, method).mockImplementation(broken as () => unknown)
  const property = fc.asyncProperty(
    cases.map((input) => ({ ...input, ...kind, count: 60 })),
    check,
  )
  const { errorInstance } = await fc.check(property, { numRuns: 100, endOnFailure: true })
  expect(errorInstance).toBeInstanceOf(assert.AssertionError)
}

describe('order', { timeout: 300_000 }, () => {
  afterEach(() => void vi.restoreAllMocks())

  it('by key and by source holds through stages, retries, holds and crashes', async () => {
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: RUNS })
  })

  it('holds where few lanes fill the parking, and failures are many', async () => {
    const crowded = {
      order: 'key' as const,
      keys: 2,
      handlerFails: 0.4,
      sinkFails: 0.4,
      holds: 0.1,
      capacityBytes: 1024,
      count: 60,
      drops: false,
    }
    await fc.assert(
      fc.asyncProperty(
        cases.map((input) => ({ ...input, ...crowded })),
        check,
      ),
      { numRuns: Math.ceil(RUNS / 3) },
    )
  })

  it('goes on at once where a commit of its own gives the parking room', async () => {
    await check({
      seed: 3018433345,
      count: 60,
      order: 'key',
      keys: 2,
      stages: 3,
      threads: 3,
      handlerFails: 0.4,
      sinkFails: 0.4,
      holds: 0.1,
      ordered: true,
      concurrency: 1,
      batchMax: 500,
      sinks: 2,
      drops: false,
      crashRate: 0.05,
      capacityBytes: 1024,
      sequence: 4294967276,
    } as Case)
  })

  it('by source gives an unordered sink one message at a time', async () => {
    let most = 0
    const original = SinkQueue.prototype.fill
    vi.spyOn(SinkQueue.prototype, 'fill').mockImplementation(function (this: SinkQueue, batch, isAlone) {
      const work = original.call(this, batch, isAlone)
      most = Math.max(most, batch.messages.length)
      return work
    })
    await fc.assert(
      fc.asyncProperty(
        cases.map((input) => ({ ...input, order: 'source' as const, ordered: false, batchMax: 500 })),
        check,
      ),
      { numRuns: 20 },
    )
    expect(most).toBe(1)
  })

  it('fails the test when a mapper does not wait for a lane (O1)', async () => {
    const { take } = Inbound.prototype
    const unkeyed = function (this: Inbound) {
      const position = take.call(this)
      this.ring.words[this.ring.wordAt(position) + SHAPE] &= ~LANE_MASK
      return position
    }
    await expectNoticed(Inbound.prototype, 'take', unkeyed, { order: 'key', stages: 1, ordered: true })
  })

  it('fails the test when several of a lane are in one batch of an unordered sink (O2)', async () => {
    await expectNoticed(SinkQueue.prototype, 'joinsBatch', () => true, {
      order: 'key',
      ordered: false,
      batchMax: 500,
    })
  })

  it('fails the test when an intake does not merge (O3)', async () => {
    const anyOf = function (this: { inbounds: readonly Inbound[] }) {
      return this.inbounds.find((inbound) => inbound.peek())
    }
    await expectNoticed(Intake.prototype, 'lowest', anyOf, { order: 'source', threads: 3 })
  })
})
