// Classes of requests beside each other, on real processes: a flood of one, and how the other fares. How long a request takes is
// counted in the answers that others have meanwhile: it is the same on a machine that is fast, slow or busy.

import { afterEach, describe, expect, test } from 'vitest'
import { ClassClients } from './support/class-clients.js'
import { ServingProcess } from './support/serving-process.js'

const OPTIONS = {
  classes: { interactive: { weight: 4 }, batch: { weight: 1 } },
  classHeader: 'x-class',
}
/** With room for all: who is refused does not wait. */
const ROOMY = { ...OPTIONS, concurrency: { min: 256, max: 256 } }
const FLOOD = 200
/** Alone, too, they keep the one thread busy: they wait for each other. */
const INTERACTIVE = 32
/** What a request needs of the processor, in blocks that are hashed: about a millisecond. */
const ROUNDS = 256
/** So many answers: by then it is found how many are given at once. */
const WARM_UP = 5_000
const WARM_UP_MS = 120_000
/** After each change. */
const SETTLE = 100
const SAMPLES = 300
const PHASES = 7
const COMPARISONS = 3
const RISE_MAX = 2
/** More than its part of all places. */
const BLOCKED = 300

let served: ServingProcess
const clients: ClassClients[] = []
afterEach(async () => {
  for (const each of clients.splice(0)) each.end()
  await served?.end()
})

function clientsOf(className: string, count: number): ClassClients {
  const each = new ClassClients(served.port, className, count)
  clients.push(each)
  return each
}

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1]

/** How many times as long they wait beside a flood as alone: p99, in turns of both, the median. */
async function riseBy(flood: ClassClients, interactive: ClassClients): Promise<number> {
  const alone: number[] = []
  const beside: number[] = []
  for (let phase = 0; phase < PHASES; phase++) {
    await interactive.wait(SETTLE)
    beside.push((await interactive.wait(SAMPLES)).p99)
    flood.stop()
    await served.untilStill()
    await interactive.wait(SETTLE)
    alone.push((await interactive.wait(SAMPLES)).p99)
    flood.begin()
  }
  console.info(`p99: behind ${median(alone)} others alone, behind ${median(beside)} beside a flood`)
  return median(beside) / median(alone)
}

describe(`a flood of ${FLOOD} clients of one class`, () => {
  test('raises the p99 of the other by no more than twice', { timeout: 300_000 }, async () => {
    served = await ServingProcess.begin({
      topology: 'classes.mjs',
      options: ROOMY,
      map: { rounds: ROUNDS },
    })
    const interactive = clientsOf('interactive', INTERACTIVE)
    const flood = clientsOf('batch', FLOOD)
    for (const each of [interactive, flood]) each.begin()
    await served.until(async () => (await served.stats()).answered_200 >= WARM_UP, 'a start', WARM_UP_MS)
    let rise = await riseBy(flood, interactive)
    // Where the machine is busy, it may not be found yet.
    for (let more = 1; more < COMPARISONS && rise >= RISE_MAX; more++) rise = await riseBy(flood, interactive)
    expect(rise).toBeLessThan(RISE_MAX)
  })

  test('raises it by more where it is of their class', { timeout: 300_000 }, async () => {
    served = await ServingProcess.begin({ topology: 'classes.mjs', options: ROOMY, map: { rounds: ROUNDS } })
    const interactive = clientsOf('interactive', INTERACTIVE)
    const alone = await interactive.wait(SAMPLES)
    clientsOf('interactive', FLOOD).begin()
    await served.until(async () => (await served.stats()).in_flight_interactive > FLOOD / 2, 'the flood')
    await interactive.wait(SETTLE)
    const beside = await interactive.wait(SETTLE)
    expect(beside.p99).toBeGreaterThan(RISE_MAX * alone.p99)
  })
})

test('a class with threads of its own, whose handler is blocked, holds up no other', async () => {
  served = await ServingProcess.begin({ topology: 'classes.mjs', options: OPTIONS, map: { apart: true } })
  served.set('closed')
  const post = (className: string) => served.post('sync', `blocks ${className}`, { 'x-class': className })
  const batch = Array.from({ length: BLOCKED }, () => post('batch'))
  const inWork = async () => {
    const { in_flight_batch: taken, answered_429: refused = 0 } = await served.stats()
    return { taken, refused }
  }
  await served.until(async () => {
    const { taken, refused } = await inWork()
    return taken + refused === BLOCKED
  }, 'all of batch in work, or refused')
  const { taken } = await inWork()
  // More than are given at once to threads that they share with others.
  expect(taken).toBeGreaterThan(100)
  for (let round = 0; round < 10; round++)
    for (const { status, body } of await Promise.all(Array.from({ length: 50 }, () => post('interactive'))))
      expect([status, body]).toEqual([200, expect.stringMatching(/ blocks interactive$/)])
  expect((await inWork()).taken).toBe(taken)
  served.unset('closed')
  const statuses = (await Promise.all(batch)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(taken)
  expect(statuses.filter((status) => status === 429)).toHaveLength(BLOCKED - taken)
  await served.untilStill()
})
