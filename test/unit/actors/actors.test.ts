// Actors, stepped by hand: none is due while it can do nothing (its runner would spin), none stops for good, and what a user
// gives that cannot be is an error with a code.

import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Forwarder } from '../../../src/actors/forwarder.js'
import { Mapper } from '../../../src/actors/mapper.js'
import { Reader } from '../../../src/actors/reader.js'
import { SinkActor } from '../../../src/actors/sink.js'
import { type Actor, MORE } from '../../../src/kernel/actor.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import type { Message } from '../../../src/kernel/message.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import type { Source, SourceRecord } from '../../../src/sources/source.js'
import { seeded } from '../../../src/testing/seeded.js'
import { World } from '../../../src/testing/world.js'
import { defineTopology } from '../../../src/topology/define.js'
import { createMemory, type PlanMemory } from '../../../src/topology/memory.js'
import { type Plan, planOf } from '../../../src/topology/plan.js'
import type { Order, Topology, TopologyOptions } from '../../../src/topology/types.js'
import { buildActor } from '../../../src/topology/wire.js'

const RUNS = Number(process.env.RUNS ?? 50)

/** The actors of a topology, and a clock and a chance that the test sets. */
class Crew {
  nowMs = 1000
  chance = 0.5
  failure: (Error & { code?: string }) | undefined
  private readonly topology: Topology
  private readonly plan: Plan
  private readonly memory: PlanMemory
  private readonly actors = new Map<string, Actor>()

  constructor(options: Partial<TopologyOptions>, capacityBytes = 4096) {
    const okSink: Sink = { write: (batch) => batch.map(Response.ok) }
    const given = { name: 'crew', source: listSource([]), sink: okSink, order: 'none', ...options } as const
    this.topology = defineTopology({ ...given, limits: { messageBytes: 400, ...given.limits } })
    const plan = planOf(this.topology)
    this.plan = { ...plan, mailboxes: plan.mailboxes.map((each) => ({ ...each, capacityBytes })) }
    this.memory = createMemory(this.plan)
    for (const { name } of this.plan.actors) this.build(name)
  }

  /** Another life of an actor, on the same memory. */
  build(name: string, incarnation = 0): void {
    const index = this.plan.actors.findIndex((actor) => actor.name === name)
    const host = {
      clock: { now: () => this.nowMs },
      random: () => this.chance,
      log: { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} },
      wake: () => {},
      renew: () => {},
      fail: (error: Error) => {
        this.failure ??= error
      },
    }
    const life = { runKey: [1, 2] as const, incarnation, onDone: () => {} }
    this.actors.set(name, buildActor(this.topology, this.plan, this.memory, index, host, life))
  }

  bellOf(thread: string): Doorbell {
    return new Doorbell(this.memory.bells[this.plan.threads.indexOf(thread)])
  }

  actor(name: string): Actor {
    return this.actors.get(name) as Actor
  }

  /** Steps an actor until it does nothing, and its promises too. */
  async run(name: string): Promise<void> {
    for (let i = 0; i < 100; i++) {
      const work = this.actor(name).step()
      await new Promise((resolve) => setImmediate(resolve))
      if (work === 0 && this.actor(name).step() === 0) return
    }
    throw new Error(`${name} always has something to do`)
  }

  async runAll(): Promise<void> {
    for (let i = 0; i < 5; i++) for (const name of this.actors.keys()) await this.run(name)
  }

  /** Asserts that an actor did nothing, and says that it will not before a bell rings or a later time. */
  expectIdle(name: string): void {
    const actor = this.actor(name)
    expect(actor.step()).toBe(0)
    expect(actor.dueMs()).toBeGreaterThan(this.nowMs)
  }
}

function listSource(records: readonly SourceRecord[], more: Partial<Source> = {}): Source {
  const left = [...records]
  return { read: (max) => (left.length === 0 ? null : left.splice(0, max)), ...more }
}

function recordsOf(count: number, bytes = 10): SourceRecord[] {
  return Array.from({ length: count }, (_, offset) => ({ value: `${offset} `.padEnd(bytes, '.'), offset }))
}

function numberOf(message: Message): number {
  return Number(message.text().split(' ')[0])
}

const never = new Promise<never>(() => {})
const backoff = { initialMs: 10, factor: 1, maxMs: 10, jitter: 0.5 }

describe('an actor with nothing to do is not due', () => {
  it('a reader whose roots in flight are at their limit', async () => {
    const crew = new Crew({ source: listSource(recordsOf(10)), limits: { inFlight: 4 } })
    await crew.run('reader')
    crew.expectIdle('reader')
  })

  it('a reader whose mailbox is full', async () => {
    const crew = new Crew({ source: listSource(recordsOf(100)) }, 1024)
    await crew.run('reader')
    crew.nowMs += 100
    crew.expectIdle('reader')
  })

  it.each(['map-0', 'map-1'])('a reader without room is woken when %s makes some', async (consumer) => {
    const source = listSource(recordsOf(100))
    const crew = new Crew({ source, map: { handler: (message) => message, threads: 2 } }, 1024)
    await crew.run('reader')
    crew.expectIdle('reader')
    const bell = crew.bellOf('ingress')
    const armed = bell.arm()
    crew.actor(consumer).step()
    crew.actor(consumer).ring()
    expect(bell.arm()).not.toBe(armed)
    expect(crew.actor('reader').step()).toBeGreaterThan(0)
  })

  it('a mapper that waits for space', async () => {
    const handler = (message: Message) => {
      if (numberOf(message) === 0 && message.attempt === 1) throw new Error('not yet')
      return message
    }
    const crew = new Crew({ source: listSource(recordsOf(30)), map: { handler, threads: 1 } }, 1024)
    for (let i = 0; i < 5; i++) {
      await crew.run('reader')
      await crew.run('map')
    }
    crew.nowMs += 100
    await crew.run('map')
    crew.expectIdle('map')
  })

  it('a sink whose writes are all in use', async () => {
    const sink: Sink = {
      batchMax: 1,
      write: ([message]) => (numberOf(message) > 0 ? never : [Response.failure(message)]),
    }
    const crew = new Crew({ source: listSource(recordsOf(10)), sink })
    await crew.run('reader')
    await crew.run('sink')
    crew.nowMs += 100
    crew.expectIdle('sink')
  })

  it('a reader whose source has not taken a nack yet', async () => {
    const source = listSource(recordsOf(1), { nack: () => never })
    const sink: Sink = { write: (batch) => batch.map((message) => Response.nack(message, { reason: 'no' })) }
    const crew = new Crew({ source, sink })
    await crew.run('reader')
    await crew.run('sink')
    await crew.run('reader')
    crew.expectIdle('reader')
  })
})

describe('an actor that does not say that there is MORE', () => {
  afterEach(() => void vi.restoreAllMocks())

  const cases = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    order: fc.constantFrom<Order>('none', 'key', 'source'),
    batchMax: fc.constantFrom(1, 500),
    concurrency: fc.integer({ min: 1, max: 3 }),
    attempts: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
    fails: fc.constantFrom(0, 0.3),
  })

  // With room for everything: one that waits for space is rung for when there is some.
  it('can do nothing more at once', { timeout: 60_000 }, async () => {
    const late: string[] = []
    let world: World | undefined
    for (const type of [Reader, Mapper, Forwarder, SinkActor]) {
      const { step } = type.prototype
      vi.spyOn(type.prototype, 'step').mockImplementation(function (this: Actor) {
        const work = step.call(this as never)
        const isDone = work < MORE && this.dueMs() > (world?.nowMs ?? 0)
        const more = isDone ? step.call(this as never) : 0
        if (more > 0) late.push(this.name)
        return work + more
      })
    }
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, order, batchMax, concurrency, attempts, fails }) => {
        late.length = 0
        world = undefined
        const random = seeded(seed)
        const sink: Sink = {
          batchMax,
          concurrency,
          write: (batch) =>
            batch.map((message) =>
              random() < fails ? Response.failure(message, 'no') : Response.ok(message),
            ),
        }
        const handler = (message: Message) => {
          if (random() < fails) throw new Error('no')
          return Array.from({ length: Math.floor(random() * 4) }, () => message)
        }
        const records = recordsOf(100).map((record, i) => ({ ...record, keys: [`key-${i % 3}`] }))
        const topology = defineTopology({
          name: 'more',
          source: listSource(records),
          map: { handler, threads: 2 },
          sink,
          sinks: { other: sink },
          routes: [{ when: { and: [] }, to: ['sink', 'other'] }],
          retry: { attempts, onExhausted: 'drop', backoff: { initialMs: 0 } },
          order,
          limits: { inFlight: 128, messageBytes: 100 },
        })
        world = new World({ topology, random, capacityBytes: 65_536 })
        await world.run()
        expect(late).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })
})

describe('a dead letter', () => {
  it('has the reason as the handler gave it, and the stage beside it', async () => {
    const seen: unknown[] = []
    const fallback: Sink = {
      write: (batch) =>
        batch.map((message) => {
          const { 'millrace-reason': header, 'millrace-stage': stage } = message.headers
          seen.push({ reason: message.reason, header, stage })
          return Response.ok(message)
        }),
    }
    const handler = () => {
      throw new Error('no price')
    }
    const map = { handler, threads: 2, retry: { attempts: 1 } }
    const crew = new Crew({ source: listSource(recordsOf(1)), fallback, map }, 65_536)
    for (let i = 0; i < 3; i++) await crew.runAll()
    expect(seen).toEqual([
      { reason: 'no price', header: 'no price', stage: expect.stringMatching(/^map-[01]$/) },
    ])
  })
})

describe('an actor does not stop for good', () => {
  // Two of these fill the parking of 1,024 bytes; a third has no room until what left it is committed.
  const LARGE = 300

  it('a sink whose parking was full when all that was parked was done', async () => {
    const acked: number[] = []
    const ack: Source['ack'] = (acks) => void acked.push(...acks.map(({ offset }) => Number(offset)))
    const given = new Map<number, number>()
    const sink: Sink = {
      write: (batch) =>
        batch.map((message) => {
          const number = numberOf(message)
          const times = (given.get(number) ?? 0) + 1
          given.set(number, times)
          const isHeld = number < 3 && (times === 1 || (number === 2 && times === 2))
          return isHeld ? Response.hold(message, { delayMs: 10 + number }) : Response.ok(message)
        }),
    }
    const crew = new Crew({ source: listSource(recordsOf(6, LARGE), { ack }), sink }, 1024)
    for (let i = 0; i < 10; i++) {
      await crew.runAll()
      crew.nowMs += 100
    }
    expect(acked.toSorted()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('a mapper whose parking was full when all that was parked was done', async () => {
    const acked: number[] = []
    const ack: Source['ack'] = (acks) => void acked.push(...acks.map(({ offset }) => Number(offset)))
    const crew = new Crew(
      {
        source: listSource(recordsOf(6, LARGE), { ack }),
        map: {
          threads: 1,
          retry: { attempts: 5, backoff },
          handler: (message) => {
            const number = numberOf(message)
            // The later ones are due later.
            crew.chance = number / 10
            if (number < 3 && (message.attempt === 1 || (number === 2 && message.attempt === 2)))
              throw new Error('not yet')
            return String(number)
          },
        },
      },
      1024,
    )
    for (let i = 0; i < 10; i++) {
      await crew.runAll()
      crew.nowMs += 100
    }
    expect(acked.toSorted()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('a mapper that succeeds one with an expansion in parts, and has to take up another one first (C5)', async () => {
    const acked: number[] = []
    const ack: Source['ack'] = (acks) => void acked.push(...acks.map(({ offset }) => Number(offset)))
    let life = 0
    async function* parts(message: Message) {
      yield `first of ${message.text()}`
      if (life === 0) await never
      yield `second of ${message.text()}`
    }
    const handler = (message: Message) => {
      if (numberOf(message) === 0 && message.attempt === 1) throw new Error('not yet')
      return parts(message)
    }
    const map = { handler, threads: 1, concurrency: 1, retry: { backoff } }
    const crew = new Crew({ source: listSource(recordsOf(2), { ack }), map })
    await crew.run('reader')
    await crew.run('map')
    life = 1
    crew.nowMs += 100
    crew.build('map', 1)
    for (let i = 0; i < 5; i++) {
      await crew.runAll()
      crew.nowMs += 100
    }
    expect(acked.toSorted()).toEqual([0, 1])
  })
})

describe('a record that cannot be one is an error of the source', () => {
  it.each<[string, unknown]>([
    ['its value is a number', { value: 5, offset: 1 }],
    ['its value is missing', { offset: 1 }],
    ['a header is a number', { value: 'x', headers: { n: 5 } }],
    ['a key is null', { value: 'x', keys: [null] }],
    ['a key is a number', { value: 'x', keys: [5] }],
    ['its keys are a text', { value: 'x', keys: 'vip' }],
    ['its id is a number', { value: 'x', id: 5 }],
    ['it is null', null],
    ['it is a text', 'x'],
  ])('%s', (_, record) => {
    const crew = new Crew({ source: listSource([record as SourceRecord]), order: 'key' })
    crew.actor('reader').step()
    expect(crew.failure?.code).toBe('ERR_SOURCE')
  })
})
