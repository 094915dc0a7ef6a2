// Suspicion (H1): what a state word says, and that a death is counted once, wherever the successors die while they open.

import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Cell, createCellMemory, userCodeOf } from '../../../src/kernel/cell.js'
import { encode, kindWord, MESSAGE } from '../../../src/kernel/codec.js'
import { setCrashHook } from '../../../src/kernel/crash.js'
import { Doorbell } from '../../../src/kernel/doorbell.js'
import { Inbound } from '../../../src/kernel/inbound.js'
import { givenWord, STATE } from '../../../src/kernel/layout.js'
import { createMailboxMemory } from '../../../src/kernel/mailbox.js'
import { Outbound } from '../../../src/kernel/outbound.js'
import {
  accuse,
  acquit,
  begin,
  DELIVERIES_MAX,
  deliveriesOf,
  end,
  hasCompany,
  isSuspect,
  stateOfCopy,
} from '../../../src/kernel/suspicion.js'

const RUNS = Number(process.env.RUNS ?? 400)
const RECORDS = 5

/** How a record fared in the life that died. */
type Fate = 'untouched' | 'settled' | 'given' | 'pending' | 'pending alone' | 'on the stack'

type Case = {
  fates: Fate[]
  isBlamed: boolean
  /** At which crash point each successor dies, counted from 1; the one after the last lives. */
  deaths: number[]
}

const cases: fc.Arbitrary<Case> = fc.record({
  fates: fc.array(
    fc.constantFrom<Fate>('untouched', 'settled', 'given', 'pending', 'pending alone', 'on the stack'),
    { minLength: RECORDS, maxLength: RECORDS },
  ),
  isBlamed: fc.boolean(),
  deaths: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
})

class Died {
  readonly at: string
  constructor(at: string) {
    this.at = at
  }
}

/** One mailbox with records of an actor that lives and dies. */
class Play {
  readonly cellMemory = createCellMemory({ inbounds: [0], outbounds: [0], registers: [] })
  inbound!: Inbound
  cell!: Cell
  readonly places: number[] = []
  private readonly bell = new Doorbell()
  private readonly memories = [createMailboxMemory(4096), createMailboxMemory(4096)]

  constructor() {
    const outbound = new Outbound(this.mailbox(0))
    for (let sequence = 1; sequence <= RECORDS; sequence++) {
      const head = { epoch: 1, sequence, lane: 0, shareLo: sequence, shareHi: 0 }
      const at = encode(outbound, kindWord(MESSAGE), head, {}, 'value', 100)
      this.places.push(outbound.positionOf(at))
    }
    outbound.publish(0)
    this.open(true)
  }

  open(isBlamed: boolean): void {
    this.inbound = new Inbound(this.mailbox(0))
    this.cell = new Cell(this.cellMemory, [this.inbound], [new Outbound(this.mailbox(1))], 0, isBlamed)
  }

  /** Takes all, and dies in the middle of this. */
  live(fates: readonly Fate[]): void {
    const { inbound, cell } = this
    for (const place of this.places) {
      expect(inbound.peek()).toBe(true)
      expect(inbound.take()).toBe(place)
      // A batch is given as far as the last one that is.
      if (fates.indexOf('given') >= 0 && this.places.indexOf(place) === fates.lastIndexOf('given'))
        cell.gave(inbound)
    }
    if (fates.includes('given')) cell.handlingBatch()
    fates.forEach((fate, i) => {
      const at = this.wordOf(i)
      if (fate === 'settled') inbound.settle(this.places[i], cell.pending)
      if (fate === 'pending') begin(inbound.ring.words, at, false)
      if (fate === 'pending alone') begin(inbound.ring.words, at, true)
      if (fate === 'on the stack') cell.handling(inbound, this.places[i])
    })
    if (fates.some((fate) => fate.startsWith('pending'))) cell.awaited(1)
    cell.commit()
  }

  /** Opens it again, and dies at the crash point with this number; says whether it came so far. */
  openAndDie(isBlamed: boolean, at: number): boolean {
    let points = 0
    setCrashHook((point) => {
      if (++points === at) throw new Died(point)
    })
    try {
      this.open(isBlamed)
      return false
    } catch (error) {
      if (!(error instanceof Died)) throw error
      return true
    } finally {
      setCrashHook()
    }
  }

  /** What is known of each record that is not settled: undefined, or how many deaths count against the suspect. */
  verdicts(): (number | undefined)[] {
    const { words } = this.inbound.ring
    return this.places.map((_, i) =>
      isSuspect(words, this.wordOf(i)) ? deliveriesOf(words, this.wordOf(i)) : undefined,
    )
  }

  wordOf(i: number): number {
    return this.inbound.ring.wordAt(this.places[i])
  }

  private mailbox(number: 0 | 1) {
    return { memory: this.memories[number], producerBell: this.bell, consumerBell: this.bell }
  }
}

/** Of the deaths that fates end in: only one record at a time is on the stack, and batches and records are not mixed. */
function possible(fates: readonly Fate[]): Fate[] {
  const isBatch = fates.includes('given')
  const stack = fates.lastIndexOf('on the stack')
  return fates.map((fate, i) => {
    if (isBatch && fate !== 'settled' && fate !== 'pending alone' && fate !== 'given') return 'untouched'
    return fate === 'on the stack' && i !== stack ? 'untouched' : fate
  })
}

/** The whole rule: what was in user code is a suspect; a death is held against those who were alone in it, if it is at all. */
function expectedVerdicts(fates: readonly Fate[], isBlamed: boolean): (number | undefined)[] {
  const given = fates.lastIndexOf('given')
  return fates.map((fate, i) => {
    if (fate === 'settled') return undefined
    if (fate === 'on the stack' || fate === 'pending alone') return isBlamed ? 1 : 0
    return fate === 'pending' || i <= given ? 0 : undefined
  })
}

function run({ fates: some, isBlamed, deaths }: Case): void {
  const fates = possible(some)
  const play = new Play()
  play.live(fates)
  for (const at of deaths) play.openAndDie(isBlamed, at)
  play.open(isBlamed)
  // One that was settled is passed over; its state is nobody's any more.
  const got = play.verdicts().map((verdict, i) => (fates[i] === 'settled' ? undefined : verdict))
  expect(got, fates.join(', ')).toEqual(expectedVerdicts(fates, isBlamed))
  // Nobody is in user code now: if this one dies, it is held against nobody once more.
  expect(userCodeOf(play.cellMemory)).toBe('none')
  play.open(true)
  expect(play.verdicts().map((verdict, i) => (fates[i] === 'settled' ? undefined : verdict))).toEqual(got)
}

const property = fc.property(cases, run)

describe('a death', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    setCrashHook()
  })

  it('is counted once against whoever was alone in user code, wherever the successors die while they open', () => {
    fc.assert(property, { numRuns: RUNS })
  })

  it('is counted once at each single crash point of the opening', () => {
    for (let at = 1, isReached = true; isReached; at++) {
      const play = new Play()
      play.live(['untouched', 'on the stack', 'pending alone', 'pending', 'untouched'])
      isReached = play.openAndDie(true, at)
      play.open(true)
      expect(play.verdicts(), `dies at crash point ${at}`).toEqual([undefined, 1, 1, 0, undefined])
      if (!isReached) expect(at).toBeGreaterThan(RECORDS)
    }
  })

  it('adds up over lives', () => {
    const play = new Play()
    for (let deaths = 1; deaths <= 3; deaths++) {
      play.inbound.peek()
      play.cell.handling(play.inbound, play.inbound.take())
      play.open(true)
      expect(play.verdicts()[0]).toBe(deaths)
    }
  })

  it('is of nobody’s concern whose records were never given in batches, however far positions have wrapped since', () => {
    const play = new Play()
    // As it is once 2 GiB have gone through: the word is still where the mailbox began.
    new Int32Array(play.cellMemory)[givenWord(1, 1, 0)] = 2 ** 31 - 4096
    play.inbound.peek()
    play.cell.handling(play.inbound, play.inbound.take())
    play.open(true)
    expect(play.verdicts()).toEqual([1, undefined, undefined, undefined, undefined])
  })

  it('fails the test when the record on the stack is not marked before the word is cleared', () => {
    vi.spyOn(Inbound.prototype, 'begin').mockImplementation(() => {})
    expect(fc.check(property, { numRuns: 300 }).failed).toBe(true)
  })

  it('fails the test when begun is not taken back in the store that counts', () => {
    type Opened = { ring: { words: Int32Array } }
    const prototype = Inbound.prototype as unknown as Record<string, (...args: never[]) => void>
    const original = prototype.suspectIfBegun
    vi.spyOn(prototype, 'suspectIfBegun').mockImplementation(function (this: Opened, ...args: never[]) {
      const [at] = args as unknown as [number]
      const begun = this.ring.words[at + STATE] & 3
      original.apply(this, args)
      this.ring.words[at + STATE] |= begun
    } as never)
    expect(fc.check(property, { numRuns: 300 }).failed).toBe(true)
  })
})

describe('a state word', () => {
  const word = (act: (words: Int32Array) => void, before = 0): Int32Array => {
    const words = new Int32Array(STATE + 1)
    words[STATE] = before
    act(words)
    return words
  }

  it('forgets company and the end of a call, and remembers suspicion until the acquittal', () => {
    const words = word((given) => accuse(given, 0, 2))
    begin(words, 0, true)
    hasCompany(words, 0)
    end(words, 0)
    expect([isSuspect(words, 0), deliveriesOf(words, 0)]).toEqual([true, 2])
    acquit(words, 0)
    expect([isSuspect(words, 0), deliveriesOf(words, 0)]).toEqual([false, 2])
  })

  it('is not accused twice, nor of more deaths than it can count', () => {
    const words = word((given) => accuse(given, 0, 1_000))
    expect(deliveriesOf(words, 0)).toBe(DELIVERIES_MAX)
    accuse(words, 0, 1)
    expect(deliveriesOf(words, 0)).toBe(DELIVERIES_MAX)
  })

  it('of a copy is what is known, and not that it is in user code', () => {
    const words = word((given) => accuse(given, 0, 2))
    begin(words, 0, true)
    const copied = word(() => {}, stateOfCopy(words, 0))
    expect([isSuspect(copied, 0), deliveriesOf(copied, 0)]).toEqual([true, 2])
    end(words, 0)
    expect(copied[STATE]).toBe(words[STATE])
  })
})
