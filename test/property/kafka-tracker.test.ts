// The tracker beside a model that is nothing but a map from offset to state: whatever is given, settled, nacked and read again,
// the low watermark is the lowest offset that is not settled, and nothing is given twice that was not due.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Tracker } from '../../src/kafka/tracker.js'

type State = 'in flight' | 'settled' | 'nacked' | 'due'
type Command =
  | { act: 'read'; gap: number; count: number }
  | { act: 'ack' | 'nack' | 'due'; pick: number }
  | { act: 'rewind'; lose: number }

const RUNS = 2_000
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31)

class Model {
  readonly states = new Map<number, State>()
  next: number

  constructor(start: number) {
    this.next = start
  }

  in(state: State): number[] {
    return [...this.states].filter(([, each]) => each === state).map(([offset]) => offset)
  }

  get lowWatermark(): number {
    const open = [...this.states].filter(([, state]) => state !== 'settled').map(([offset]) => offset)
    return open.length === 0 ? this.next : Math.min(...open)
  }
}

const commands = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ act: fc.constant('read' as const), gap: fc.nat(3), count: fc.nat(40) }),
    },
    { weight: 8, arbitrary: fc.record({ act: fc.constantFrom('ack', 'nack', 'due'), pick: fc.nat(1_000) }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('rewind' as const), lose: fc.nat(5) }) },
  ) as fc.Arbitrary<Command>,
  { minLength: 1, maxLength: 120 },
)

function run(start: number, list: readonly Command[]): void {
  const tracker = new Tracker(start)
  const model = new Model(start)
  let watermark = start
  for (const command of list) {
    if (command.act === 'read') read(tracker, model, command.gap, command.count)
    else if (command.act === 'rewind') rewind(tracker, model, command.lose)
    else settle(tracker, model, command.act, command.pick)
    expect(tracker.lowWatermark).toBe(model.lowWatermark)
    expect(tracker.inFlight).toBe(model.in('in flight').length)
    expect(tracker.due).toBe(model.in('due').length)
    expect(tracker.next).toBe(model.next)
    expect(tracker.lowWatermark).toBeGreaterThanOrEqual(watermark)
    watermark = tracker.lowWatermark
  }
}

/** The next records of the log: compaction and control records leave gaps before and behind them. */
function read(tracker: Tracker, model: Model, gap: number, count: number): void {
  const from = model.next
  for (let i = 0; i < count; i++) {
    const offset = model.next + gap
    expect(tracker.give(offset)).toBe('new')
    model.states.set(offset, 'in flight')
    model.next = offset + 1
  }
  model.next += gap
  expect(tracker.passed(from, model.next)).toEqual([])
}

function settle(tracker: Tracker, model: Model, act: 'ack' | 'nack' | 'due', pick: number): void {
  const wanted: State = act === 'due' ? 'nacked' : 'in flight'
  const becomes: State = act === 'ack' ? 'settled' : act === 'nack' ? 'nacked' : 'due'
  const all = [...model.states.keys(), model.next, model.next + 7, -1]
  // Mostly one for which it means something.
  const fit = model.in(wanted)
  const offset = pick % 4 === 0 || fit.length === 0 ? all[pick % all.length] : fit[pick % fit.length]
  const isFit = model.states.get(offset) === wanted
  const done =
    act === 'ack' ? tracker.ack(offset) : act === 'nack' ? tracker.nack(offset) : tracker.makeDue(offset)
  expect(done).toBe(isFit)
  if (isFit) model.states.set(offset, becomes)
}

/** Reads again from the lowest due one on; every so many of those due have left the log. */
function rewind(tracker: Tracker, model: Model, lose: number): void {
  const due = model.in('due')
  if (due.length === 0) return
  const from = Math.min(...due)
  const gone = new Set(lose === 0 ? [] : due.filter((_, i) => i % lose === 0))
  for (const offset of [...model.states.keys()]
    .filter((each) => each >= from && !gone.has(each))
    .sort((a, b) => a - b)) {
    const isDue = model.states.get(offset) === 'due'
    expect(tracker.give(offset)).toBe(isDue ? 'again' : 'known')
    if (isDue) model.states.set(offset, 'in flight')
  }
  expect(tracker.passed(from, model.next)).toEqual([...gone].sort((a, b) => a - b))
  for (const offset of gone) model.states.set(offset, 'settled')
}

describe('tracker', () => {
  test(`does what the model does (SEED=${SEED})`, () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 5, 2 ** 40), commands, (start, list) => run(start, list)),
      { numRuns: RUNS, seed: SEED },
    )
  })

  test('keeps what is open when it runs out of room, many times over', () => {
    const tracker = new Tracker(0)
    for (let offset = 0; offset < 200_000; offset++) {
      tracker.give(offset)
      // One in a thousand stays for long.
      if (offset % 1_000 !== 0) tracker.ack(offset)
      if (offset >= 50_000 && offset % 1_000 === 0) expect(tracker.ack(offset - 50_000)).toBe(true)
    }
    expect(tracker.lowWatermark).toBe(150_000)
    expect(tracker.inFlight).toBe(50)
  })
})
