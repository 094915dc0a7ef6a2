// Mailboxes against arrays: a chain of three actors, feeder → relay → drain, each with its commit cell. Whatever they do, and
// wherever one of them dies, what is published and not settled is read again, once and in order, and nobody writes over it.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Cell, createCellMemory } from '../../src/kernel/cell.js'
import { encode, FULL, kindWord, MESSAGE } from '../../src/kernel/codec.js'
import { setCrashHook } from '../../src/kernel/crash.js'
import { Doorbell } from '../../src/kernel/doorbell.js'
import { Inbound } from '../../src/kernel/inbound.js'
import {
  ATTEMPT,
  BELL_WORD,
  DUE_DOUBLE,
  LENGTH,
  MARK_DOUBLE,
  PARKED_WORD,
  RECORD_HEADER_BYTES,
  RELEASE_WORD,
  SEQUENCE_DOUBLE,
  STATE,
  STATE_BEGUN,
  STATE_SUSPECT,
  TAIL_WORD,
} from '../../src/kernel/layout.js'
import { createMailboxMemory, Ring } from '../../src/kernel/mailbox.js'
import { Outbound } from '../../src/kernel/outbound.js'

const RUNS = Number(process.env.RUNS ?? 400)
const ACTORS = 3

/** `pick` chooses among what there is; `dies`: at which crash point of the operation its actor dies, 0 for none. */
type Op = {
  do:
    | 'claim'
    | 'abort'
    | 'commit'
    | 'ring'
    | 'take'
    | 'handle'
    | 'untake'
    | 'settle'
    | 'pin'
    | 'unpin'
    | 'raise'
    | 'park'
    | 'crash'
  actor: number
  pick: number
  dies: number
}
type Case = { capacityBytes: number; position: number; ops: Op[] }

const op: fc.Arbitrary<Op> = fc.record({
  do: fc.oneof(
    ...(
      [
        [8, 'claim'],
        [1, 'abort'],
        [5, 'commit'],
        [3, 'ring'],
        [8, 'take'],
        [2, 'handle'],
        [1, 'untake'],
        [6, 'settle'],
        [1, 'pin'],
        [1, 'unpin'],
        [1, 'raise'],
        [2, 'park'],
        [1, 'crash'],
      ] as const
    ).map(([weight, name]) => ({ weight, arbitrary: fc.constant<Op['do']>(name) })),
  ),
  actor: fc.nat(ACTORS - 1),
  pick: fc.nat(1000),
  dies: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 6 }) },
  ),
})

const cases: fc.Arbitrary<Case> = fc.record({
  capacityBytes: fc.constantFrom(256, 512, 1024, 2048),
  position: fc.constantFrom(0, 64, -8, -64, -200, 2 ** 31 - 8, 2 ** 31 - 64, 2 ** 31 - 200, -(2 ** 31)),
  ops: fc.array(op, { maxLength: 200, size: 'max' }),
})

/** A record, as the model knows it. */
class Entry {
  settled = false
  begun = false
  taken = false
  readonly number: number
  readonly position: number
  readonly length: number
  readonly value: Buffer

  constructor(number: number, position: number, length: number, value: Buffer) {
    this.number = number
    this.position = position
    this.length = length
    this.value = value
  }
}

/** What a mailbox is to a user of it: a list. */
class Model {
  /** Claimed and not published. */
  claimed: Entry[] = []
  /** Published, and not settled by a published commit. */
  live: Entry[] = []
  /** How many of these were taken in this life of the consumer. */
  taken = 0
  pins: Entry[] = []
  watermark = 0

  publish(): void {
    this.live.push(...this.claimed)
    this.claimed = []
  }

  dispose(): void {
    this.taken -= this.live.filter(({ settled }) => settled).length
    this.live = this.live.filter(({ settled }) => !settled)
  }

  /** The consumer is gone. */
  forget(): void {
    this.taken = 0
    this.pins = []
    for (const entry of this.live) entry.settled = false
  }
}

class Died {
  readonly point: string
  constructor(point: string) {
    this.point = point
  }
}

/** One actor of the chain: mailbox `number - 1` is its inbound, mailbox `number` its outbound. */
class Member {
  cell!: Cell
  inbound: Inbound | undefined
  outbound: Outbound | undefined
  readonly bell = new Doorbell()
  readonly bellWords = new Int32Array(this.bell.memory)
  readonly memory: SharedArrayBuffer
  commits = 0
  /** What its register holds, and what it held at the last commit that was published. */
  marked = 0
  published = 0
  /** Bytes that it had no room for. */
  wanted = 0
  /** True from a commit until it has rung: until then others may be asleep over what it did. */
  owesRing = false
  /** While it is parked: the bell and the release position that it saw. */
  parked: { bell: number; release: number } | undefined

  constructor(number: number, position: number) {
    const inbounds = number > 0 ? [position] : []
    const outbounds = number < ACTORS - 1 ? [position] : []
    this.memory = createCellMemory({ inbounds, outbounds, registers: [0] })
  }

  wake(): void {
    if (this.parked !== undefined) this.bell.disarm()
    this.parked = undefined
  }
}

class Chain {
  readonly members: Member[]
  readonly models = Array.from({ length: ACTORS - 1 }, () => new Model())
  readonly rings: Ring[]
  private readonly memories: SharedArrayBuffer[]
  private numbers = 0

  constructor({ capacityBytes, position }: Case) {
    this.memories = this.models.map(() => createMailboxMemory(capacityBytes, position | 0))
    this.rings = this.memories.map((memory) => new Ring(memory))
    this.members = Array.from({ length: ACTORS }, (_, number) => new Member(number, position | 0))
    for (let actor = 0; actor < ACTORS; actor++) this.open(actor)
  }

  run(ops: readonly Op[]): void {
    for (const each of ops) {
      this.members[each.actor].wake()
      this.attempt(each.actor, each.dies, () => this.perform(each))
      this.check()
    }
    this.finish()
  }

  private perform({ do: what, actor, pick, dies }: Op): void {
    const { inbound, outbound } = this.members[actor]
    if (what === 'commit') this.commit(actor)
    else if (what === 'ring') this.ring(actor)
    else if (what === 'crash') throw new Died('between two operations')
    else if (what === 'raise') this.members[actor].cell.watermark += pick % 5
    else if (what === 'park') this.park(actor)
    else if (outbound !== undefined && what === 'claim') this.claim(actor, outbound, pick)
    else if (outbound !== undefined && what === 'abort') this.abort(actor, outbound, pick)
    else if (inbound !== undefined) this.consume(what, actor, inbound, pick, dies)
  }

  private consume(what: Op['do'], actor: number, inbound: Inbound, pick: number, dies: number): void {
    const model = this.models[actor - 1]
    const open = model.live.slice(0, model.taken).filter(({ settled }) => !settled)
    const chosen = open[pick % open.length]
    if (what === 'take') this.take(actor, inbound)
    else if (what === 'settle' && chosen !== undefined) this.settle(actor, inbound, chosen)
    else if (what === 'handle' && chosen !== undefined) this.handle(actor, inbound, chosen, dies > 0)
    else if (what === 'pin' && chosen !== undefined) {
      inbound.pin(chosen.position)
      model.pins.push(chosen)
    } else if (what === 'unpin' && model.pins.length > 0) {
      const [unpinned] = model.pins.splice(pick % model.pins.length, 1)
      inbound.unpin(unpinned.position)
    } else if (what === 'untake') {
      const last = model.live[model.taken - 1]
      if (last === undefined || last.settled || model.pins.includes(last)) return
      inbound.untake(last.position)
      model.taken--
    }
  }

  /** Records of 64 bytes up to half the ring (M3). */
  private claim(actor: number, outbound: Outbound, pick: number): void {
    const { ring } = outbound
    const value = bytesOf(this.numbers + 1, pick % (ring.capacity / 2 - RECORD_HEADER_BYTES + 1))
    const head = { epoch: 1, sequence: this.numbers + 1, lane: 0, shareLo: 0, shareHi: 0 }
    const length = (RECORD_HEADER_BYTES + value.length + 7) & ~7
    const room = roomFor(ring, outbound.tail, length)
    const at = encode(outbound, kindWord(MESSAGE), head, {}, value, ring.capacity)
    const member = this.members[actor]
    if (at === FULL) {
      // Once refused, it may be made to wait for a quarter of the ring.
      const free = freeIn(ring, outbound.tail)
      assert(
        !room || (member.wanted > 0 && free < ring.capacity / 4),
        `refused, though ${free} bytes are free`,
      )
      outbound.want()
      member.wanted = length
      return
    }
    assert(room, 'claimed, though there is no room')
    this.numbers++
    member.wanted = 0
    this.models[actor].claimed.push(new Entry(this.numbers, outbound.positionOf(at), length, value))
  }

  private abort(actor: number, outbound: Outbound, pick: number): void {
    const model = this.models[actor]
    const kept = pick % (model.claimed.length + 1)
    const last = model.claimed[kept]
    if (last !== undefined) outbound.abort(last.position)
    model.claimed.length = kept
  }

  private take(actor: number, inbound: Inbound): void {
    const model = this.models[actor - 1]
    const entry = model.live[model.taken]
    assert.equal(inbound.peek(), entry !== undefined, 'a record is there exactly where the model has one')
    if (entry === undefined) return
    assert.equal(inbound.peekSequence(), entry.number, 'the next in order')
    assert.equal(inbound.take(), entry.position)
    this.checkConsumerWords(inbound.ring, entry)
    model.taken++
  }

  /** M4: a new record comes with none of what its place held before; one read again, with its state. */
  private checkConsumerWords(ring: Ring, entry: Entry): void {
    const at = ring.wordAt(entry.position)
    assert.equal(ring.doubles[(at >>> 1) + MARK_DOUBLE], 0, 'no mark of the last lap')
    assert.equal(ring.words[at + ATTEMPT], entry.taken ? 7 : 0)
    assert.equal(ring.doubles[(at >>> 1) + DUE_DOUBLE], entry.taken ? 1e9 : 0)
    const state = ring.words[at + STATE]
    if (!entry.taken) assert.equal(state, 0)
    entry.taken = true
    // As one whose promise is pending (H1).
    entry.begun = entry.number % 2 === 0
    ring.words[at + STATE] = entry.begun ? (state & ~STATE_SUSPECT) | STATE_BEGUN : 0
    ring.words[at + ATTEMPT] = 7
    ring.doubles[(at >>> 1) + DUE_DOUBLE] = 1e9
  }

  /** User code is called for a record: its actor may die in it. */
  private handle(actor: number, inbound: Inbound, entry: Entry, dies: boolean): void {
    const { cell } = this.members[actor]
    cell.handling(inbound, entry.position)
    if (dies) {
      entry.begun = true
      throw new Died('in user code')
    }
    cell.handled()
  }

  private settle(actor: number, inbound: Inbound, entry: Entry): void {
    inbound.settle(entry.position, this.members[actor].cell.pending)
    entry.settled = true
  }

  private commit(actor: number): void {
    const member = this.members[actor]
    member.cell.registers[0] = ++member.marked
    member.cell.commit()
    this.committed(actor)
  }

  private committed(actor: number): void {
    const member = this.members[actor]
    member.commits++
    member.owesRing = true
    this.models[actor - 1]?.dispose()
    this.models[actor]?.publish()
    if (this.models[actor] !== undefined) this.models[actor].watermark = member.cell.watermark
    member.published = member.marked
  }

  private ring(actor: number): void {
    this.members[actor].cell.ring()
    this.members[actor].owesRing = false
  }

  /** As a runner does (W2): rings, arms the bell, looks once more for anything to do, and waits where there is nothing. */
  private park(actor: number): void {
    const member = this.members[actor]
    const { inbound, outbound } = member
    this.ring(actor)
    const bell = member.bell.arm()
    if (member.wanted > 0) outbound?.want()
    const release = outbound === undefined ? 0 : outbound.ring.words[RELEASE_WORD]
    if (inbound?.peek()) member.bell.disarm()
    else member.parked = { bell, release }
  }

  private attempt(actor: number, dies: number, act: () => void): void {
    if (dies > 0) dieAt(dies)
    try {
      act()
    } catch (thrown) {
      if (!(thrown instanceof Died)) throw thrown
      if (thrown.point.startsWith('cell.after')) this.committed(actor)
      this.reopen(actor, dies > 3 ? 1 : 0)
    } finally {
      setCrashHook()
    }
  }

  /** The successor, which may die while it opens the memory, too. */
  private reopen(actor: number, dies: number): void {
    const member = this.members[actor]
    this.models[actor - 1]?.forget()
    if (this.models[actor] !== undefined) this.models[actor].claimed = []
    if (dies > 0) dieAt(dies)
    try {
      this.open(actor)
    } catch (thrown) {
      if (!(thrown instanceof Died)) throw thrown
      setCrashHook()
      this.open(actor)
    }
    setCrashHook()
    member.wanted = 0
    member.owesRing = false
    assert.equal(member.cell.number, member.commits, 'as many commits as were published')
    if (this.models[actor] !== undefined) assert.equal(member.cell.watermark, this.models[actor].watermark)
    assert.equal(member.cell.registers[0], member.published, 'the registers of the last commit')
    member.marked = member.published
    for (const entry of this.models[actor - 1]?.live ?? []) this.checkSuspect(this.rings[actor - 1], entry)
  }

  /** H1: what was begun and not settled is suspect for the successor. */
  private checkSuspect(ring: Ring, entry: Entry): void {
    const state = ring.words[ring.wordAt(entry.position) + STATE]
    if (entry.begun) assert.equal(state & (STATE_BEGUN | STATE_SUSPECT), STATE_SUSPECT)
    entry.begun = false
  }

  private open(actor: number): void {
    const member = this.members[actor]
    const inbounds = actor > 0 ? [new Inbound(this.mailbox(actor - 1))] : []
    const outbounds = actor < ACTORS - 1 ? [new Outbound(this.mailbox(actor))] : []
    member.cell = new Cell(member.memory, inbounds, outbounds, 1)
    member.inbound = inbounds[0]
    member.outbound = outbounds[0]
  }

  private mailbox(number: number) {
    const bells = { producerBell: this.members[number].bell, consumerBell: this.members[number + 1].bell }
    return { memory: this.memories[number], ...bells }
  }

  /** After every operation: what may still be read is unharmed, and nobody waits for what is there already. */
  private check(): void {
    this.models.forEach((model, number) => {
      for (const entry of [...model.live, ...model.pins, ...model.claimed])
        this.checkContent(this.rings[number], entry)
      assert.equal(this.members[number + 1].inbound?.watermark(), model.watermark)
    })
    for (let actor = 0; actor < ACTORS; actor++) this.checkParked(this.members[actor], actor)
  }

  private checkContent(ring: Ring, entry: Entry): void {
    const at = ring.wordAt(entry.position)
    const start = at * 4 + RECORD_HEADER_BYTES
    assert.equal(ring.words[at + LENGTH], entry.length, `the length of record ${entry.number}`)
    assert.equal(ring.doubles[(at >>> 1) + SEQUENCE_DOUBLE], entry.number)
    assert(
      ring.bytes.subarray(start, start + entry.value.length).equals(entry.value),
      `the bytes of record ${entry.number}`,
    )
  }

  /** W2: an actor that waits, and was not rung, has nothing to read, and no more room than before. */
  private checkParked(member: Member, actor: number): void {
    if (member.parked === undefined || member.bellWords[BELL_WORD] !== member.parked.bell) return
    assert.equal(member.bellWords[PARKED_WORD], 1, 'whoever takes the parked flag signals')
    const inbound = this.models[actor - 1]
    if (inbound !== undefined && !this.members[actor - 1].owesRing) {
      assert.equal(inbound.live.length, inbound.taken, 'parked, though there is something to read')
    }
    if (member.wanted > 0 && !this.members[actor + 1].owesRing) {
      assert.equal(
        this.rings[actor].words[RELEASE_WORD],
        member.parked.release,
        'parked, though bytes are free',
      )
    }
  }

  /** Everything that is left is read once, in order; then all bytes are free. */
  private finish(): void {
    for (let actor = 0; actor < ACTORS; actor++) {
      const member = this.members[actor]
      const model = this.models[actor - 1]
      if (member.inbound !== undefined && model !== undefined) this.drain(actor, member.inbound, model)
      this.commit(actor)
    }
    for (const { words } of this.rings)
      assert.equal(words[RELEASE_WORD], words[TAIL_WORD], 'all bytes are free at the end')
  }

  private drain(actor: number, inbound: Inbound, model: Model): void {
    for (const { position } of model.pins.splice(0)) inbound.unpin(position)
    while (model.taken < model.live.length) this.take(actor, inbound)
    this.take(actor, inbound)
    for (const entry of model.live) if (!entry.settled) this.settle(actor, inbound, entry)
  }
}

function dieAt(point: number): void {
  let left = point
  setCrashHook((name) => {
    if (--left === 0) throw new Died(name)
  })
}

function bytesOf(number: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (number * 37 + i) & 0xff))
}

/** The rule of M1 and M3, written down once more: a record never wraps, and padding takes room too. */
function roomFor(ring: Ring, tail: number, length: number): boolean {
  const lapLeft = ring.lapLeft(tail)
  return (length <= lapLeft ? length : lapLeft + length) <= freeIn(ring, tail)
}

function freeIn(ring: Ring, tail: number): number {
  return ring.capacity - ((tail - ring.words[RELEASE_WORD]) | 0)
}

const property = fc.property(cases, (input) => new Chain(input).run(input.ops))

/** Breaks a method, and expects the property to notice. */
function expectNoticed(
  type: object,
  method: string,
  broken: (this: never, ...args: never[]) => unknown,
): void {
  vi.spyOn(type as Record<string, () => unknown>, method).mockImplementation(broken as () => unknown)
  const { errorInstance } = fc.check(property, { numRuns: 3000, endOnFailure: true })
  expect(errorInstance).toBeInstanceOf(assert.AssertionError)
}

describe('a mailbox', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    setCrashHook()
  })

  it('is a list whose entries stay until they are settled, whoever dies', () => {
    fc.assert(property, { numRuns: RUNS })
  })

  it('fails the test when a successor does not wipe larger marks (C3)', () => {
    expectNoticed(Inbound.prototype, 'wipeLargerMark', () => {})
  })

  it('fails the test when release does not heed pins (M5)', () => {
    expectNoticed(Inbound.prototype, 'lowestPin', function (this: Inbound) {
      return this.cursor
    })
  })

  it('fails the test when begun is not turned into suspect (H1)', () => {
    expectNoticed(Inbound.prototype, 'suspectIfBegun', () => {})
  })

  it('fails the test when the one in user code is not suspected (H1)', () => {
    expectNoticed(Inbound.prototype, 'begin', () => {})
  })

  it('fails the test when the producer never looks at the release position again', () => {
    expectNoticed(
      Outbound.prototype,
      'hasFree',
      function (this: { tail: number; releaseSeen: number; ring: Ring }, bytes: number) {
        return bytes <= this.ring.capacity - ((this.tail - this.releaseSeen) | 0)
      },
    )
  })

  it('fails the test when a doorbell does not signal', () => {
    expectNoticed(Doorbell.prototype, 'ring', () => {})
  })
})
