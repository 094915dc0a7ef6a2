// The checker itself: fed what breaks a promise, it complains; fed the same without the fault, it does not.

import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/kernel/message.js'
import { Response } from '../../src/sinks/response.js'
import { seeded } from '../../src/testing/seeded.js'
import { Coverage } from '../../src/testing/simulation/coverage.js'
import { Ledger } from '../../src/testing/simulation/ledger.js'
import { keysOf, recordOf } from '../../src/testing/simulation/nature.js'
import { type Script, scriptOf } from '../../src/testing/simulation/script.js'
import { scriptedTopology } from '../../src/testing/simulation/scripted-topology.js'
import { nameIn, valueNamed } from '../../src/testing/simulation/texts.js'
import type { SinkRole } from '../../src/topology/types.js'
import { makeMessages } from '../support/messages.js'

const plain = {
  ordered: false,
  atomic: false,
  batchMax: 500,
  concurrency: 2,
  timeoutMs: 20,
  asyncRate: 0,
  oddRate: 0,
}
const SINK = { ...plain, name: 'sink', attempts: 2, onExhausted: 'fallback' as const }
const STAGE = {
  name: 's1',
  level: 0,
  when: undefined,
  isBranch: false,
  degrade: undefined,
  threads: 1,
  concurrency: 8,
  timeoutMs: 20,
  attempts: 2,
  onExhausted: 'fallback' as const,
  rekey: false,
  oddRate: 0,
}

/** A ledger of a script of one sink, without chance. */
class Book {
  nowMs = 0
  readonly complaints: string[] = []
  readonly script: Script
  readonly ledger: Ledger
  readonly coverage: Coverage
  readonly sink: SinkRole
  readonly fallback: SinkRole

  constructor(more: Partial<Script> = {}) {
    this.script = {
      ...scriptOf(1, seeded(1)),
      seed: 1,
      count: 10,
      keyCount: 1,
      order: 'key',
      stages: [],
      sinks: [SINK],
      fallback: { ...plain, name: 'fallback', attempts: Number.POSITIVE_INFINITY, onExhausted: 'drop' },
      onSuccess: undefined,
      routes: [],
      killRate: 0,
      readers: 1,
      ...more,
    }
    const never = () => {
      throw new Error('nothing is run here')
    }
    const parts = { script: this.script, random: seeded(1), world: never, ledger: never }
    const { topology } = scriptedTopology(parts)
    this.ledger = new Ledger({
      topology,
      readers: this.script.readers,
      now: () => this.nowMs,
      nameOf: (message) => nameIn(message.text()),
      broken: (rule, what) => void this.complaints.push(`${rule}: ${what}`),
      tell: () => {},
    })
    this.coverage = new Coverage(this.script, this.ledger)
    this.ledger.missing = (giving) => this.coverage.missing(giving)
    this.ledger.mayNack = (giving) => this.coverage.mayNack(giving)
    ;[this.sink] = topology.sinks
    this.fallback = topology.fallback as SinkRole
  }

  /** The rules that were broken. */
  get rules(): string[] {
    return this.complaints.map((complaint) => complaint.split(':')[0])
  }

  give(...numbers: number[]): Message[] {
    this.ledger.given(numbers.map((number) => recordOf(this.script, number)))
    return makeMessages(
      numbers.map((number) => ({ ...recordOf(this.script, number), value: valueNamed(String(number)) })),
    )
  }

  /** A sink is given messages in one write, answers, and its actor knows and has committed it. */
  write(messages: readonly Message[], answer = Response.ok, role = this.sink): void {
    const batch = this.ledger.offers.offered(role, 'egress', messages)
    this.ledger.offers.answered(
      batch,
      messages,
      messages.map((message) => answer(message)),
    )
    this.ledger.offers.told(batch)
    this.ledger.offers.stepped(role.name, false)
  }

  ack(...offsets: number[]): void {
    this.ledger.acked(offsets.map((offset) => ({ partition: 0, offset: BigInt(offset) })))
  }

  nack(...offsets: number[]): void {
    this.ledger.nacked(offsets.map((offset) => ({ partition: 0, offset: BigInt(offset) })))
  }
}

/** Two records with the same keys. */
function twins(script: Script): [number, number] {
  const keyed = Array.from({ length: 10 }, (_, number) => number).filter(
    (number) => keysOf(script, number).length > 0,
  )
  return [keyed[0], keyed[1]]
}

describe('the checker', () => {
  it('has nothing to say where all is well', () => {
    const book = new Book({ order: 'none' })
    const messages = book.give(0, 1, 2)
    book.write(messages)
    book.ack(2, 0, 1)
    expect(book.complaints).toEqual([])
  })

  it('sees a lost message (I1)', () => {
    const book = new Book({ order: 'none' })
    const [first] = book.give(0, 1)
    book.write([first])
    book.ack(0, 1)
    expect(book.complaints).toEqual([
      'I1: record 0:1 is acked, though 1 was not written by sink (never offered)',
    ])
  })

  it('sees an ack for a message that was held (I1)', () => {
    const book = new Book()
    book.write(book.give(0), (message) => Response.hold(message, { delayMs: 1 }))
    book.ack(0)
    expect(book.rules).toEqual(['I1'])
  })

  it('sees a message that nobody made (I2)', () => {
    const book = new Book()
    book.give(0)
    const [spoilt] = makeMessages([{ ...recordOf(book.script, 0), value: valueNamed('0').replace('0', '1') }])
    book.write([spoilt])
    expect(book.rules).toContain('I2')
  })

  it('sees a message of a record that was not given (I2)', () => {
    const book = new Book()
    book.give(0)
    book.write(makeMessages([recordOf(book.script, 5)]))
    expect(book.rules).toContain('I2')
  })

  it('sees a message that is written again without a fault (I3)', () => {
    const book = new Book()
    const messages = book.give(0)
    book.write(messages)
    book.write(messages)
    expect(book.rules).toContain('I3')
  })

  it('sees a message that was made twice (I3)', () => {
    const book = new Book({ order: 'none' })
    book.write(book.give(0))
    const [, again] = makeMessages([recordOf(book.script, 9), recordOf(book.script, 0)])
    book.write([again])
    expect(book.complaints).toEqual(['I3: 0 of record 0:0 at sink was made twice'])
  })

  it('lets a message be written again after a failure, a time-out, and a death before the commit', () => {
    const book = new Book({ order: 'none' })
    const messages = book.give(0)
    const { offers } = book.ledger
    book.write(messages, (message) => Response.failure(message))
    const slow = offers.offered(book.sink, 'egress', messages)
    book.nowMs += SINK.timeoutMs
    const batch = offers.offered(book.sink, 'egress', messages)
    offers.answered(slow, messages, messages.map(Response.ok))
    offers.told(slow)
    offers.answered(batch, messages, messages.map(Response.ok))
    offers.told(batch)
    book.ledger.died('egress')
    book.write(messages)
    expect(book.complaints).toEqual([])
    expect(offers.duplicates).toBe(2)
  })

  it.each(['key', 'source'] as const)('sees messages in the wrong order (I4, by %s)', (order) => {
    const book = new Book({ order })
    const [first, second] = book.give(...twins(book.script))
    book.write([second])
    book.write([first])
    expect(book.rules).toEqual(['I4'])
  })

  it('sees a position to go on at that goes back, or passes what is not settled (I5)', () => {
    const book = new Book({ order: 'none' })
    book.write(book.give(0, 1))
    book.ack(0, 1)
    book.give(2)
    book.ledger.resumed(0, 1, { partition: 0, offset: 3n })
    book.ledger.resumed(0, 2, { partition: 0, offset: 1n })
    expect(book.rules).toEqual(['I5', 'I5'])
  })

  it('sees a record that is told of twice, or nacked for nothing (S2)', () => {
    const book = new Book({ order: 'none' })
    book.write(book.give(0))
    book.ack(0)
    book.ack(0)
    book.give(1)
    book.nack(1)
    expect(book.rules).toEqual(['S2', 'S2'])
  })

  it('sees two calls of a lane at once (O1)', () => {
    const book = new Book({ stages: [STAGE] })
    const [first, second] = book.give(...twins(book.script))
    book.ledger.called('s1', 's1', first, false)
    book.ledger.called('s1', 's1', second, false)
    expect(book.rules).toEqual(['O1'])
  })

  it('sees a lane in two batches, or twice in one (O2)', () => {
    const book = new Book()
    const [first, second] = book.give(...twins(book.script))
    book.ledger.offers.offered(book.sink, 'egress', [first])
    book.ledger.offers.offered(book.sink, 'egress', [second])
    expect(book.rules).toEqual(['O2'])
    const other = new Book()
    other.ledger.offers.offered(other.sink, 'egress', other.give(...twins(other.script)))
    expect(other.rules).toEqual(['O2'])
  })

  it('sees an innocent at the fallback (H1)', () => {
    const reasons = { 'millrace-stage': 'sink' }
    for (const [answer, wanted] of [
      [Response.ok, /came to the fallback from sink/],
      [(message: Message) => Response.fallback(message), undefined],
    ] as const) {
      const book = new Book({ order: 'none' })
      const [message, copy] = [
        ...book.give(0),
        ...makeMessages([{ ...recordOf(book.script, 0), headers: reasons }]),
      ]
      book.write([message], answer)
      book.write([copy], Response.ok, book.fallback)
      const [giving] = book.ledger.all
      const [offer] = giving.offersOf('fallback', '0')
      const found = book.coverage.unjustified(giving, offer)
      if (wanted === undefined) expect(found).toBeUndefined()
      else expect(found).toMatch(wanted)
    }
  })

  it('sees poison that was condemned in company (H1)', () => {
    for (const isAlone of [true, false]) {
      const book = new Book({ stages: [STAGE], order: 'none', poisonAfter: 2 })
      const [message, other] = book.give(0, 1)
      for (let death = 0; death < 2; death++) {
        book.ledger.called('s1', 's1', message, false)
        if (!isAlone) book.ledger.called('s1', 's1', other, false)
        book.ledger.died('s1')
      }
      const [giving] = book.ledger.all
      const entry = { name: '0', from: 's1', reason: 'poison: …' } as Parameters<Coverage['unjustified']>[1]
      const found = book.coverage.unjustified(giving, entry)
      if (isAlone) expect(found).toBeUndefined()
      else expect(found).toMatch(/after 0 deaths alone/)
    }
  })
})
