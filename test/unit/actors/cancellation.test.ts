// Records that nobody waits for any more (R5), and the signals of their messages: actors stepped by hand, on the memory of a plan.

import { describe, expect, it } from 'vitest'
import type { Mapper } from '../../../src/actors/mapper.js'
import type { Actor } from '../../../src/kernel/actor.js'
import { CANCELLED, Cancellation } from '../../../src/kernel/cancellation.js'
import { type CounterName, Counters } from '../../../src/kernel/counters.js'
import { PARKED_WORD } from '../../../src/kernel/layout.js'
import type { Message } from '../../../src/kernel/message.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import type { Source, SourceNack, SourceRecord } from '../../../src/sources/source.js'
import { cancelFunction } from '../../../src/topology/cancel.js'
import { defineTopology } from '../../../src/topology/define.js'
import { createMemory, type PlanMemory } from '../../../src/topology/memory.js'
import { type Plan, planOf, readersOf } from '../../../src/topology/plan.js'
import type { MapHandler, MapStage, Order, TopologyOptions } from '../../../src/topology/types.js'
import { buildActor } from '../../../src/topology/wire.js'

const ORDERS: readonly Order[] = ['none', 'key', 'source']
const backoff = { initialMs: 10, factor: 1, maxMs: 10, jitter: 0 }

/** The actors of a topology whose source cancels. */
class Play {
  nowMs = 1_000
  failure: Error | undefined
  readonly memory: PlanMemory
  readonly cancel: NonNullable<ReturnType<typeof cancelFunction>>
  readonly acked: number[] = []
  readonly nacked: SourceNack[] = []
  readonly written: string[] = []
  readonly actors = new Map<string, Actor>()
  private readonly topology: ReturnType<typeof defineTopology>
  private readonly plan: Plan

  constructor(
    records: readonly SourceRecord[],
    map: MapStage | MapStage[],
    more: Partial<TopologyOptions> = {},
  ) {
    const left = [...records]
    const source: Source = {
      cancels: true,
      redelivers: false,
      read: (max) => left.splice(0, max),
      ack: (acks) => void this.acked.push(...acks.map(({ offset }) => Number(offset))),
      nack: (nacks) => void this.nacked.push(...nacks),
    }
    const sink: Sink = {
      write: (batch) => {
        this.written.push(...batch.map((message) => message.text()))
        return batch.map(Response.ok)
      },
    }
    const limits = { messageBytes: 200 }
    this.topology = defineTopology({ name: 'play', source, sink, map, order: 'none', limits, ...more })
    const plan = planOf(this.topology)
    this.plan = { ...plan, mailboxes: plan.mailboxes.map((each) => ({ ...each, capacityBytes: 2048 })) }
    this.memory = createMemory(this.plan)
    this.cancel =
      cancelFunction(this.plan, this.memory, readersOf(this.plan)[0]) ??
      (() => expect.fail('it cancels nothing'))
    for (const { name } of this.plan.actors) this.build(name)
  }

  build(name: string, incarnation = 0): void {
    const host = {
      clock: { now: () => this.nowMs },
      random: () => 0.5,
      log: { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} },
      wake: () => {},
      renew: () => {},
      fail: (error: Error) => {
        this.failure ??= error
      },
    }
    const life = { runKey: [1, 2] as const, incarnation, onDone: () => {} }
    const actor = buildActor(this.topology, this.plan, this.memory, this.numberOf(name), host, life)
    this.actors.set(name, actor)
  }

  numberOf(name: string): number {
    return this.plan.actors.findIndex((actor) => actor.name === name)
  }

  get mapper(): Mapper {
    return this.actors.get('map') as Mapper
  }

  /** The source's view of the memory of cancellations. */
  get ring(): Cancellation {
    return new Cancellation(this.memory.cancellation as SharedArrayBuffer, this.actors.size)
  }

  /** Steps some, or all, until they do nothing, and their promises too. */
  async run(...names: string[]): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      let work = 0
      for (const name of names.length > 0 ? names : this.actors.keys()) {
        work += (this.actors.get(name) as Actor).step()
        await new Promise((resolve) => setImmediate(resolve))
      }
      // What a promise has settled is there after a turn.
      idle = work === 0 ? idle + 1 : 0
    }
    if (this.failure !== undefined) throw this.failure
  }

  sum(name: CounterName): number {
    return this.memory.counters.reduce((total, each) => total + new Counters(each).get(name), 0)
  }

  get nackedOffsets(): number[] {
    return this.nacked.map(({ offset }) => Number(offset)).sort((one, other) => one - other)
  }
}

const recordsOf = (count: number): SourceRecord[] =>
  Array.from({ length: count }, (_, offset) => ({ value: String(offset), offset, keys: [`k${offset % 2}`] }))

/** A handler whose calls stay pending until they are told. */
function pendingCalls() {
  type Call = {
    message: Message
    signal: AbortSignal
    resolve: (value: string) => void
    reject: (error: unknown) => void
  }
  const calls: Call[] = []
  const handler: MapHandler = (message) =>
    new Promise((resolve, reject) => calls.push({ message, signal: message.signal, resolve, reject }))
  return { calls, handler }
}

const stageOf = (handler: MapHandler, more: Partial<MapStage> = {}): MapStage => ({
  handler,
  threads: 1,
  ...more,
})

describe.each(ORDERS)('a record that is cancelled, order %s', (order) => {
  it('before its handler is called is nacked with the reason, and the others go on', async () => {
    const called: string[] = []
    const handler = (message: Message) => {
      called.push(message.text())
      return message.text()
    }
    const play = new Play(recordsOf(6), stageOf(handler), { order })
    await play.run('reader')
    for (const offset of [1, 4n]) play.cancel(0, offset)
    await play.run()
    expect(called).toEqual(['0', '2', '3', '5'])
    expect(play.nackedOffsets).toEqual([1, 4])
    expect(play.nacked[0]).toMatchObject({ reason: CANCELLED, delayMs: 0 })
    expect(play.written.toSorted()).toEqual(['0', '2', '3', '5'])
    expect([play.acked.length, play.sum('cancelled')]).toEqual([4, 2])
  })

  it('while it waits for another attempt is not called again', async () => {
    const calls: string[] = []
    const handler = (message: Message) => {
      calls.push(`${message.text()} ${message.attempt}`)
      if (message.text() === '0' && message.attempt === 1) throw new Error('not yet')
      return message.text()
    }
    const play = new Play(recordsOf(3), stageOf(handler, { retry: { backoff } }), { order })
    await play.run()
    play.cancel(0, 0)
    play.nowMs += 20
    await play.run()
    expect(calls.toSorted()).toEqual(['0 1', '1 1', '2 1'])
    expect([play.nackedOffsets, play.acked.length]).toEqual([[0], 2])
    expect([play.sum('cancelled'), play.sum('failed'), play.sum('retried')]).toEqual([1, 1, 1])
  })

  it('while its handler is pending sees its signal abort; what it throws then is no failure', async () => {
    const { calls, handler } = pendingCalls()
    const play = new Play(recordsOf(2), stageOf(handler, { retry: { backoff } }), { order })
    await play.run()
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([false, false])
    play.cancel(0, 0)
    await play.run('map')
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false])
    const { reason } = calls[0].signal
    expect(reason).toBeInstanceOf(Error)
    expect([reason.name, reason.message]).toEqual(['AbortError', CANCELLED])
    calls[0].reject(reason)
    calls[1].resolve('done')
    await play.run()
    play.nowMs += 1_000
    await play.run()
    expect([calls.length, play.nackedOffsets, play.acked, play.written]).toEqual([2, [0], [1], ['done']])
    expect([play.sum('cancelled'), play.sum('failed')]).toEqual([1, 0])
  })

  it('is delivered none the less, where its handler does not care', async () => {
    const { calls, handler } = pendingCalls()
    const play = new Play(recordsOf(1), stageOf(handler), { order })
    await play.run()
    play.cancel(0, 0)
    await play.run('map')
    calls[0].resolve('done')
    await play.run()
    expect([play.acked, play.written, play.sum('cancelled')]).toEqual([[0], ['done'], 0])
  })

  it('between two stages costs the second one no call, for none of its messages', async () => {
    const texts: string[] = []
    const handlers: MapHandler[] = [
      (message) => [`${message.text()}a`, { value: `${message.text()}b` }, message],
      (message) => {
        texts.push(message.text())
        return message
      },
    ]
    const map = handlers.map((handler, i) => stageOf(handler, { name: `s${i}` }))
    const play = new Play(recordsOf(2), map, { order })
    await play.run('reader')
    await play.run('s0')
    play.cancel(0, 1)
    await play.run()
    expect(texts).toEqual(['0a', '0b', '0'])
    expect([play.nackedOffsets, play.acked, play.sum('cancelled')]).toEqual([[1], [0], 3])
  })
})

describe('a record that is cancelled', () => {
  it('while it waits to be written, or behind another of its lane, is not called', async () => {
    const { calls, handler } = pendingCalls()
    const records = recordsOf(30).map((record) => ({ ...record, value: '.'.repeat(180), keys: ['one'] }))
    const play = new Play(records, stageOf(handler), { order: 'key' })
    await play.run('reader', 'map')
    // One is pending; some lie in the mailbox, and some have no room there.
    for (let offset = 1; offset < 30; offset++) play.cancel(0, offset)
    await play.run('map', 'reader')
    calls[0].resolve('done')
    await play.run()
    expect([calls.length, play.acked, play.nacked.length, play.sum('cancelled')]).toEqual([1, [0], 29, 29])
  })

  it('is called when its source gives it again', async () => {
    const called: number[] = []
    const handler = (message: Message) => {
      called.push(message.delivery)
      return message.text()
    }
    const again: SourceRecord[] = [{ value: 'v', offset: 7 }]
    const source: Source = {
      cancels: true,
      read: () => again.splice(0),
      ack: () => {},
      nack: (nacks) => void again.push(...nacks.map(({ offset }) => ({ value: 'v', offset }))),
    }
    const play = new Play([], stageOf(handler), { source })
    await play.run('reader')
    play.cancel(0, 7)
    await play.run()
    play.nowMs += 20
    await play.run()
    expect([called, play.written]).toEqual([[1], ['v']])
  })

  it('is that of its partition alone', async () => {
    const records = [
      { value: 'of 0', offset: 5, partition: 0 },
      { value: 'of 1', offset: 5, partition: 1 },
    ]
    const play = new Play(
      records,
      stageOf((message) => message.text()),
    )
    await play.run('reader')
    play.cancel(1, 5)
    await play.run()
    expect(play.written).toEqual(['of 0'])
  })
})

describe('message.signal', () => {
  it.each(ORDERS)(
    'aborts when the handler takes too long, and that of the next attempt has not, order %s',
    async (order) => {
      const { calls, handler } = pendingCalls()
      const stage = stageOf(handler, { handlerTimeoutMs: 50, retry: { backoff } })
      const play = new Play(recordsOf(1), stage, { order })
      await play.run()
      play.nowMs += 50
      await play.run()
      const { reason, aborted } = calls[0].signal
      expect([aborted, reason.name]).toEqual([true, 'TimeoutError'])
      expect(reason.message).toBe('the handler gave no result within 50 ms')
      play.nowMs += 20
      await play.run()
      expect([calls.length, calls[1].signal.aborted]).toEqual([2, false])
      // The one that was given up may ask only now.
      expect([calls[0].message.signal.aborted, calls[1].message.signal]).toEqual([true, calls[1].signal])
      calls[1].resolve('done')
      await play.run()
      expect([play.written, calls[1].signal.aborted]).toEqual([['done'], false])
    },
  )

  it('aborts for the pull of a stream that takes too long, and not while the stream goes on', async () => {
    const signals: AbortSignal[] = []
    const handler = async function* (message: Message) {
      signals.push(message.signal)
      yield 'one'
      await new Promise((resolve) => setImmediate(resolve))
      signals.push(message.signal)
      yield 'two'
      await new Promise(() => {})
    }
    const play = new Play(recordsOf(1), stageOf(handler, { handlerTimeoutMs: 50 }))
    await play.run()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
    expect(signals[0]).toBe(signals[1])
    play.nowMs += 50
    await play.run()
    expect(signals[0].aborted).toBe(true)
  })

  it('may be asked for between two pulls of a stream', async () => {
    let ask: (() => AbortSignal) | undefined
    const handler = async function* (message: Message) {
      ask = () => message.signal
      yield 'one'
      yield 'two'
    }
    const play = new Play(recordsOf(1), stageOf(handler))
    await play.run('reader')
    while (ask === undefined) {
      play.mapper.step()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(ask().aborted).toBe(false)
    await play.run()
    expect([play.written, ask().aborted]).toEqual([['one', 'two'], true])
  })

  it('aborts when the topology ends without a drain, also one that is asked for later', async () => {
    const { calls, handler } = pendingCalls()
    const play = new Play(recordsOf(2), stageOf(handler, { concurrency: 1 }))
    await play.run()
    play.mapper.abandon('stopped')
    expect(calls[0].signal.reason.message).toBe('the topology stops: stopped')
    calls[0].resolve('done')
    await play.run('map')
    expect([calls.length, calls[1].signal.aborted]).toEqual([2, true])
  })

  it('is aborted from the start where the record was cancelled before it was asked for', async () => {
    let ask: () => AbortSignal = () => expect.fail('not called')
    const handler = (message: Message) => {
      ask = () => message.signal
      return new Promise<string>(() => {})
    }
    const play = new Play(recordsOf(1), stageOf(handler))
    await play.run()
    play.cancel(0, 0)
    expect(ask().reason.message).toBe(CANCELLED)
  })

  it('is one for a call, is not awaited after it, and is aborted for whoever asks then', async () => {
    const messages: Message[] = []
    const handler = (message: Message) => {
      messages.push(message)
      expect(message.signal).toBe(message.signal)
      return message.text() === '0' ? message.text() : Promise.resolve([message.text()])
    }
    const play = new Play(recordsOf(2), stageOf(handler))
    const number = play.numberOf('map')
    await play.run('reader')
    play.mapper.step()
    expect(play.ring.isAwaitedBy(number)).toBe(true)
    await play.run()
    expect(play.ring.isAwaitedBy(number)).toBe(false)
    expect(messages.map(({ signal }) => signal.aborted)).toEqual([true, true])
    expect(play.ring.isAwaitedBy(number)).toBe(false)
  })

  it('of a predecessor is not awaited by its successor', async () => {
    const play = new Play(recordsOf(1), stageOf(pendingCalls().handler))
    const number = play.numberOf('map')
    await play.run()
    expect(play.ring.isAwaitedBy(number)).toBe(true)
    play.build('map', 1)
    expect(play.ring.isAwaitedBy(number)).toBe(false)
  })

  it('wakes a map thread that is parked, only where it awaits one (W5)', async () => {
    const { calls, handler } = pendingCalls()
    const play = new Play(recordsOf(2), stageOf(handler, { concurrency: 1 }))
    const bell = new Int32Array(play.memory.bells[1])
    bell[PARKED_WORD] = 1
    play.cancel(0, 1)
    expect(bell[PARKED_WORD]).toBe(1)
    await play.run()
    bell[PARKED_WORD] = 1
    play.cancel(0, 0)
    expect([calls.length, bell[PARKED_WORD]]).toEqual([1, 0])
  })

  it('never aborts in a sink', async () => {
    const signals: AbortSignal[] = []
    const sink: Sink = {
      write: (batch) => {
        signals.push(...batch.map(({ signal }) => signal))
        return batch.map(Response.ok)
      },
    }
    const play = new Play(
      recordsOf(2),
      stageOf((message) => message),
      { sink },
    )
    await play.run()
    play.cancel(0, 0)
    await play.run()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
  })
})

it('a source that does not cancel has no memory for it, and no function', () => {
  const sink: Sink = { write: () => [] }
  const plan = planOf(defineTopology({ name: 'none', source: { read: () => null }, sink, threads: 0 }))
  const memory = createMemory(plan)
  const [reader] = readersOf(plan)
  expect([memory.cancellation, cancelFunction(plan, memory, reader)]).toEqual([undefined, undefined])
})

it('the deadline of a record is that of all its messages, at every stage and sink', async () => {
  const seen: (number | undefined)[] = []
  const look = (message: Message) => void seen.push(message.deadline)
  const sink: Sink = {
    write: (batch) => {
      batch.forEach(look)
      return batch.map(Response.ok)
    },
  }
  const handlers: MapHandler[] = [
    (message) => {
      look(message)
      return ['a', { value: 'b', keys: ['k'] }]
    },
    (message) => {
      look(message)
      return message.text()
    },
  ]
  const map = handlers.map((handler, i) => stageOf(handler, { name: `s${i}` }))
  const play = new Play([{ value: 'v', offset: 1, deadline: 1_234_567_890_123.5 }], map, { sink })
  await play.run()
  expect(seen).toEqual(Array(5).fill(1_234_567_890_123.5))
})
