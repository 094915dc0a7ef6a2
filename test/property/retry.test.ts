// Retries: the back-off's formula; and in a world, how often, when and with what end a sink's and a handler's failures are
// tried again. Time-outs are failures, too: there, what the late one still reads stays as it is.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { DueHeap } from '../../src/actors/due-heap.js'
import { SinkQueue } from '../../src/actors/sink-queue.js'
import { Counters } from '../../src/kernel/counters.js'
import { isMillraceError } from '../../src/kernel/failure.js'
import { Inbound } from '../../src/kernel/inbound.js'
import { ATTEMPT } from '../../src/kernel/layout.js'
import type { Message } from '../../src/kernel/message.js'
import { type Backoff, backoffMs, type OnExhausted } from '../../src/kernel/retry.js'
import { type HoldOptions, Response } from '../../src/sinks/response.js'
import type { Sink } from '../../src/sinks/sink.js'
import type { Source } from '../../src/sources/source.js'
import { seeded } from '../../src/testing/seeded.js'
import { World } from '../../src/testing/world.js'
import { BACKOFF_DEFAULT } from '../../src/topology/defaults.js'
import { defineTopology } from '../../src/topology/define.js'
import type { Order, TopologyOptions } from '../../src/topology/types.js'

const RUNS = Number(process.env.RUNS ?? 200)
/** Room for a fallback's headers, stack and all, twice (M3). */
const CAPACITY_BYTES = 32 * 1024

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 })

describe('the back-off', () => {
  /** What the schema of a topology lets through. */
  const backoffs: fc.Arbitrary<Backoff> = fc.record({
    initialMs: fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 3_600_000, noNaN: true })),
    factor: fc.oneof(fc.constantFrom(1, 2), fc.double({ min: 1, max: 1_000, noNaN: true })),
    maxMs: fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 86_400_000, noNaN: true })),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  const attempts = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 1_000_000 }))
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  it('is min(maxMs, initialMs × factor^(attempt − 1)), give or take the jitter, for whatever a topology may say', () => {
    fc.assert(
      fc.property(backoffs, attempts, chance, (backoff, attempt, random) => {
        const delay = backoffMs(backoff, attempt, () => random)
        const plain = plainDelayMs(backoff, attempt)
        assert(delay >= plain * (1 - backoff.jitter) * (1 - 1e-9), `${delay} is too short for ${plain}`)
        assert(delay <= plain * (1 + backoff.jitter) * (1 + 1e-9), `${delay} is too long for ${plain}`)
      }),
      { numRuns: RUNS * 10 },
    )
  })

  it('doubles from 10 ms to 1 s by default', () => {
    const middle = () => 0.5
    expect([1, 2, 3, 7, 8, 100].map((attempt) => backoffMs(BACKOFF_DEFAULT, attempt, middle))).toEqual([
      10, 20, 40, 640, 1000, 1000,
    ])
    expect(backoffMs(BACKOFF_DEFAULT, 1, () => 0)).toBe(8)
    expect(backoffMs(BACKOFF_DEFAULT, 1, () => 1)).toBe(12)
  })
})

/** The formula as one would do it by hand. */
function plainDelayMs({ initialMs, factor, maxMs }: Backoff, attempt: number): number {
  let delayMs = initialMs
  for (let i = 1; i < attempt && delayMs < maxMs && delayMs > 0 && factor > 1; i++) delayMs *= factor
  return Math.min(maxMs, delayMs)
}

type Case = {
  seed: number
  count: number
  order: Order
  where: 'sink' | 'handler'
  attempts: number
  onExhausted: OnExhausted
  backoff: Backoff
  async: boolean
  atomic: boolean
  concurrency: number
  batchMax: number
  /** How often each message fails, again and again over this list. */
  failures: number[]
  holds: boolean
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed,
  count: fc.integer({ min: 1, max: 40 }),
  order: fc.constantFrom<Order>('none', 'key', 'source'),
  where: fc.constantFrom<Case['where']>('sink', 'handler'),
  attempts: fc.constantFrom(1, 2, 3, 5, Number.POSITIVE_INFINITY),
  onExhausted: fc.constantFrom<OnExhausted>('fallback', 'drop', 'nack', 'stop'),
  backoff: fc.record({
    initialMs: fc.constantFrom(0, 1, 10, 50),
    factor: fc.constantFrom(1, 2, 3),
    maxMs: fc.constantFrom(0, 30, 200),
    jitter: fc.constantFrom(0, 0.2, 1),
  }),
  async: fc.boolean(),
  atomic: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 3 }),
  batchMax: fc.constantFrom(1, 3, 500),
  failures: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 6), { minLength: 1, maxLength: 10 }),
  holds: fc.boolean(),
})

/** What the model knows of one delivery of one message. */
type History = { number: number; tries: number; attempt: number; nextMs: number; isDone: boolean }

/** A world in which each message fails as often as the case says in its first delivery, and what it saw of it. */
class Play {
  readonly acked: number[] = []
  readonly nacked: number[] = []
  readonly fallback: number[] = []
  readonly histories = new Map<string, History>()
  readonly counts = { failed: 0, retried: 0, held: 0, ok: 0 }
  readonly world: World
  readonly input: Case
  private readonly random: () => number
  private readonly failures = new Map<number, number>()

  constructor(input: Case) {
    this.input = input
    this.random = seeded(input.seed)
    const retry = { attempts: input.attempts, onExhausted: input.onExhausted, backoff: input.backoff }
    const isSink = input.where === 'sink'
    this.world = new World({
      topology: defineTopology({
        name: 'retries',
        source: redeliveringSource(input.count, this.acked, this.nacked),
        map: {
          handler: (message) => (isSink ? message : this.handle(message)),
          threads: 1,
          concurrency: input.concurrency,
          ...(!isSink && { retry }),
        },
        sink: {
          concurrency: input.concurrency,
          batchMax: input.batchMax,
          atomic: input.atomic,
          write: (batch) => (isSink ? this.write(batch) : this.later(batch.map(Response.ok))),
          ...(isSink && { retry }),
        },
        fallback: { write: (batch) => this.later(batch.map((message) => this.fellBack(message))) },
        order: input.order,
        limits: { inFlight: 64, messageBytes: 100, maxDeliveries: 1000 },
      }),
      random: this.random,
      capacityBytes: CAPACITY_BYTES,
    })
  }

  counters(): Counters {
    const name = this.input.where === 'sink' ? 'sink' : 'map'
    const index = this.world.plan.actors.findIndex((actor) => actor.name === name)
    return new Counters(this.world.memory.counters[index])
  }

  /** How often a message is to fail. */
  failuresOf(number: number): number {
    const { failures } = this.input
    return failures[number % failures.length]
  }

  private later<Value>(value: Value): Value {
    return (this.input.async ? this.world.later(value) : value) as Value
  }

  private write(batch: readonly Message[]): Response[] {
    const answers = batch.map((message) => this.answer(message))
    const isSpoilt = this.input.atomic && answers.some(({ outcome }) => outcome === 'failure')
    batch.forEach((message, i) => {
      const { outcome, options } = answers[i]
      this.tried(message, isSpoilt ? 'failure' : outcome, (options as HoldOptions | undefined)?.delayMs)
    })
    return this.later(answers)
  }

  private answer(message: Message): Response {
    const holds = this.input.holds && this.random() < 0.15
    if (holds) return Response.hold(message, { delayMs: Math.floor(this.random() * 40) })
    return this.fails(message) ? Response.failure(message, 'not yet') : Response.ok(message)
  }

  private handle(message: Message): Message | Promise<Message> {
    const isFailure = this.fails(message)
    this.tried(message, isFailure ? 'failure' : 'ok')
    const result = () => {
      if (isFailure) throw new Error('not yet')
      return message
    }
    return this.input.async ? this.world.later(undefined).then(result) : result()
  }

  private fails(message: Message): boolean {
    const number = numberOf(message)
    const failures = this.failures.get(number) ?? 0
    if (message.delivery > 0 || failures >= this.failuresOf(number)) return false
    this.failures.set(number, failures + 1)
    return true
  }

  /** A try has begun, at least as long after the last one as the back-off says, and as the attempt that it is. */
  private tried(message: Message, outcome: string, holdMs = 0): void {
    const history = this.history(message)
    const { counts, input, world } = this
    this.require(() => {
      assert(!history.isDone, 'a try after the last one')
      assert.equal(message.attempt, history.attempt)
      assert(
        world.nowMs >= history.nextMs - 1e-6,
        `tried at ${world.nowMs} ms, wanted ${history.nextMs} or later`,
      )
    })
    if (history.attempt > 1) counts.retried++
    if (outcome === 'hold') {
      counts.held++
      history.nextMs = world.nowMs + holdMs
      return
    }
    history.tries++
    history.isDone = outcome === 'ok' || history.attempt === input.attempts
    if (outcome === 'ok') {
      counts.ok++
      return
    }
    counts.failed++
    history.nextMs = world.nowMs + (1 - input.backoff.jitter) * plainDelayMs(input.backoff, history.attempt)
    history.attempt++
  }

  private fellBack(message: Message): Response {
    const { attempts, where } = this.input
    this.require(() => {
      assert.equal(message.headers['millrace-attempts'], String(attempts))
      assert.equal(message.headers['millrace-stage'], where === 'sink' ? 'sink' : 'map')
      assert.match(message.reason ?? '', /not yet$/)
    })
    this.fallback.push(numberOf(message))
    return Response.ok(message)
  }

  /** An error that a handler or a sink threw would be retried: this one ends the world. */
  private require(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.world.failure ??= error as Error
    }
  }

  private history(message: Message): History {
    const number = numberOf(message)
    const key = `${number} for the ${message.delivery + 1}. time`
    const history = this.histories.get(key) ?? { number, tries: 0, attempt: 1, nextMs: 0, isDone: false }
    this.histories.set(key, history)
    return history
  }
}

function numberOf(message: Message): number {
  return Number(message.text())
}

/** Gives the numbers from 0, and those that are nacked again. */
function redeliveringSource(count: number, acked: number[], nacked: number[]): Source {
  const left = Array.from({ length: count }, (_, number) => number)
  return {
    read: (max) => {
      if (left.length === 0) return null
      return left.splice(0, Math.min(max, 5)).map((number) => ({
        value: String(number),
        offset: number,
        keys: number % 5 === 0 ? [] : [`key-${number % 3}`],
      }))
    },
    ack: (acks) => {
      for (const { offset } of acks) acked.push(Number(offset))
    },
    nack: (nacks) => {
      for (const { offset, reason } of nacks) {
        assert.match(reason, /not yet/)
        nacked.push(Number(offset))
        left.push(Number(offset))
      }
    },
  }
}

async function check(input: Case): Promise<void> {
  const play = new Play(input)
  const error = await play.world.run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (isMillraceError(error) && input.onExhausted === 'stop') checkStopped(play, error.code)
  else {
    if (error !== undefined) throw error
    checkEnded(play)
  }
}

function checkStopped(play: Play, code: string): void {
  assert.equal(code, play.input.where === 'sink' ? 'ERR_SINK' : 'ERR_HANDLER')
  for (const number of exhaustedOf(play)) assert(!play.acked.includes(number), `${number} was acked`)
}

function checkEnded(play: Play): void {
  const { input, histories, counts } = play
  const all = Array.from({ length: input.count }, (_, number) => number)
  const exhausted = exhaustedOf(play)
  assert(
    exhausted.length === 0 || input.onExhausted !== 'stop',
    'a message is exhausted, and nothing stopped',
  )
  for (const [name, { number, tries, isDone }] of histories) {
    assert(isDone, `${name} was not tried to the end`)
    if (name !== `${number} for the 1. time` || input.atomic) continue
    assert.equal(tries, Math.min(play.failuresOf(number) + 1, input.attempts), `tries of ${number}`)
  }
  assert.deepEqual(sorted(play.acked), all, 'each acked once')
  assert.deepEqual(sorted(play.nacked), input.onExhausted === 'nack' ? exhausted : [])
  assert.deepEqual(sorted(play.fallback), input.onExhausted === 'fallback' ? exhausted : [])

  const counters = play.counters()
  assert.equal(counters.get('failed'), counts.failed, 'failed')
  assert.equal(counters.get('retried'), counts.retried, 'retried')
  assert.equal(counters.get('dropped'), input.onExhausted === 'drop' ? exhausted.length : 0, 'dropped')
  if (input.where === 'handler') return
  assert.equal(counters.get('held'), counts.held, 'held')
  assert.equal(counters.get('written'), counts.ok, 'written')
  assert.equal(counters.get('fallback'), play.fallback.length, 'fallback')
}

/** Those that failed as often as they may, once for each time. */
function exhaustedOf({ histories, input }: Play): number[] {
  return sorted(
    [...histories.values()].filter(({ attempt }) => attempt > input.attempts).map(({ number }) => number),
  )
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b)
}

describe('retries in a world', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('are as many, as late, and end as the retry strategy says', { timeout: 300_000 }, async () => {
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: RUNS })
  })

  it('fail the test when what waits is due too early', async () => {
    vi.spyOn(DueHeap.prototype, 'pop').mockImplementation(function (this: DueHeap<{ dueMs: number }>) {
      return (this as unknown as { items: { dueMs: number }[] }).items.shift()
    })
    const property = fc.asyncProperty(cases, check)
    expect((await fc.check(property, { numRuns: 50, endOnFailure: true })).failed).toBe(true)
  })

  it('fail the test when a hold costs an attempt', async () => {
    const { wait } = SinkQueue.prototype
    vi.spyOn(SinkQueue.prototype, 'wait').mockImplementation(function (this: SinkQueue, message, dueMs) {
      message.inbound.ring.words[message.at + ATTEMPT]++
      wait.call(this, message, dueMs)
    })
    const property = fc.asyncProperty(cases, check)
    expect((await fc.check(property, { numRuns: 50, endOnFailure: true })).failed).toBe(true)
  })

  it.each<[string, unknown]>([
    ['a header is a number', { value: 'x', headers: { n: 5 } }],
    ['a key is a number', { value: 'x', keys: [5] }],
    ['a tag is a number', { value: 'x', tags: [5] }],
    ['the value is too large', 'x'.repeat(101)],
    ['the value is a number', { value: 5 }],
    ['it is a number', 5],
    ['it is one of several', ['fine', { value: 'x', headers: { n: 5 } }]],
  ])('go on for an output that cannot be one: %s', async (_, output) => {
    const { attempts, fallback } = await handled((message) =>
      message.text() === '1' ? (output as string) : message,
    )
    expect(attempts.get('1')).toBe(3)
    expect(fallback).toEqual(['1'])
  })

  it.each<[string, unknown]>([
    ['a header is a number', { value: 'x', headers: { n: 5 } }],
    ['the value is too large', 'x'.repeat(101)],
  ])('go on for an output of a stream that cannot be one: %s', async (_, output) => {
    const { attempts, fallback } = await handled((message) => {
      if (message.text() !== '1') return message
      return (async function* () {
        yield 'fine'
        yield output as string
      })()
    })
    expect(attempts.get('1')).toBe(3)
    expect(fallback).toEqual(['1'])
  })

  it.each<Order>(['key', 'source'])(
    'cost those behind a poisoned message in its lane nothing: order by %s',
    async (order) => {
      const fallback: string[] = []
      const written: string[] = []
      // As file does: after one that it cannot write, it writes nothing more of the batch.
      const sink: Sink = {
        ordered: true,
        write: (batch) => {
          const poisoned = batch.findIndex((message) => message.text() === '0')
          return batch.map((message, i) => {
            if (poisoned >= 0 && i >= poisoned) return Response.failure(message, 'poisoned')
            written.push(message.text())
            return Response.ok(message)
          })
        },
        retry: { attempts: 3, backoff: { initialMs: 1 } },
      }
      const records = Array.from({ length: 5 }, (_, number) => ({
        value: String(number),
        offset: number,
        keys: ['same'],
      }))
      await runWorld(seeded(1), CAPACITY_BYTES, {
        source: { ordered: true, read: () => (records.length === 0 ? null : records.splice(0)) },
        sink,
        fallback: {
          write: (batch) => {
            fallback.push(...batch.map((message) => message.text()))
            return batch.map(Response.ok)
          },
        },
        order,
      })
      expect(fallback).toEqual(['0'])
      expect(written).toEqual(['1', '2', '3', '4'])
    },
  )

  it.each<Order>(['key', 'source'])(
    'of an ordered sink heed a hold behind one that is tried sooner: order by %s',
    async (order) => {
      const offered: number[] = []
      const records = [0, 1].map((offset) => ({ value: String(offset), offset, keys: ['same'] }))
      await runWorld(seeded(1), CAPACITY_BYTES, (world) => ({
        source: { ordered: true, read: () => (records.length === 0 ? null : records.splice(0)) },
        sink: {
          ordered: true,
          write: (batch) =>
            batch.map((message) => {
              if (message.text() === '1') offered.push(world().nowMs)
              else return message.attempt === 1 ? Response.failure(message) : Response.ok(message)
              return offered.length === 1 ? Response.hold(message, { delayMs: 1000 }) : Response.ok(message)
            }),
          retry: { backoff: { initialMs: 1 } },
        },
        order,
      }))
      expect(offered).toHaveLength(2)
      expect(offered[1] - offered[0]).toBeGreaterThanOrEqual(1000)
    },
  )

  it.each([false, true])(
    'are no more than the attempts where the fallback has no room: ordered %s',
    async (ordered) => {
      const tries = new Map<string, number>()
      const fallback: string[] = []
      const records = Array.from({ length: 60 }, (_, offset) => ({
        value: String(offset),
        offset,
        keys: [`key-${offset}`],
      }))
      const seen = (message: Message) => tries.set(message.text(), (tries.get(message.text()) ?? 0) + 1)
      await runWorld(seeded(1), 2048, (world) => ({
        source: { read: () => (records.length === 0 ? null : records.splice(0)) },
        sink: {
          ordered,
          write: (batch) =>
            batch.map((message) => {
              seen(message)
              return Response.failure(message, 'never')
            }),
          retry: { attempts: 2, backoff: { initialMs: 0 } },
        },
        fallback: {
          write: (batch) => {
            fallback.push(...batch.map((message) => message.text()))
            return world().later(batch.map(Response.ok))
          },
        },
        order: 'key',
      }))
      expect(fallback).toHaveLength(60)
      expect([...tries].filter(([, count]) => count !== 2)).toEqual([])
    },
  )
})

/** Runs three messages through a handler with three attempts. */
async function handled(handler: (message: Message) => unknown) {
  const attempts = new Map<string, number>()
  const fallback: string[] = []
  await runWorld(seeded(1), CAPACITY_BYTES, {
    source: redeliveringSource(3, [], []),
    map: {
      handler: (message) => {
        attempts.set(message.text(), message.attempt)
        return handler(message) as string
      },
      threads: 1,
      retry: { attempts: 3 },
    },
    sink: { write: (batch) => batch.map(Response.ok) },
    fallback: {
      write: (batch) => {
        fallback.push(...batch.map((message) => message.text()))
        return batch.map(Response.ok)
      },
    },
  })
  return { attempts, fallback }
}

async function runWorld(
  random: () => number,
  capacityBytes: number,
  definition: Omit<TopologyOptions, 'name'> | ((world: () => World) => Omit<TopologyOptions, 'name'>),
): Promise<World> {
  let world: World | undefined
  const given = typeof definition === 'function' ? definition(() => world as World) : definition
  const topology = defineTopology({ name: 'retries', limits: { inFlight: 16, messageBytes: 100 }, ...given })
  world = new World({ topology, random, capacityBytes })
  await world.run()
  return world
}

type LateCase = {
  seed: number
  count: number
  order: Order
  where: 'sink' | 'handler'
  timeoutMs: number
  concurrency: number
}

const lateCases: fc.Arbitrary<LateCase> = fc.record({
  seed,
  count: fc.integer({ min: 1, max: 60 }),
  order: fc.constantFrom<Order>('none', 'key', 'source'),
  where: fc.constantFrom<LateCase['where']>('sink', 'handler'),
  timeoutMs: fc.constantFrom(1, 2),
  concurrency: fc.integer({ min: 1, max: 4 }),
})

/** All promises are slow, some too slow. Gives what the late ones read that was not what they had been given. */
async function playLate({ seed: from, count, order, where, timeoutMs, concurrency }: LateCase) {
  const random = seeded(from)
  const acked: number[] = []
  const changed: string[] = []
  const world = await runWorld(random, 1024, (current) => {
    const slowly = <Value>(messages: readonly Message[], value: Value): Promise<Value> => {
      const texts = messages.map((message) => message.text())
      return current()
        .later(value)
        .then(() => {
          messages.forEach((message, i) => {
            const text = message.text()
            if (text !== texts[i] || !message.value.equals(Buffer.from(text)))
              changed.push(`${texts[i]} became ${text}`)
          })
          return value
        })
    }
    const isSlow = { sink: where === 'sink', handler: where === 'handler' }
    const backoff = { initialMs: 1, maxMs: 4 }
    const sink: Sink = {
      write: (batch) => (isSlow.sink ? slowly(batch, batch.map(Response.ok)) : batch.map(Response.ok)),
      writeTimeoutMs: timeoutMs,
      concurrency,
      batchMax: 4,
    }
    return {
      source: redeliveringSource(count, acked, []),
      map: {
        handler: (message) => (isSlow.handler ? slowly([message], message) : message),
        threads: 1,
        concurrency,
        handlerTimeoutMs: timeoutMs,
      },
      sink,
      retry: { attempts: Number.POSITIVE_INFINITY, backoff, onExhausted: 'drop' },
      order,
    }
  })
  const late = world.memory.counters.reduce((sum, memory) => sum + new Counters(memory).get('late'), 0)
  return { acked: sorted(acked), changed, late }
}

describe('what answers too late', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is tried again, and what it still reads stays as it is (M5)', { timeout: 300_000 }, async () => {
    let late = 0
    await fc.assert(
      fc.asyncProperty(lateCases, async (input) => {
        const result = await playLate(input)
        assert.deepEqual(
          result.acked,
          Array.from({ length: input.count }, (_, number) => number),
        )
        assert.deepEqual(result.changed, [])
        late += result.late
      }),
      { numRuns: RUNS },
    )
    expect(late).toBeGreaterThan(RUNS / 4)
  })

  it('fails the test when nothing is pinned', { timeout: 300_000 }, async () => {
    vi.spyOn(Inbound.prototype, 'pin').mockImplementation(() => {})
    vi.spyOn(Inbound.prototype, 'unpin').mockImplementation(() => {})
    const property = fc.asyncProperty(lateCases, async (input) => {
      assert.deepEqual((await playLate({ ...input, count: 60 })).changed, [])
    })
    expect((await fc.check(property, { numRuns: 300, endOnFailure: true })).failed).toBe(true)
  })
})
