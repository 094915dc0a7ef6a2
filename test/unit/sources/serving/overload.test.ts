// The limit in front of a simulated service with 2 servers: what comes out, and how long it takes. Peak: 64 clients and no limit.

import { beforeAll, describe, expect, test } from 'vitest'
import {
  ConcurrencyLimit,
  type ConcurrencyLimitOptions,
} from '../../../../src/sources/serving/concurrency-limit.js'
import { bimodal, exactly, exponential, type Law } from './laws.js'
import { runLimited } from './limited.js'
import type { Load, Outcome } from './service.js'

const SEEDS = (process.env.SEEDS ?? '1,2').split(',').map(Number)
const PER_MS = 10
const name = 'a'

const text = ({ goodput, p50, p99, refused }: Outcome) =>
  `${goodput.toFixed(2)}/ms, p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms, ${refused} refused`

function run(
  what: string,
  seed: number,
  load: Load,
  workMs: Law,
  more: object = {},
  options?: ConcurrencyLimitOptions,
) {
  const limit = options && new ConcurrencyLimit(options)
  const service = { seed, loads: [load], servers: 2, workMs, untilMs: 2_000, fromMs: 1_000, ...more }
  const outcome = runLimited(limit, service)
  console.info(`seed ${seed}, ${what}: ${text(outcome)}${limit ? `, limit ${limit.limit}` : ''}`)
  return { ...outcome, limit: limit?.limit ?? Infinity }
}

const OVERLOADS: [string, Load][] = [
  ['10 times what it can do', { name, perMs: 10 * PER_MS }],
  ['512 clients that ask again at once', { name, clients: 512 }],
  ['512 clients that ask again after 1 s', { name, clients: 512, afterMs: 1_000 }],
  ['5,000 clients that ask again at once', { name, clients: 5_000 }],
  ['5,000 clients that ask again after 1 s', { name, clients: 5_000, afterMs: 1_000 }],
]

describe.each([
  ['exponential', exponential(0.2)],
  ['exact', exactly(0.2)],
] as const)('200 µs of work, %s', (law, workMs) => {
  describe.each(SEEDS)('seed %i', (seed) => {
    let peak: Outcome
    beforeAll(() => {
      peak = run(`${law}, peak`, seed, { name, clients: 64 }, workMs)
    })

    test('64 clients are never refused, and are as fast as without a limit', () => {
      const got = run(`${law}, 64 clients`, seed, { name, clients: 64 }, workMs, {}, {})
      expect(got).toMatchObject({ goodput: peak.goodput, p99: peak.p99, refused: 0 })
    })

    test('half of what it can do: nobody is refused', () => {
      const load = { name, perMs: PER_MS / 2 }
      const got = run(`${law}, half`, seed, load, workMs, {}, {})
      expect(got.refused).toBe(0)
      expect(got.limit).toBe(128)
    })

    test('as much as it can do', () => {
      const load = { name, perMs: PER_MS }
      const got = run(`${law}, full`, seed, load, workMs, { untilMs: 4_000 }, {})
      expect(got.goodput).toBeGreaterThan(0.9 * PER_MS)
      expect(got.p99).toBeLessThan(2 * peak.p99)
    })

    test.each(OVERLOADS)('%s', (what, load) => {
      const got = run(`${law}, ${what}`, seed, load, workMs, {}, {})
      expect(got.goodput).toBeGreaterThan(0.9 * PER_MS)
      expect(got.p99).toBeLessThan(2 * peak.p99)
      expect(got.refused).toBeGreaterThan(0)
    })

    test('a low minimum and no calm: two in flight for each server are the least, and nothing is lost', () => {
      const options = { min: 4, max: 1_000, calmMs: 0 }
      const more = { untilMs: 4_000, fromMs: 3_000 }
      const got = run(`${law}, low`, seed, { name, clients: 512 }, workMs, more, options)
      expect(got.goodput).toBeGreaterThan(0.9 * PER_MS)
      expect(got.p99).toBeLessThan(peak.p99 / 2)
    })

    test('everything stands still for 10 ms of each 100: as much is answered as can be', () => {
      const more = { pause: { everyMs: 100, ms: 10 } }
      const still = run(`${law}, peak with pauses`, seed, { name, clients: 64 }, workMs, more)
      const got = run(`${law}, pauses`, seed, { name, clients: 512 }, workMs, more, {})
      expect(got.goodput).toBeGreaterThan(0.9 * still.goodput)
      expect(got.p99).toBeLessThan(2 * still.p99)
      const half = run(`${law}, half with pauses`, seed, { name, perMs: PER_MS / 2 }, workMs, more, {})
      expect(half).toMatchObject({ refused: 0, limit: 128 })
    })
  })
})

describe.each(SEEDS)('seed %i', (seed) => {
  test('one in a hundred works for 100 ms: it does not drift to either end of its bounds, and nothing is lost', () => {
    const workMs = bimodal(0.2, 100)
    const more = { untilMs: 20_000, fromMs: 10_000 }
    const open = run('bimodal, no limit', seed, { name, clients: 2_000 }, workMs, more)
    const got = run('bimodal', seed, { name, clients: 2_000, afterMs: 100 }, workMs, more, { max: 4_096 })
    expect(got.goodput).toBeGreaterThan(0.9 * open.goodput)
    expect(got.p99).toBeLessThan(open.p99 / 2)
  })

  test.each([
    ['50 ms', exactly(50)],
    ['about 50 ms', exponential(50)],
    ['50 ms, and one in a hundred 1 s', bimodal(50, 1_000)],
    ['5 ms on one route, 200 ms on the other', (random) => (random() < 0.5 ? 5 : 200)],
  ] as [string, Law][])('a handler that only waits, %s: to the maximum, also with pauses', (what, workMs) => {
    const more = { servers: Infinity, untilMs: 20_000, fromMs: 16_000, pause: { everyMs: 100, ms: 10 } }
    const load = { name, clients: 1_200, afterMs: 50 }
    const got = run(`waits ${what}`, seed, load, workMs, more, {})
    const fixed = run(`waits ${what}, fixed`, seed, load, workMs, more, { min: 1_024 })
    expect(got.goodput).toBeGreaterThan(0.9 * fixed.goodput)
    expect(got.limit).toBeGreaterThan(700)
  })

  test('a pool of 100 behind the handler: as many as it has, and few wait', () => {
    const load = { name, clients: 500, afterMs: 50 }
    const more = { servers: 100, untilMs: 40_000, fromMs: 20_000 }
    const got = run('pool', seed, load, exponential(50), more, {})
    expect(got.goodput).toBeGreaterThan(0.9 * 2)
    expect(got.limit).toBeLessThan(200)
  })

  test('work becomes ten times longer, and short again', () => {
    const changing: Law = (random, nowMs) =>
      exponential(nowMs > 2_000 && nowMs < 6_000 ? 2 : 0.2)(random, nowMs)
    const load = { name, clients: 600, afterMs: 1 }
    const slow = run('slower', seed, load, changing, { untilMs: 6_000, fromMs: 4_000 }, {})
    expect(slow.goodput).toBeGreaterThan(0.9)
    expect(slow.p99).toBeLessThan(180)
    const again = run('and faster', seed, load, changing, { untilMs: 8_000, fromMs: 7_000 }, {})
    expect(again.goodput).toBeGreaterThan(0.9 * PER_MS)
    expect(again.p99).toBeLessThan(17)
  })

  test('where all time out it falls to the minimum', () => {
    const load = { name, clients: 2_000, afterMs: 20 }
    const got = run(
      'time-outs',
      seed,
      load,
      exactly(10),
      { timeoutMs: 200, untilMs: 20_000, fromMs: 15_000 },
      { min: 16 },
    )
    expect(got.goodput).toBeGreaterThan(0.9 * 0.2)
    expect(got.late).toBe(0)
  })
})
