// A flood of one class beside another: 2 servers with 200 µs of work behind one line, simulated.
// Shares of the limit alone let the line fill with whoever floods; the fair queue in front keeps it short.

import { describe, expect, test } from 'vitest'
import { Classes } from '../../../../src/sources/serving/classes.js'
import { ConcurrencyLimit } from '../../../../src/sources/serving/concurrency-limit.js'
import { FairQueue, type Window } from '../../../../src/sources/serving/fair-queue.js'
import { exactly, exponential, type Law } from './laws.js'
import { type Load, type Outcome, type Request, simulate } from './service.js'

const SEEDS = (process.env.SEEDS ?? '1,2').split(',').map(Number)
const NAMES = ['interactive', 'batch']
/** Two for each server: one in work and one at hand. */
const PLACES: Window = { limit: 4, observe: () => {} }

function run(seed: number, workMs: Law, loads: readonly Load[], window: Window | undefined) {
  const classes = new Classes(
    NAMES.map((name, at) => ({ name, weight: [4, 1][at], inFlight: Infinity, branch: 0 })),
    { min: 64, max: 1_024 },
  )
  const queue = window && new FairQueue<Request>([4, 1], window)
  const outcomes = simulate({
    seed,
    loads,
    workMs,
    servers: 2,
    untilMs: 4_000,
    fromMs: 2_000,
    gate: {
      admit: (name) => classes.admit(name),
      release: (name, latencyMs) => classes.release(name, latencyMs, 'answered'),
    },
    front: queue && {
      push: (request) => queue.push(NAMES.indexOf(request.name), request),
      next: () => queue.next(),
      done: (latencyMs) => queue.done(latencyMs),
    },
  })
  return NAMES.map((name) => outcomes.get(name) as Outcome)
}

const FLOODS: Load[] = [
  { name: 'batch', clients: 640 },
  { name: 'batch', perMs: 100 },
]

describe.each(SEEDS)('seed %i', (seed) => {
  for (const [law, workMs] of [
    ['exponential', exponential(0.2)],
    ['exact', exactly(0.2)],
  ] as const) {
    test.each(FLOODS)(`half of the load is interactive, ${law}, a flood of %j`, (flood) => {
      const interactive = { name: 'interactive', perMs: 5 }
      const [alone] = run(seed, workMs, [interactive], undefined)
      const [shares] = run(seed, workMs, [interactive, flood], undefined)
      const [got, batch] = run(seed, workMs, [interactive, flood], PLACES)
      const window = new ConcurrencyLimit({ min: 4, initial: 64, calmMs: 0.5 })
      const [found, rest] = run(seed, workMs, [interactive, flood], window)
      const of = ({ goodput, p50, p99 }: Outcome) =>
        `${goodput.toFixed(2)}/ms p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)}`
      console.info(
        `seed ${seed}, ${law}: alone ${of(alone)}; shares only ${of(shares)}; 4 places ${of(got)}, batch ${of(batch)}; ${window.limit} found ${of(found)}, batch ${of(rest)}`,
      )
      expect(shares.p99).toBeGreaterThan(5 * alone.p99)
      expect(got.p99).toBeLessThan(law === 'exact' ? 2.2 * alone.p99 : 2 * alone.p99)
      expect(found.p99).toBeLessThan(2.5 * alone.p99)
      expect(got.goodput + batch.goodput).toBeGreaterThan(9)
      expect(found.goodput + rest.goodput).toBeGreaterThan(9)
    })
  }

  test('two floods share by weight', () => {
    const loads = NAMES.map((name) => ({ name, clients: 640 }))
    const [interactive, batch] = run(seed, exponential(0.2), loads, PLACES)
    expect(interactive.goodput / batch.goodput).toBeGreaterThan(3.6)
    expect(interactive.goodput / batch.goodput).toBeLessThan(4.4)
    expect(interactive.goodput + batch.goodput).toBeGreaterThan(9)
  })
})
