// A mapper's calls: which are given up and when, whom a death is held against, and that a suspect has nobody beside it.

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CallTimes } from '../../../src/actors/call-times.js'
import { MapCalls } from '../../../src/actors/map-calls.js'
import { MapSignals } from '../../../src/actors/map-signals.js'
import { MapTask } from '../../../src/actors/map-task.js'
import type { Host } from '../../../src/kernel/actor.js'
import { Cell, createCellMemory, userCodeOf } from '../../../src/kernel/cell.js'
import { encode, kindWord, MESSAGE } from '../../../src/kernel/codec.js'
import { Counters, createCountersMemory } from '../../../src/kernel/counters.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { STATE } from '../../../src/kernel/layout.js'
import { createMailboxMemory } from '../../../src/kernel/mailbox.js'
import { Message } from '../../../src/kernel/message.js'
import { Outbound } from '../../../src/kernel/outbound.js'
import { accuse, deliveriesOf, isSuspect } from '../../../src/kernel/suspicion.js'

const RUNS = Number(process.env.RUNS ?? 200)
const TIMEOUT_MS = 100

/** A promise, and how it is settled. */
function deferred() {
  let resolve: (value: string) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<string>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

class Play {
  nowMs = 1_000
  wakes = 0
  readonly results: string[] = []
  readonly counters = new Counters(createCountersMemory())
  readonly tasks: MapTask[]
  readonly calls: MapCalls
  readonly cell: Cell
  readonly inbound: Inbound
  private readonly cellMemory = createCellMemory({ inbounds: [0], outbounds: [], registers: [] })
  private readonly memory = createMailboxMemory(2048)
  private readonly bell = new Doorbell()

  constructor(count = 6) {
    const outbound = new Outbound(this.mailbox)
    for (let sequence = 1; sequence <= count; sequence++) {
      const head = { epoch: 1, sequence, lane: 0, shareLo: sequence, shareHi: 0 }
      encode(outbound, kindWord(MESSAGE), head, {}, 'x'.repeat(136), 200)
    }
    outbound.publish(0)
    this.inbound = new Inbound(this.mailbox)
    this.cell = new Cell(this.cellMemory, [this.inbound], [], 0)
    this.tasks = Array.from({ length: count }, () => {
      this.inbound.peek()
      return new MapTask(new Message(this.inbound, this.inbound.take()))
    })
    const host = { clock: { now: () => this.nowMs }, wake: () => this.wakes++ } as unknown as Host
    const { cell, counters } = this
    const times = new CallTimes(host.clock, counters)
    const signals = new MapSignals({ cell, number: 0 })
    this.calls = new MapCalls({ cell, counters, timeoutMs: TIMEOUT_MS, times, signals }, host)
  }

  get userCode() {
    return userCodeOf(this.cellMemory)
  }

  /** A call that returns a promise. */
  begin(number: number) {
    const task = this.tasks[number]
    const settle = deferred()
    this.calls.enter(task.message)
    this.calls.leave()
    this.calls.follow(
      task,
      settle.promise,
      (value) => this.results.push(`${number} ${value}`),
      (error) => this.results.push(`${number} ${(error as Error).message}`),
    )
    return settle
  }

  expire(): number[] {
    const expired: number[] = []
    for (let task = this.calls.expired(this.nowMs); task !== undefined; task = this.calls.expired(this.nowMs))
      expired.push(this.tasks.indexOf(task))
    return expired
  }

  /** The thread dies: whom does its successor suspect, and of how many deaths? */
  die(): Record<number, number> {
    const inbound = new Inbound(this.mailbox)
    new Cell(this.cellMemory, [inbound], [], 0, true)
    const entries = this.tasks.flatMap(({ message: { at } }, number) =>
      isSuspect(inbound.ring.words, at) ? [[number, deliveriesOf(inbound.ring.words, at)] as const] : [],
    )
    return Object.fromEntries(entries)
  }

  suspect(number: number): void {
    accuse(this.inbound.ring.words, this.tasks[number].message.at, 1)
  }

  private get mailbox() {
    return { memory: this.memory, producerBell: this.bell, consumerBell: this.bell }
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

let play: Play
beforeEach(() => {
  play = new Play()
})
afterEach(() => void vi.restoreAllMocks())

describe('a pending call', () => {
  it('is told how its promise settles, once, and wakes the actor', async () => {
    const [first, second] = [play.begin(0), play.begin(1)]
    expect([play.calls.idle, play.userCode]).toEqual([false, 'awaited'])
    first.resolve('done')
    second.reject(new Error('refused'))
    await turn()
    expect(play.results.toSorted()).toEqual(['0 done', '1 refused'])
    expect([play.calls.idle, play.userCode, play.wakes]).toEqual([true, 'none', 2])
  })

  it('is given up when its time is over, oldest first, and not before', () => {
    play.begin(0)
    play.nowMs += 40
    play.begin(1)
    expect(play.calls.dueMs).toBe(1_100)
    play.nowMs = 1_099
    expect(play.expire()).toEqual([])
    play.nowMs = 1_100
    expect(play.expire()).toEqual([0])
    expect(play.calls.dueMs).toBe(1_140)
    play.nowMs = 1_140
    expect(play.expire()).toEqual([1])
    expect([play.calls.dueMs, play.userCode]).toEqual([Number.POSITIVE_INFINITY, 'none'])
  })

  it('that was given up keeps its bytes until its promise settles, whose result nobody gets (M5)', async () => {
    const call = play.begin(0)
    play.nowMs += TIMEOUT_MS
    play.expire()
    for (const { message } of play.tasks.slice(0, 2)) play.inbound.settle(message.place, play.cell.pending)
    expect(play.inbound.pinnedBytes).toBe(400)
    call.resolve('too late')
    await turn()
    expect(play.results).toEqual([])
    expect([play.inbound.pinnedBytes, play.counters.get('late'), play.wakes]).toEqual([0, 1, 1])
  })

  it('of a second attempt counts, while that of the first does not any more', async () => {
    const first = play.begin(0)
    play.nowMs += TIMEOUT_MS
    play.expire()
    const second = play.begin(0)
    first.resolve('of the first')
    await turn()
    expect([play.results, play.calls.idle]).toEqual([[], false])
    second.resolve('of the second')
    await turn()
    expect(play.results).toEqual(['0 of the second'])
  })

  it('that is over leaves the record alone: its bytes may be another’s by now', async () => {
    play.begin(0).resolve('done')
    await turn()
    const { inbound, at } = play.tasks[0].message
    inbound.ring.words[at + STATE] = 0xffff
    play.begin(1)
    expect(inbound.ring.words[at + STATE]).toBe(0xffff)
  })

  it('that was given up is too much once it keeps half of a mailbox', () => {
    play.begin(0)
    play.nowMs += TIMEOUT_MS
    play.expire()
    for (const [number, { message }] of play.tasks.entries()) {
      play.inbound.settle(message.place, play.cell.pending)
      // 200 bytes each, of 2,048.
      expect(play.calls.pinsTooMuch).toBe(number + 1 > 5)
    }
  })
})

describe('a death', () => {
  it('is held against the one on the stack, and against nobody pending beside it', () => {
    play.begin(0)
    play.calls.enter(play.tasks[1].message)
    expect(play.die()).toEqual({ 0: 0, 1: 1 })
  })

  it('is held against a pending one that has been alone, and against none of several', () => {
    play.begin(0)
    expect(play.die()).toEqual({ 0: 1 })
    play = new Play()
    play.begin(0)
    play.begin(1)
    expect(play.die()).toEqual({ 0: 0, 1: 0 })
  })

  it('is not held against one that has had company, though it is alone now', async () => {
    play.begin(0)
    play.begin(1).resolve('done')
    await turn()
    expect(play.die()).toEqual({ 0: 0 })
  })

  it('makes no suspect of one whose call is over, or was given up', async () => {
    play.begin(0).resolve('done')
    play.begin(1)
    await turn()
    play.nowMs += TIMEOUT_MS
    play.expire()
    expect(play.die()).toEqual({})
  })

  it('is held against whom it should, whatever was called before', async () => {
    type Op = { do: 'begin' | 'sync' | 'settle' | 'expire'; pick: number }
    const ops = fc.array(
      fc.record({
        do: fc.constantFrom<Op['do']>('begin', 'begin', 'sync', 'settle', 'expire'),
        pick: fc.nat(99),
      }),
      { maxLength: 20 },
    )
    const property = fc.asyncProperty(ops, async (given) => {
      const own = new Play()
      /** Pending: number of the task, and whether it has been alone all the time. */
      const pending = new Map<number, { isAlone: boolean; resolve: (value: string) => void }>()
      for (const { do: what, pick } of given) {
        const number = pick % own.tasks.length
        if (what === 'begin' && !pending.has(number)) {
          const isAlone = pending.size === 0
          for (const each of pending.values()) each.isAlone = false
          pending.set(number, { isAlone, resolve: own.begin(number).resolve })
        } else if (what === 'sync' && !pending.has(number)) {
          own.calls.enter(own.tasks[number].message)
          own.calls.leave()
          for (const each of pending.values()) each.isAlone = false
        } else if (what === 'settle' && pending.has(number)) {
          pending.get(number)?.resolve('done')
          await turn()
          pending.delete(number)
        } else if (what === 'expire') {
          own.nowMs += TIMEOUT_MS
          own.expire()
          pending.clear()
        }
      }
      const expected = [...pending].map(([number, { isAlone }]) => [number, isAlone ? 1 : 0])
      expect(own.die()).toEqual(Object.fromEntries(expected))
    })
    await fc.assert(property, { numRuns: RUNS })
    vi.spyOn(MapCalls.prototype as unknown as { disturb(): void }, 'disturb').mockImplementation(() => {})
    expect((await fc.check(property, { numRuns: RUNS })).failed).toBe(true)
  })
})

describe('a suspect', () => {
  it('waits until nobody else is in user code, and nobody is called before it meanwhile', async () => {
    const call = play.begin(0)
    play.suspect(1)
    expect(play.calls.admits(play.tasks[1])).toBe(false)
    expect(play.calls.closed).toBe(true)
    expect(play.calls.admits(play.tasks[2])).toBe(false)
    call.resolve('done')
    await turn()
    expect(play.calls.admits(play.tasks[2])).toBe(false)
    expect(play.calls.admits(play.tasks[1])).toBe(true)
  })

  it('has nobody beside it, until its call is over; then it is innocent', async () => {
    play.suspect(1)
    expect(play.calls.admits(play.tasks[1])).toBe(true)
    const call = play.begin(1)
    expect(play.calls.admits(play.tasks[2])).toBe(false)
    call.resolve('done')
    await turn()
    expect([play.calls.closed, play.calls.admits(play.tasks[2])]).toEqual([false, true])
    play.calls.acquit(play.tasks[1])
    const { inbound, at } = play.tasks[1].message
    expect([isSuspect(inbound.ring.words, at), deliveriesOf(inbound.ring.words, at)]).toEqual([false, 1])
    expect(inbound.ring.words[at + STATE] & 7).toBe(0)
  })

  it('lets the next in when its call was synchronous, or given up', () => {
    play.suspect(1)
    play.calls.admits(play.tasks[1])
    play.calls.enter(play.tasks[1].message)
    play.calls.leave()
    play.calls.over(play.tasks[1])
    expect(play.calls.closed).toBe(false)
    play.suspect(2)
    play.calls.admits(play.tasks[2])
    play.begin(2)
    play.nowMs += TIMEOUT_MS
    expect(play.expire()).toEqual([2])
    expect(play.calls.closed).toBe(false)
  })
})
