// Notes of what is about to be given to user code: whatever is in it lies in the latest note, and who is noted alone is alone.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BegunNotes,
  type Chunk,
  type Journal,
  type Range,
  type Suspects,
} from '../../../src/actors/begun-notes.js'
import type { MapHandler } from '../../../src/actors/map-handler.js'
import { encode, kindWord, MESSAGE } from '../../../src/kernel/codec.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { Isolation } from '../../../src/kernel/isolation.js'
import { ISOLATION_BYTES } from '../../../src/kernel/layout.js'
import { createMailboxMemory } from '../../../src/kernel/mailbox.js'
import { Message } from '../../../src/kernel/message.js'
import { Outbound } from '../../../src/kernel/outbound.js'
import { deliveriesOf, isSuspect } from '../../../src/kernel/suspicion.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { defineTopology } from '../../../src/topology/define.js'
import { createMemory } from '../../../src/topology/memory.js'
import { planOf } from '../../../src/topology/plan.js'
import type { TopologyOptions } from '../../../src/topology/types.js'
import { buildActor } from '../../../src/topology/wire.js'

const RUNS = Number(process.env.RUNS ?? 100)
const NOBODY: Suspects = { ranges: [], deliveries: {} }

class Recorder implements Journal {
  private readonly memory = new SharedArrayBuffer(ISOLATION_BYTES)
  readonly isolation = new Isolation(this.memory, 1)
  ranges: readonly Range[] = []
  isAlone = false
  writes = 0
  readonly suspects: Suspects

  constructor(suspects = NOBODY) {
    this.suspects = suspects
  }

  write(ranges: readonly Range[], isAlone: boolean): void {
    this.ranges = ranges.map((range) => [...range] as Range)
    this.isAlone = isAlone
    this.writes++
  }

  /** Tells whether the suspect of another thread may have its turn. */
  get isFree(): boolean {
    const other = new Isolation(this.memory, 2)
    const isFree = other.take()
    other.release()
    return isFree
  }

  has({ partition = 0, offset }: Position): boolean {
    return this.ranges.some(
      ([of, lowest, highest]) => of === partition && lowest <= offset && offset <= highest,
    )
  }
}

type Position = { partition?: number; offset: number }

/** A mailbox with a record at each of these positions; undefined: a record without one. */
function mailboxOf(positions: readonly (Position | undefined)[]): Inbound {
  const bell = new Doorbell()
  const mailbox = { memory: createMailboxMemory(256 * 1024), producerBell: bell, consumerBell: bell }
  const outbound = new Outbound(mailbox)
  positions.forEach((position, i) => {
    const head = { epoch: 1, sequence: i + 1, lane: 0, shareLo: i + 1, shareHi: 0 }
    encode(outbound, kindWord(MESSAGE), head, position ?? {}, 'x', 1)
  })
  outbound.publish(0)
  return new Inbound(mailbox)
}

function take(inbound: Inbound): Message {
  expect(inbound.peek()).toBe(true)
  return new Message(inbound, inbound.take())
}

const upTo = (count: number): Position[] => Array.from({ length: count }, (_, offset) => ({ offset }))

describe('notes', () => {
  it('are made for many records at once, before the first of them is begun', () => {
    const journal = new Recorder()
    const notes = new BegunNotes(journal)
    const inbound = mailboxOf(upTo(300))
    for (let offset = 0; offset < 300; offset++) {
      expect(inbound.peek()).toBe(true)
      notes.ahead(inbound)
      expect(journal.has({ offset })).toBe(true)
      inbound.take()
    }
    expect(journal.writes).toBe(2)
    expect(journal.ranges).toEqual([[0, 256, 299]])
  })

  it('keep what is pending, until it is over', () => {
    const journal = new Recorder()
    const notes = new BegunNotes(journal)
    const inbound = mailboxOf(upTo(600))
    const chunks: Chunk[] = []
    const takeAll = (count: number) => {
      for (let i = 0; i < count; i++) {
        inbound.peek()
        notes.ahead(inbound)
        inbound.take()
      }
    }
    takeAll(1)
    chunks.push(notes.hold(), notes.hold())
    takeAll(256)
    expect(journal.ranges).toEqual([[0, 0, 511]])
    notes.release(chunks[0])
    takeAll(256)
    expect(journal.ranges).toEqual([[0, 0, 599]])
    notes.release(chunks[1])
    notes.these([new Message(inbound, inbound.position - 64)], false)
    expect(journal.has({ offset: 0 })).toBe(false)
  })

  it('of one inbound stay while another is noted: both may be in the same batch, or begun in turn', () => {
    const journal = new Recorder()
    const notes = new BegunNotes(journal)
    const inbounds = [0, 1].map((partition) => mailboxOf(upTo(3).map((each) => ({ ...each, partition }))))
    for (const inbound of inbounds) {
      inbound.peek()
      notes.ahead(inbound)
    }
    take(inbounds[0])
    notes.ahead(inbounds[0])
    notes.hold()
    expect(journal.ranges.toSorted()).toEqual([
      [0, 0, 2],
      [1, 0, 2],
    ])
    // A pending one of the first inbound stays noted beside whatever comes.
    notes.these([take(inbounds[1])], false)
    expect(journal.has({ partition: 0, offset: 0 })).toBe(true)
  })

  it('are made again of those ahead, after a note that named others', () => {
    const journal = new Recorder()
    const notes = new BegunNotes(journal)
    const inbound = mailboxOf(upTo(3))
    inbound.peek()
    notes.ahead(inbound)
    const first = take(inbound)
    notes.these([first], false)
    notes.ahead(inbound)
    expect(journal.has({ offset: 1 })).toBe(true)
  })

  it('are of nobody once all are over', () => {
    const journal = new Recorder()
    const notes = new BegunNotes(journal)
    const inbound = mailboxOf(upTo(3))
    inbound.peek()
    notes.ahead(inbound)
    notes.clear()
    expect(journal.ranges).toEqual([])
    // What was noted ahead is noted again before it is begun.
    notes.ahead(inbound)
    expect(journal.ranges).toEqual([[0, 0, 2]])
  })

  it('say alone only where no other call is pending', () => {
    const journal = new Recorder()
    const notes = new BegunNotes(journal)
    const inbound = mailboxOf(upTo(2))
    const [first, second] = [take(inbound), take(inbound)]
    notes.these([first], false)
    const chunk = notes.hold()
    notes.these([second], true)
    expect([journal.isAlone, journal.has({ offset: 0 }), journal.has({ offset: 1 })]).toEqual([
      false,
      true,
      true,
    ])
    notes.release(chunk)
    notes.these([second], true)
    expect([journal.isAlone, journal.ranges]).toEqual([true, [[0, 1, 1]]])
  })

  it('tell sixteen partitions apart, and pass over records without a position', () => {
    const journal = new Recorder()
    const notes = new BegunNotes(journal)
    const positions = Array.from({ length: 20 }, (_, partition) => ({
      partition,
      offset: 2 ** 40 + partition,
    }))
    const inbound = mailboxOf([undefined, ...positions])
    inbound.peek()
    notes.ahead(inbound)
    expect(journal.ranges).toEqual(
      positions.slice(0, 16).map(({ partition, offset }) => [partition, offset, offset]),
    )
  })

  it('make suspects of what the process before had in hand, with its deaths, and of nobody else', () => {
    const suspects: Suspects = {
      ranges: [
        [0, 2, 3],
        [5, 0, 0],
      ],
      deliveries: { '0:3': 2, '0:9': 7 },
    }
    const notes = new BegunNotes(new Recorder(suspects))
    const positions = [...upTo(5), { partition: 5, offset: 0 }, { offset: 9 }, undefined]
    const inbound = mailboxOf(positions)
    inbound.peek()
    notes.ahead(inbound)
    const { words } = inbound.ring
    const seen = positions.map(() => {
      const { at } = take(inbound)
      return isSuspect(words, at) ? deliveriesOf(words, at) : undefined
    })
    expect(seen).toEqual([undefined, undefined, 0, 2, undefined, 0, undefined, undefined])
  })

  it('name all that is in user code at any time', () => {
    type Op = { do: 'begin' | 'beginAgain' | 'over'; pick: number }
    const ops = fc.array(
      fc.record({
        do: fc.constantFrom<Op['do']>('begin', 'begin', 'begin', 'beginAgain', 'over', 'over'),
        pick: fc.nat(1_000),
      }),
      { maxLength: 150, size: 'max' },
    )
    fc.assert(
      fc.property(ops, (given) => {
        const journal = new Recorder()
        const notes = new BegunNotes(journal)
        const inbound = mailboxOf(upTo(300))
        const pending: { message: Message; chunk: Chunk; offset: number }[] = []
        const over: Message[] = []
        for (const { do: what, pick } of given) {
          if (what === 'over' && pending.length > 0) {
            const [{ message, chunk }] = pending.splice(pick % pending.length, 1)
            notes.release(chunk)
            over.push(message)
            continue
          }
          if (what === 'begin' && inbound.peek()) notes.ahead(inbound)
          else if (what === 'beginAgain' && over.length > 0)
            notes.these([over[pick % over.length]], pick % 2 === 0)
          else continue
          const message = what === 'begin' ? take(inbound) : over.splice(pick % over.length, 1)[0]
          const offset = Number(message.offset)
          expect(journal.has({ offset }), `${what} ${offset}`).toBe(true)
          // Some are over at once, and never pending.
          if (pick % 3 > 0) pending.push({ message, chunk: notes.hold(), offset })
          for (const each of pending) expect(journal.has(each), `pending ${each.offset}`).toBe(true)
          if (journal.isAlone) expect(pending.filter((each) => each.offset !== offset)).toEqual([])
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('the actors of a topology', () => {
  type Journals = Record<string, Recorder>

  /** Runs all actors of a topology in turns, each with a journal, until the reader is done. */
  async function run(journals: Journals, options: Partial<TopologyOptions>, count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, offset) => ({
      value: 'x',
      offset,
      keys: [`key-${offset % 50}`],
    }))
    const source = { read: (max: number) => (records.length === 0 ? null : records.splice(0, max)) }
    const sink = { write: (batch: readonly Message[]) => batch.map(Response.ok) }
    const topology = defineTopology({
      name: 'notes',
      source,
      sink,
      limits: { messageBytes: 1_000 },
      ...options,
    })
    const plan = planOf(topology)
    const memory = createMemory(plan)
    let nowMs = 0
    let isDone = false
    const onDone = () => {
      isDone = true
    }
    const log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, fatal() {} }
    const fail = (error: Error) => {
      throw error
    }
    const host = { clock: { now: () => nowMs }, random: () => 0.5, log, wake() {}, renew() {}, fail }
    const actors = plan.actors.map(({ name }, index) => {
      const life = { runKey: [1, 2] as const, incarnation: 0, onDone, journal: journals[name] }
      return buildActor(topology, plan, memory, index, host, life)
    })
    for (let turns = 0; !isDone; turns++) {
      expect(turns).toBeLessThan(10_000)
      for (const actor of actors) actor.step()
      await new Promise((resolve) => setImmediate(resolve))
      nowMs++
    }
  }

  const journals = (...names: string[]): Journals =>
    Object.fromEntries(names.map((name) => [name, new Recorder()]))
  const places = (batch: readonly Message[]) => batch.map(({ offset }) => ({ offset: Number(offset) }))

  it('note the whole of a batch, over all mailboxes it comes from, before the sink gets it', async () => {
    const own = journals('sink')
    const unnoted: Position[] = []
    let largest = 0
    const sink: Sink = {
      ordered: true,
      write: (batch) => {
        largest = Math.max(largest, batch.length)
        // To throw would only be one more failed attempt.
        unnoted.push(...places(batch).filter((place) => !own.sink.has(place)))
        // Some are tried again.
        return batch.map((message, i) =>
          i % 7 === 3 && message.attempt === 1 ? Response.failure(message) : Response.ok(message),
        )
      },
    }
    await run(own, { sink, order: 'none', map: { handler: (message) => message, threads: 2 } }, 3_000)
    expect(unnoted).toEqual([])
    // More than are noted ahead.
    expect(largest).toBe(500)
  })

  it('note each message before its handler is called, whatever is tried again or pending meanwhile', async () => {
    const own = journals('map-0', 'map-1')
    const unnoted: number[] = []
    const pending = [new Set<number>(), new Set<number>()]
    const handler: MapHandler = async (message, { thread }) => {
      const offset = Number(message.offset)
      pending[thread].add(offset)
      const missing = [...pending[thread]].filter((each) => !own[`map-${thread}`].has({ offset: each }))
      unnoted.push(...missing)
      if (offset % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      pending[thread].delete(offset)
      if (offset % 5 === 0 && message.attempt === 1) throw new Error('not yet')
      return message
    }
    const retry = { backoff: { initialMs: 3 } }
    await run(own, { map: { handler, threads: 2, concurrency: 8, retry }, order: 'key' }, 1_000)
    expect(unnoted).toEqual([])
  })

  const ends = ['returns', 'throws', 'resolves', 'rejects', 'is not called'] as const
  const cases = (['map', 'sink'] as const).flatMap((actor) => ends.map((end) => [actor, end] as const))
  it.each(cases)('end the turn of a suspect: %s %s', async (actor, end) => {
    const deliveries: Suspects['deliveries'] = end === 'is not called' ? { '0:2': 3 } : {}
    const journal = new Recorder({ ranges: [[0, 2, 2]], deliveries })
    let hadTurn = false
    const call = <Result>(messages: readonly Message[], result: Result): Result | Promise<Result> => {
      const isSuspect = messages.some(({ offset, attempt }) => Number(offset) === 2 && attempt === 1)
      if (!isSuspect) return result
      hadTurn = !journal.isFree
      if (end === 'throws') throw new Error('not yet')
      if (end === 'rejects') return Promise.reject(new Error('not yet'))
      return end === 'resolves' ? Promise.resolve(result) : result
    }
    const ok = (batch: readonly Message[]) => batch.map(Response.ok)
    const isSink = actor === 'sink'
    const map = isSink ? undefined : (message: Message) => call([message], message)
    const sink: Sink = { write: (batch) => (isSink ? call(batch, ok(batch)) : ok(batch)) }
    await run({ [actor]: journal }, { ...(map && { map }), sink, fallback: { write: ok } }, 5)
    expect([hadTurn, journal.isFree]).toEqual([end !== 'is not called', true])
  })
})
