// Answers of sinks: which ones keep the contract; and in a world, what becomes of every root when sinks answer whatever they
// may: it is acked or nacked once for each time that it was given, with the payloads that were served for it.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Acks } from '../../src/actors/acks.js'
import { InFlight } from '../../src/actors/in-flight.js'
import { checkResponses } from '../../src/actors/responses.js'
import { Message } from '../../src/kernel/message.js'
import type { OnExhausted } from '../../src/kernel/retry.js'
import { type MessageRef, Response, type ServeOptions } from '../../src/sinks/response.js'
import type { OnSuccessMessage, Sink } from '../../src/sinks/sink.js'
import type { Answer, Source, SourceRecord } from '../../src/sources/source.js'
import { seeded } from '../../src/testing/seeded.js'
import { World } from '../../src/testing/world.js'
import { defineTopology } from '../../src/topology/define.js'
import type { Order, TopologyOptions } from '../../src/topology/types.js'
import { makeMessages } from '../support/messages.js'

const RUNS = Number(process.env.RUNS ?? 300)
const BRAND = Symbol.for('millrace.response')
const FORBIDDEN_NOTHING = { forbidden: [] }

// What is done to an answer that has one response for each message.
type Change =
  | { do: 'drop' | 'repeat'; at: number }
  | { do: 'unknown'; at: number; id: string }
  | { do: 'stranger'; at: number; value: unknown }

/** How a response names its message, and which copy of the package made it. */
type Naming = 'message' | 'id' | 'other object' | 'other copy'

type AnswerCase = {
  ids: (string | undefined)[]
  order: readonly number[]
  naming: readonly Naming[]
  changes: readonly Change[]
}

const strangers = fc.constantFrom<unknown>(null, undefined, 'ok', 5, {}, [], { ref: '1-1', outcome: 'ok' })

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom<'drop' | 'repeat'>('drop', 'repeat'), at: fc.nat(50) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant<'unknown'>('unknown'), at: fc.nat(50), id: fc.string() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant<'stranger'>('stranger'), at: fc.nat(50), value: strangers }),
  },
)

const answerCases: fc.Arbitrary<AnswerCase> = fc
  .uniqueArray(fc.option(fc.string({ maxLength: 6 }), { nil: undefined }), {
    maxLength: 12,
    // Those without an id are called 1-1, 1-2 and so on.
    comparator: (a, b) => a !== undefined && a === b,
  })
  .filter((ids) => ids.every((id) => id === undefined || !/^1-\d+$/.test(id)))
  .chain((ids) =>
    fc.record({
      ids: fc.constant(ids),
      order: fc.oneof(
        fc.constant([...ids.keys()]),
        fc.shuffledSubarray([...ids.keys()], { minLength: ids.length }),
      ),
      naming: fc.array(fc.constantFrom<Naming>('message', 'id', 'other object', 'other copy'), {
        minLength: ids.length,
        maxLength: ids.length,
      }),
      changes: fc.oneof(fc.constant([]), fc.array(change, { maxLength: 4 })),
    }),
  )

function named(message: Message, naming: Naming): unknown {
  if (naming === 'message') return Response.ok(message)
  if (naming === 'id') return Response.ok(message.id)
  if (naming === 'other object') return Response.ok(new Message(message.inbound, message.place))
  return { [BRAND]: true, ref: message.id, outcome: 'ok' }
}

function answerOf({ order, naming, changes }: AnswerCase, batch: readonly Message[]): unknown[] {
  const answer = order.map((at) => named(batch[at], naming[at]))
  for (const each of changes) {
    const at = each.at % (answer.length + 1)
    if (each.do === 'drop') answer.splice(at, 1)
    else if (each.do === 'repeat' && at < answer.length) answer.push(answer[at])
    else if (each.do === 'unknown') answer.splice(at, 0, Response.ok(each.id))
    else if (each.do === 'stranger') answer.splice(at, 0, each.value)
  }
  return answer
}

function isResponse(value: unknown): value is { ref: MessageRef } {
  return typeof value === 'object' && value !== null && BRAND in value
}

function idOf({ ref }: { ref: MessageRef }): string {
  return typeof ref === 'string' ? ref : ref.id
}

/** The model: sorted, the ids of the answer are those of the batch. */
function checkAnswer(input: AnswerCase): void {
  const batch = makeMessages(input.ids.map((id) => ({ value: 'x', id })))
  const answer = answerOf(input, batch)
  const aligned: Response[] = []
  const breach = checkResponses(batch, answer, aligned, FORBIDDEN_NOTHING)
  const responses = answer.filter(isResponse)
  if (responses.length < answer.length) {
    assert.match(breach ?? '', /wanted a Response/)
    return
  }
  const ids = batch.map(({ id }) => id)
  const answered = responses.map(idOf)
  const isPermutation = JSON.stringify([...ids].sort()) === JSON.stringify([...answered].sort())
  assert.equal(breach === undefined, isPermutation, breach)
  if (breach === undefined) assert.deepEqual(aligned.map(idOf), ids)
  else checkNames(breach, ids, answered)
}

/** Whatever is wrong is named, up to five of each kind. */
function checkNames(breach: string, ids: readonly string[], answered: readonly string[]): void {
  const missing = ids.filter((id) => !answered.includes(id))
  const unknown = answered.filter((id) => !ids.includes(id))
  const twice = answered.filter((id, i) => ids.includes(id) && answered.indexOf(id) < i)
  for (const wrong of [missing, unknown, twice]) {
    for (const id of wrong.slice(0, 5))
      assert(breach.includes(JSON.stringify(id)), `${breach} does not name ${id}`)
  }
  assert.equal(breach.includes('no response for'), missing.length > 0)
  assert.equal(breach.includes('unknown ids'), unknown.length > 0)
  assert.equal(breach.includes('more than one response for'), twice.length > 0)
  assert(breach.includes(`${answered.length} responses for ${ids.length} messages`))
}

describe('an answer', () => {
  it('keeps the contract exactly where it has one response for each message', () => {
    fc.assert(fc.property(answerCases, checkAnswer), { numRuns: RUNS * 3 })
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a value of type string', 'ok'],
    ['a value of type object', { 0: Response.ok('a'), length: 1 }],
    ['a value of type object', new Set([Response.ok('a')])],
  ])('is a breach where it is no array: %s', (what, answer) => {
    const [message] = makeMessages([{ value: 'x', id: 'a' }])
    expect(checkResponses([message], answer, [], FORBIDDEN_NOTHING)).toContain(`answered with ${what}`)
  })

  it('names five ids of many, and how many more there are', () => {
    const batch = makeMessages(Array.from({ length: 8 }, (_, i) => ({ value: 'x', id: `m${i}` })))
    const breach = checkResponses(batch, [], [], FORBIDDEN_NOTHING)
    expect(breach).toContain('"m0", "m1", "m2", "m3", "m4" and 3 more')
  })

  it('may not have outcomes that are forbidden to the role', () => {
    const [message] = makeMessages([{ value: 'x', id: 'a' }])
    const forbidden = { forbidden: ['fallback', 'onSuccess'] as const }
    for (const response of [Response.fallback(message), Response.onSuccess(message)]) {
      expect(checkResponses([message], [response], [], forbidden)).toContain('"a"'.slice(1, -1))
    }
    expect(checkResponses([message], [Response.serve(message, 'x')], [], forbidden)).toBeUndefined()
  })

  it('of an ordered sink is a breach where an ok follows a failure of the same lane', () => {
    const answers = {
      ok: (message: Message) => Response.ok(message),
      failure: (message: Message) => Response.failure(message),
      hold: (message: Message) => Response.hold(message, { delayMs: 1 }),
      nack: (message: Message) => Response.nack(message, { reason: 'no' }),
    }
    const outcome = fc.constantFrom<keyof typeof answers>('ok', 'failure', 'hold', 'nack')
    fc.assert(
      fc.property(fc.array(fc.record({ lane: fc.nat(2), outcome }), { maxLength: 8 }), (given) => {
        const batch = makeMessages(given.map(({ lane }) => ({ value: String(lane) })))
        const answer = batch.map((message, i) => answers[given[i].outcome](message))
        const laneOf = (message: Message) => Number(message.text())
        const breach = checkResponses(batch, answer, [], { forbidden: [], laneOf })
        const failedBefore = (lane: number, i: number) =>
          given.slice(0, i).some((other) => other.lane === lane && other.outcome === 'failure')
        const isBreach = given.some(
          ({ lane, outcome }, i) => outcome === 'ok' && lane !== 0 && failedBefore(lane, i),
        )
        assert.equal(breach !== undefined, isBreach)
      }),
      { numRuns: RUNS },
    )
  })

  it.each<[string, (message: Message) => Response]>([
    ['serve', (message) => Response.serve(message, 'x')],
    ['onSuccess', (message) => Response.onSuccess(message)],
  ])(
    'of an ordered sink is a breach where %s, which is written too, follows a failure of the same lane',
    (_, written) => {
      const batch = makeMessages([{ value: 'x' }, { value: 'y' }])
      const answer = [Response.failure(batch[0]), written(batch[1])]
      expect(checkResponses(batch, answer, [], { forbidden: [], laneOf: () => 1 })).toBeDefined()
    },
  )
})

type Case = {
  seed: number
  count: number
  order: Order
  fanOut: number
  async: boolean
  concurrency: number
  batchMax: number
  onExhausted: OnExhausted
  capacityBytes: number
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  count: fc.integer({ min: 1, max: 40 }),
  order: fc.constantFrom<Order>('none', 'key', 'source'),
  fanOut: fc.constantFrom(1, 3),
  async: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 3 }),
  batchMax: fc.constantFrom(1, 4, 500),
  onExhausted: fc.constantFrom<OnExhausted>('fallback', 'drop', 'nack'),
  capacityBytes: fc.constantFrom(4096, 32_768),
})

const MESSAGE_BYTES = 100
const ATTEMPTS = 3

/** One time that the source gave a root: how many shares are out, and what came back. */
type Given = { open: number; nacked: boolean; served: string[]; isTold: boolean }

/** Sinks that answer anything, and the model of what is to come of it. */
class Play {
  readonly world: World
  readonly input: Case
  private readonly random: () => number
  private readonly given = new Map<string, Given>()
  private readonly left: number[]
  private readonly acked = new Set<number>()
  /** Failures of a message at a sink, in this delivery. */
  private readonly failures = new Map<string, number>()
  private readonly disposed = new Set<string>()
  /** How often each root was nacked: that many deliveries lie before the next one. */
  private readonly nacks = new Map<number, number>()

  constructor(input: Case) {
    this.input = input
    this.random = seeded(input.seed)
    this.left = Array.from({ length: input.count }, (_, number) => number)
    this.world = new World({
      topology: defineTopology({
        name: 'answers',
        source: this.source(),
        map: { handler: (message) => this.expand(message), threads: 1 },
        sink: this.sink('sink'),
        fallback: this.sink('fallback'),
        onSuccess: this.sink('onSuccess'),
        order: input.order,
        retry: { backoff: { initialMs: 1, maxMs: 4 } },
        limits: { inFlight: 64, messageBytes: MESSAGE_BYTES, maxDeliveries: 1000 },
      }),
      random: () => {
        if (this.world !== undefined) this.world.nowMs += 0.02
        return this.random()
      },
      capacityBytes: input.capacityBytes,
    })
  }

  checkEnd(): void {
    assert.equal(this.acked.size, this.input.count, 'each root is acked in the end')
    for (const [name, { open, isTold }] of this.given) assert(open === 0 && isTold, `${name} is not settled`)
  }

  private source(): Source {
    return {
      read: (max) =>
        this.left.length === 0
          ? null
          : this.left.splice(0, Math.min(max, 5)).map((number) => this.record(number)),
      ack: (acks) => {
        for (const { offset, answers } of acks) this.told(Number(offset), false, answers)
      },
      nack: (nacks) => {
        for (const { offset } of nacks) this.told(Number(offset), true)
      },
    }
  }

  private record(number: number): SourceRecord {
    const name = `${number}/${this.nacks.get(number) ?? 0}`
    this.given.set(name, { open: 1, nacked: false, served: [], isTold: false })
    return { value: String(number), offset: number, keys: number % 4 === 0 ? [] : [`key-${number % 3}`] }
  }

  /** The source is told once of each time, when everything has come back, and the truth. */
  private told(number: number, nack: boolean, answers: readonly Answer[] = []): void {
    this.require(() => {
      const deliveries = this.nacks.get(number) ?? 0
      const given = this.given.get(`${number}/${deliveries}`) as Given
      assert(!given.isTold, `${number} was told of twice`)
      assert.equal(given.open, 0, `${number} was told of while something of it is open`)
      assert.equal(nack, given.nacked, 'nacked where any share was')
      given.isTold = true
      if (nack) {
        this.nacks.set(number, deliveries + 1)
        this.left.push(number)
        return
      }
      this.acked.add(number)
      assert.deepEqual(answers.map(textOf).sort(), given.served.sort(), 'what was served arrives')
    })
  }

  private expand(message: Message): string[] | Message {
    const { fanOut } = this.input
    if (fanOut === 1) return message
    const count = Math.floor(this.random() * (fanOut + 1))
    this.givenOf(message).open += count - 1
    return Array.from({ length: count }, (_, i) => `${message.text()}.${i}`)
  }

  private sink(name: string): Sink {
    const { concurrency, batchMax, onExhausted, async } = this.input
    return {
      concurrency,
      batchMax,
      ...(name !== 'fallback' && {
        retry: { attempts: ATTEMPTS, onExhausted: name === 'sink' ? onExhausted : 'drop' },
      }),
      write: (batch) => {
        this.require(() =>
          assert.equal(new Set(batch.map(({ id }) => id)).size, batch.length, 'ids are unique in a batch'),
        )
        const answers = shuffled(
          batch.map((message) => this.answer(name, message)),
          this.random,
        )
        return async && this.random() < 0.7 ? this.world.later(answers) : answers
      },
    }
  }

  private answer(name: string, message: Message): Response {
    const response = this.choose(name, this.random() < 0.5 ? message : message.id)
    this.require(() => this.note(name, message, response))
    return response
  }

  private choose(name: string, ref: MessageRef): Response {
    const what = this.random() * (name === 'sink' ? 8 : 6)
    const size = this.random() < 0.05 ? MESSAGE_BYTES + 1 : Math.floor(this.random() * 20)
    if (what < 2) return Response.ok(ref)
    if (what < 3) return Response.failure(ref, new Error('no'))
    if (what < 4) return Response.hold(ref, { delayMs: Math.floor(this.random() * 5) })
    if (what < 4.5) return Response.nack(ref, { reason: 'no' })
    if (what < 6)
      return Response.serve(ref, 'p'.repeat(size), { status: 200 + size, headers: { size: String(size) } })
    if (what < 7) return Response.fallback(ref, 'not mine')
    return this.random() < 0.5
      ? Response.onSuccess(ref)
      : Response.onSuccess(ref, { value: 'o'.repeat(size) })
  }

  /** What the answer means for the root. */
  private note(name: string, message: Message, { outcome, detail, options }: Response): void {
    const key = `${name} ${message.id} ${message.delivery}`
    assert(!this.disposed.has(key), `${key} came again after its last answer`)
    if (outcome === 'hold') return
    const failures = (this.failures.get(key) ?? 0) + (outcome === 'failure' ? 1 : 0)
    this.failures.set(key, failures)
    if (outcome === 'failure' && (name === 'fallback' || failures < ATTEMPTS)) return
    this.disposed.add(key)
    const exhausted = name === 'sink' ? this.input.onExhausted : 'drop'
    const isTooLarge = sizeOf(outcome, detail) > MESSAGE_BYTES
    // These pass the share on, with another message.
    if (outcome === 'fallback' || (outcome === 'onSuccess' && !isTooLarge)) return
    if (outcome === 'failure' && exhausted === 'fallback') return
    const given = this.givenOf(message)
    given.open--
    if (outcome === 'nack' || isTooLarge || (outcome === 'failure' && exhausted === 'nack'))
      given.nacked = true
    else if (outcome === 'serve') given.served.push(servedText(detail as string, options as ServeOptions))
  }

  private givenOf(message: Message): Given {
    return this.given.get(`${message.id.split('.')[0]}/${message.delivery}`) as Given
  }

  /** An error that a sink or a source threw would be dealt with: this one ends the world. */
  private require(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.world.failure ??= error as Error
    }
  }
}

function sizeOf(outcome: string, detail: unknown): number {
  if (outcome === 'serve') return String(detail).length
  return outcome === 'onSuccess' && detail !== undefined
    ? String((detail as OnSuccessMessage).value).length
    : 0
}

function servedText(payload: string, { status, headers }: ServeOptions): string {
  return JSON.stringify([payload, status, headers])
}

function textOf({ payload, status, headers }: Answer): string {
  return servedText(payload.toString(), { status: status as number, headers: { ...headers } })
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

async function check(input: Case): Promise<void> {
  const play = new Play(input)
  await play.world.run()
  play.checkEnd()
}

async function expectNoticed(
  type: object,
  method: string,
  broken: (this: never, ...args: never[]) => unknown,
): Promise<void> {
  vi.spyOn(type as Record<string, () => unknown>, method).mockImplementation(broken as () => unknown)
  const { errorInstance } = await fc.check(fc.asyncProperty(cases, check), {
    numRuns: 100,
    endOnFailure: true,
  })
  expect(errorInstance).toBeInstanceOf(assert.AssertionError)
}

/** Runs a topology with these parts in a world. */
async function run(
  definition: Partial<TopologyOptions>,
  records: readonly SourceRecord[],
  seed = 1,
): Promise<void> {
  let isRead = false
  const source: Source = {
    read: () => {
      if (isRead) return null
      isRead = true
      return records
    },
  }
  const sink: Sink = { write: (batch) => batch.map(Response.ok) }
  const topology = defineTopology({
    name: 'answers',
    source,
    sink,
    limits: { messageBytes: MESSAGE_BYTES },
    ...definition,
  })
  const world = new World({ topology, random: seeded(seed), capacityBytes: 32_768, eventsMax: 5_000 })
  await world.run()
}

describe('answers in a world', { timeout: 300_000 }, () => {
  afterEach(() => void vi.restoreAllMocks())

  it('settle each root once, as they say, with what was served', async () => {
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: RUNS })
  })

  it('fail the test when a nack is taken for an ok', async () => {
    const { settle } = InFlight.prototype
    await expectNoticed(InFlight.prototype, 'settle', function (
      this: InFlight,
      sequence: number,
      lo: number,
      hi: number,
    ) {
      return settle.call(this, sequence, lo, hi, false)
    } as never)
  })

  it('fail the test when what was served is forgotten', async () => {
    await expectNoticed(Acks.prototype, 'answer', () => {})
  })

  it.each<[string, (message: Message) => unknown]>([
    ['serve with an object as payload', (message) => Response.serve(message, { answer: 42 } as never)],
    ['serve with a number as payload', (message) => Response.serve(message, 42 as never)],
    ['serve with nothing as payload', (message) => Response.serve(message, undefined as never)],
    [
      'serve with a number as header',
      (message) => Response.serve(message, 'x', { headers: { n: 5 as never } }),
    ],
    ['onSuccess with a number as value', (message) => Response.onSuccess(message, { value: 5 as never })],
    [
      'onSuccess with a number as key',
      (message) => Response.onSuccess(message, { value: 'x', keys: [5 as never] }),
    ],
    ['nack without options', (message) => Response.nack(message, undefined as never)],
    ['an outcome that nobody knows', (message) => ({ [BRAND]: true, ref: message.id, outcome: 'perhaps' })],
  ])('are a breach of the contract where they cannot be carried out: %s', async (_, answer) => {
    const sink: Sink = { write: (batch) => batch.map(answer) as Response[] }
    const onSuccess: Sink = { write: (batch) => batch.map(Response.ok) }
    await expect(run({ sink, onSuccess }, [{ value: 'x', offset: 1 }])).rejects.toMatchObject({
      code: 'ERR_SINK_CONTRACT',
    })
  })
})

describe('ids are unique in a batch', () => {
  function watched(answer: (message: Message) => Response, seen: string[][]): Sink {
    return {
      write: (batch) => {
        seen.push(batch.map(({ id }) => id))
        return batch.map((message) => answer(message))
      },
    }
  }

  function repeated(batches: readonly string[][]): string[][] {
    return batches.filter((ids) => new Set(ids).size < ids.length)
  }

  it('where the source gives one twice, and both are tried again', async () => {
    const seen: string[][] = []
    const answer = (message: Message) =>
      message.attempt === 1 ? Response.failure(message.id) : Response.ok(message.id)
    const sink = watched(answer, seen)
    const records = ['a', 'b'].map((value, offset) => ({ id: 'same', value, offset }))
    await run({ sink, retry: { backoff: { initialMs: 1, jitter: 0 } } }, records)
    expect(repeated(seen)).toEqual([])
  })

  it('where an id that is given is the same as one that is made of an offset', async () => {
    const seen: string[][] = []
    const sink = watched((message) => Response.ok(message.id), seen)
    await run({ sink }, [
      { id: '2', value: 'a', offset: 1 },
      { value: 'b', offset: 2 },
    ])
    expect(repeated(seen)).toEqual([])
  })

  it.each<[string, (message: Message) => Response]>([
    ['fallback', (message) => Response.fallback(message.id)],
    ['onSuccess', (message) => Response.onSuccess(message.id)],
  ])('where copies of a message, of two sinks, meet at the %s sink', async (name, answer) => {
    const seen: string[][] = []
    const sink = watched(answer, [])
    const special = watched((message) => Response.ok(message.id), seen)
    const routes = [{ when: { and: [] }, to: ['sink', 'other'] }]
    const records = Array.from({ length: 50 }, (_, offset) => ({ value: 'x', offset }))
    for (let seed = 1; seed <= 20; seed++)
      await run({ sink, sinks: { other: sink }, routes, [name]: special }, records, seed)
    expect(repeated(seen)).toEqual([])
  })
})
