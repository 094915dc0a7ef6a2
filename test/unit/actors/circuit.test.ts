// The circuit against a model that remembers every call, and what it does in plain cases.

import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type CallEnd, Circuit, type CircuitOptions, NO_TICKET } from '../../../src/actors/circuit.js'

const RUNS = Number(process.env.RUNS ?? 500)
const SEED = process.env.SEED === undefined ? undefined : Number(process.env.SEED)

function circuitOf(options: Partial<CircuitOptions> = {}) {
  const clock = { nowMs: 0, now: () => clock.nowMs }
  const circuit = new Circuit({ failures: 0.5, calls: 4, openMs: 100, probes: 1, ...options }, clock)
  const call = (end: CallEnd) => circuit.end(circuit.begin(), end)
  return { circuit, clock, call }
}

describe('a circuit', () => {
  it('opens when the share of the last calls has failed, and not before there were so many', () => {
    const { circuit, call } = circuitOf()
    expect([call('failed'), call('failed'), call('failed')]).toEqual([undefined, undefined, undefined])
    expect(call('worked')).toBe(undefined)
    expect(circuit.recent).toEqual({ calls: 4, failed: 3 })
    expect(call('failed')).toBe('opened')
    expect([circuit.state, circuit.begin()]).toEqual(['open', NO_TICKET])
  })

  it('forgets what is older than the window', () => {
    const { circuit, call } = circuitOf()
    for (let i = 0; i < 100; i++) {
      call('failed')
      for (let k = 0; k < 3; k++) expect(call('worked')).toBe(undefined)
    }
    expect(circuit.state).toBe('closed')
  })

  it('lets probes through after a time, which doubles up to 16 times, and is as at first once it has closed', () => {
    const { circuit, clock, call } = circuitOf({ calls: 1 })
    expect(call('failed')).toBe('opened')
    for (const openMs of [100, 200, 400, 800, 1_600, 1_600]) {
      expect(circuit.opensForMs).toBe(openMs)
      clock.nowMs += openMs - 1
      expect(circuit.begin()).toBe(NO_TICKET)
      clock.nowMs += 1
      expect(call('failed')).toBe('opened')
    }
    clock.nowMs += 1_600
    expect(call('worked')).toBe('closed')
    expect([circuit.state, circuit.opensForMs, circuit.recent]).toEqual([
      'closed',
      100,
      { calls: 0, failed: 0 },
    ])
  })

  it('waits for all probes, and for no more of them', () => {
    const { circuit, clock, call } = circuitOf({ calls: 1, probes: 3 })
    call('failed')
    clock.nowMs += 100
    const tickets = [circuit.begin(), circuit.begin(), circuit.begin()]
    expect(tickets).not.toContain(NO_TICKET)
    expect(circuit.begin()).toBe(NO_TICKET)
    expect(circuit.end(tickets[0], 'worked')).toBe(undefined)
    expect(circuit.begin()).toBe(NO_TICKET)
    // One of which nobody knows the end lets another one go.
    expect(circuit.end(tickets[1], 'unknown')).toBe(undefined)
    const another = circuit.begin()
    expect(another).not.toBe(NO_TICKET)
    expect([circuit.end(tickets[2], 'worked'), circuit.end(another, 'worked')]).toEqual([undefined, 'closed'])
  })

  it('does not believe calls that were begun before it changed', () => {
    const { circuit, clock, call } = circuitOf({ calls: 1 })
    const old = circuit.begin()
    call('failed')
    clock.nowMs += 100
    const probe = circuit.begin()
    expect(circuit.end(old, 'worked')).toBe(undefined)
    expect(circuit.state).toBe('half-open')
    expect(circuit.end(old, 'failed')).toBe(undefined)
    expect(circuit.end(probe, 'worked')).toBe('closed')
    expect(circuit.end(probe, 'failed')).toBe(undefined)
    expect(circuit.state).toBe('closed')
  })
})

/** Remembers all calls, and looks at them anew each time. */
class Model {
  private changes: { state: 'closed' | 'open' | 'half-open'; atMs: number }[] = [{ state: 'closed', atMs: 0 }]
  private ends: CallEnd[] = []
  private out = 0
  private trips = 0
  private readonly options: CircuitOptions

  constructor(options: CircuitOptions) {
    this.options = options
  }

  get life(): number {
    return this.changes.length
  }

  get state() {
    return this.changes[this.changes.length - 1].state
  }

  begin(nowMs: number): boolean {
    const { openMs, probes } = this.options
    const { state, atMs } = this.changes[this.changes.length - 1]
    if (state === 'closed') return true
    if (state === 'open') {
      if (nowMs < atMs + openMs * Math.min(16, 2 ** (this.trips - 1))) return false
      this.become('half-open', nowMs)
    }
    if (this.out + this.ends.filter((end) => end === 'worked').length >= probes) return false
    this.out++
    return true
  }

  end(life: number, end: CallEnd, nowMs: number): void {
    if (life !== this.life) return
    this.out--
    this.ends.push(end)
    const { calls, failures, probes } = this.options
    const known = this.ends.filter((each) => each !== 'unknown')
    if (this.state === 'closed') {
      const last = known.slice(-calls)
      const share = last.filter((each) => each === 'failed').length / calls
      if (end === 'failed' && last.length === calls && share >= failures) this.trip(nowMs)
    } else if (end === 'failed') this.trip(nowMs)
    else if (known.length === probes) {
      this.trips = 0
      this.become('closed', nowMs)
    }
  }

  private trip(nowMs: number): void {
    this.trips++
    this.become('open', nowMs)
  }

  private become(state: 'closed' | 'open' | 'half-open', atMs: number): void {
    this.changes.push({ state, atMs })
    this.ends = []
    this.out = 0
  }
}

describe('against the model', () => {
  afterEach(() => vi.restoreAllMocks())

  it('is in the same state after any calls', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ do: 'begin' as const }) },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('end' as const),
          which: fc.nat(5),
          end: fc.constantFrom<CallEnd>('worked', 'failed', 'failed', 'unknown'),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(400) }) },
    )
    const options = fc.record({
      failures: fc.constantFrom(0.01, 0.25, 0.5, 1),
      calls: fc.integer({ min: 1, max: 6 }),
      openMs: fc.integer({ min: 1, max: 50 }),
      probes: fc.integer({ min: 1, max: 3 }),
    })
    const seen = new Set<string>()
    const check = fc.check(
      fc.property(options, fc.array(step, { maxLength: 200 }), (given, steps) => {
        const { circuit, clock } = circuitOf(given)
        const model = new Model(given)
        const open: { ticket: number; life: number }[] = []
        for (const each of steps) {
          if (each.do === 'wait') clock.nowMs += each.ms
          else if (each.do === 'begin') {
            const ticket = circuit.begin()
            expect(ticket !== NO_TICKET).toBe(model.begin(clock.nowMs))
            if (ticket !== NO_TICKET) open.push({ ticket, life: model.life })
          } else if (open.length > 0) {
            const [call] = open.splice(each.which % open.length, 1)
            circuit.end(call.ticket, each.end)
            model.end(call.life, each.end, clock.nowMs)
          }
          expect(circuit.state).toBe(model.state)
          seen.add(circuit.state)
        }
      }),
      { numRuns: RUNS, ...(SEED !== undefined && { seed: SEED }) },
    )
    expect(check.failed, `SEED=${check.seed}: ${fc.defaultReportMessage(check)}`).toBe(false)
    expect([...seen].sort()).toEqual(['closed', 'half-open', 'open'])
  })
})
