// Real threads that die, hang and come back, on the built package: what each fault costs, and what it does not.

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Running, Summary, start as startType } from '../../src/index.js'
import { MAIN, ROOT, runNode } from '../support/child.js'

const COUNT = 200
const BAD = '57'
const quiet = { log: () => {} }

let start: typeof startType
let folder: string
let running: Running | undefined
beforeAll(async () => {
  ;({ start } = await import(new URL('../../dist/index.js', import.meta.url).href))
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-supervision-'))
})
afterEach(async () => {
  // A test that has failed must not leave threads behind.
  await running?.stop().catch(() => {})
  running = undefined
  rmSync(folder, { recursive: true })
})

type Fallback = { id: string; reason: string; headers: Record<string, string> }

async function begin(fault: string, count = COUNT): Promise<Running> {
  const url = new URL('./fixtures/supervised.mjs', import.meta.url)
  for (const [key, value] of Object.entries({ fault, folder, count }))
    url.searchParams.set(key, String(value))
  running = await start(url, quiet)
  return running
}

async function play(fault: string, count = COUNT): Promise<Summary> {
  return (await begin(fault, count)).finished
}

/** The lines of a file that the threads wrote. */
function linesOf(name: string): string[] {
  const path = join(folder, name)
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
}

const written = () => linesOf('sink').map((line) => line.split(' ')[0])
const fallen = () => linesOf('fallback').map((line) => JSON.parse(line) as Fallback)
const allBut = (...ids: string[]) =>
  Array.from({ length: COUNT }, (_, i) => String(i)).filter((id) => !ids.includes(id))
const numerically = (ids: readonly string[]) => ids.toSorted((one, other) => Number(one) - Number(other))

function expectOrderByKey(): void {
  const last = new Map<string, number>()
  const seen = new Set<string>()
  for (const line of linesOf('sink')) {
    const [id, key] = line.split(' ')
    // Repeated ones come again in their old order.
    if (seen.has(id)) continue
    seen.add(id)
    expect(last.get(key) ?? -1, `the one before ${id}`).toBeLessThan(Number(id))
    last.set(key, Number(id))
  }
}

function expectConserved({ read, acked, nacked, inFlight, abandoned }: Summary): void {
  expect(read).toBe(acked + nacked + inFlight + abandoned)
}

/** The bad one is in the fallback, once; all others are in the sink, once and in order; all are acked, once. */
function expectOnlyTheBad(summary: Summary): Fallback {
  expect(numerically(written())).toEqual(allBut(BAD))
  expectOrderByKey()
  expect(fallen().map(({ id }) => id)).toEqual([BAD])
  expect(numerically(linesOf('acked'))).toEqual(allBut())
  expect(summary).toMatchObject({
    ok: true,
    read: COUNT,
    acked: COUNT,
    nacked: 0,
    inFlight: 0,
    abandoned: 0,
    fallback: 1,
  })
  return fallen()[0]
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within 20 s: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function threadOf(name: string) {
  const view = running?.inspect().threads.find(({ thread }) => thread === name)
  if (view === undefined) throw new Error(`there is no thread ${name}`)
  return view
}

describe('a handler that ends its thread', () => {
  const faults: [string, RegExp, string | undefined][] = [
    ['exit', /exited with code 3/, undefined],
    ['exitLater', /exited with code 3/, undefined],
    ['timer', /nobody caught: from a timer/, 'from a timer'],
    ['rejection', /nobody caught: nobody awaits it/, 'nobody awaits it'],
    ['spin', /was ended: the handler of map has not returned for 200 ms/, undefined],
    ['spinLater', /was ended: its loop has not turned for 1,000 ms/, undefined],
  ]
  for (const [fault, death, error] of faults) {
    it(`costs its own message after three deaths alone, and nobody else anything: ${fault}`, async () => {
      const summary = await play(fault)
      const { reason, headers } = expectOnlyTheBad(summary)
      expect(reason).toMatch(/^poison: .* 3 times while map had this record alone in hand/)
      expect(reason).toMatch(death)
      expect(headers).toMatchObject({
        'millrace-reason': reason,
        'millrace-stage': 'map',
        'millrace-attempts': '3',
        ...(error && {
          'millrace-error': expect.stringContaining(error),
          'millrace-stack': expect.stringContaining('supervised.mjs'),
        }),
      })
      expect(summary.poisoned).toBe(1)
      // Three alone; where others were pending beside it, one more before that, which made suspects of all of them.
      const inCompany = ['exitLater', 'timer', 'rejection', 'spinLater'].includes(fault)
      const deaths = [3, ...(inCompany ? [4] : [])]
      expect(deaths).toContain(summary.restarts)
      const view = threadOf('map')
      expect(view).toMatchObject({ thread: 'map', isDown: false, restarts: summary.restarts })
      expect(view.lastDeath).toMatch(death)
      expect([threadOf('ingress').restarts, threadOf('egress').restarts]).toEqual([0, 0])
    })
  }

  for (const fault of ['timerAfter', 'timerAfterBeside']) {
    it(`costs nobody anything where it does so once its message is done: ${fault}`, async () => {
      const running = await begin(fault)
      await until('the death', () => running.progress().restarts === 1)
      writeFileSync(join(folder, 'end'), '')
      const summary = await running.finished
      expect(numerically(written())).toEqual(allBut())
      expectOrderByKey()
      expect(summary).toMatchObject({ ok: true, acked: COUNT, fallback: 0, poisoned: 0, restarts: 1 })
      expect(threadOf('map').lastDeath).toMatch(/from a timer/)
    })
  }
})

describe('a handler that gives no result', () => {
  it('fails only its own message, and its thread lives on', async () => {
    const summary = await play('never')
    expect(expectOnlyTheBad(summary).reason).toBe('the handler gave no result within 100 ms')
    expect(summary).toMatchObject({ restarts: 0, failed: 2, retried: 1, poisoned: 0 })
  })

  it('fails only its own message where it is a stream that stands still', async () => {
    const summary = await play('stream')
    expect(fallen().map(({ id, reason }) => [id, reason])).toEqual([
      [BAD, 'the handler gave no result within 100 ms'],
    ])
    // What the stream gave before is out; a second attempt does not give it again.
    expect(numerically(written().filter((id) => id !== `${BAD}.0`))).toEqual(allBut(BAD))
    expect(written().filter((id) => id === `${BAD}.0`).length).toBeLessThanOrEqual(1)
    expect(summary).toMatchObject({ ok: true, acked: COUNT, restarts: 0, failed: 2 })
  })

  it('costs its thread once such ones hold half of a mailbox, and nobody a message', async () => {
    const count = 4_000
    const summary = await play('pin', count)
    expect(numerically(written())).toEqual(Array.from({ length: count }, (_, i) => String(i)))
    expectOrderByKey()
    expect(summary).toMatchObject({
      ok: true,
      read: count,
      acked: count,
      failed: 5,
      fallback: 0,
      restarts: 1,
    })
    expect(threadOf('map').lastDeath).toMatch(/hold half of a mailbox/)
  })
})

describe('a thread with nothing to do', () => {
  it('is not taken for one that is stuck, however little time a handler has', async () => {
    const topology = await begin('idle')
    const half = () => topology.progress().acked === COUNT / 2
    await until('half of it', half)
    const sinceMs = topology.progress().elapsedMs
    // Longer than any loop is parked.
    await until('a second of nothing', () => topology.progress().elapsedMs > sinceMs + 1_000)
    writeFileSync(join(folder, 'end'), '')
    expect(await topology.finished).toMatchObject({ ok: true, acked: COUNT, restarts: 0 })
  })
})

describe('a sink that ends its thread', () => {
  for (const [fault, death] of [
    ['sinkExits', /exited with code 3/],
    ['sinkSpins', /was ended: a write of sink has not returned for 200 ms/],
  ] as const) {
    it(`costs its own message, and repeats only what was in its hands: ${fault}`, async () => {
      const summary = await play(fault)
      expect(fallen().map(({ id }) => id)).toEqual([BAD])
      expect(fallen()[0].headers).toMatchObject({ 'millrace-stage': 'sink', 'millrace-attempts': '3' })
      expect(fallen()[0].reason).toMatch(death)
      const all = written()
      const unique = [...new Set(all)]
      expect(numerically(unique)).toEqual(allBut(BAD))
      expectOrderByKey()
      const hands = new Set(linesOf('hands'))
      const repeated = unique.filter((id) => all.indexOf(id) !== all.lastIndexOf(id))
      expect(repeated.filter((id) => !hands.has(id))).toEqual([])
      expect(summary).toMatchObject({ ok: true, acked: COUNT, nacked: 0, abandoned: 0, poisoned: 1 })
      // Alone three times, once in company at most.
      expect([3, 4]).toContain(threadOf('egress').restarts)
      expect(threadOf('egress').lastDeath).toMatch(death)
    })
  }
})

describe('a source that ends its thread', () => {
  it('is read again from the lowest that was not settled: nothing is lost, and old roots are abandoned', async () => {
    const summary = await play('readerExits')
    expect(numerically([...new Set(written())])).toEqual(allBut())
    expectOrderByKey()
    expect(numerically([...new Set(linesOf('acked'))])).toEqual(allBut())
    expectConserved(summary)
    expect(summary).toMatchObject({
      ok: true,
      restarts: 1,
      nacked: 0,
      inFlight: 0,
      abandoned: expect.any(Number),
    })
    // All that was in flight, and nothing else, was read again.
    expect(summary.abandoned).toBeGreaterThan(0)
    expect(summary.read).toBe(COUNT + summary.abandoned)
    expect(linesOf('acked')).toHaveLength(summary.acked)
    expect(threadOf('ingress')).toMatchObject({ restarts: 1, lastDeath: 'exited with code 3' })
  })

  it('is given up when it always does', async () => {
    const startedMs = performance.now()
    await expect(play('readerAlwaysExits')).rejects.toMatchObject({
      code: 'ERR_THREAD',
      message: expect.stringMatching(
        /thread ingress: died 10 times within 60 s, the last time it exited with code 3/,
      ),
    })
    expect(performance.now() - startedMs).toBeLessThan(30_000)
    expect(running?.inspect()).toMatchObject({ state: 'failed' })
    expect(threadOf('ingress').restarts).toBe(9)
  })

  it('has a new thread where a step throws', async () => {
    const summary = await play('brokenStep')
    expect(numerically([...new Set(written())])).toEqual(allBut())
    expectConserved(summary)
    expect(summary).toMatchObject({ ok: true, restarts: 1 })
    expect(threadOf('ingress').lastDeath).toMatch(/not to be read/)
  })

  it('stops the topology where it gives what is no record', async () => {
    await expect(play('brokenRecord')).rejects.toMatchObject({
      code: 'ERR_SOURCE',
      message: expect.stringMatching(/read\(\) gave a string among its records/),
    })
    expect(running?.progress().restarts).toBe(0)
  })
})

describe('a thread that is down', () => {
  /** Ends a thread, whose source or sink cannot be opened again while the file `closed` is there. */
  async function untilDown(thread: 'ingress' | 'egress'): Promise<Running> {
    const topology = await begin(`${thread}Exits`, Number.POSITIVE_INFINITY)
    await until('some acks', () => topology.progress().acked > 100)
    writeFileSync(join(folder, 'die'), '')
    await until('a failure to open', () => /it is closed/.test(threadOf(thread).lastDeath ?? ''))
    await until('a pause', () => threadOf(thread).isDown)
    return topology
  }

  it('comes back when its sink can be opened again', async () => {
    const topology = await untilDown('egress')
    expect(topology.inspect()).toMatchObject({
      state: 'running',
      ready: false,
      troubles: [
        expect.stringMatching(/thread egress is down: it could not start again: sink: .*it is closed/),
      ],
    })
    const { acked } = topology.progress()
    rmSync(join(folder, 'closed'))
    await until('more acks', () => topology.progress().acked > acked + 100)
    expect(topology.inspect()).toMatchObject({ ready: true, troubles: [] })
    writeFileSync(join(folder, 'end'), '')
    const summary = await topology.finished
    expectConserved(summary)
    expect(summary).toMatchObject({ ok: true, acked: summary.read, fallback: 0 })
    expect(new Set(written()).size).toBe(summary.read)
  })

  for (const thread of ['ingress', 'egress'] as const) {
    it(`holds a drain up until it is back, and finishes it then: ${thread}`, async () => {
      const topology = await untilDown(thread)
      const drained = topology.drain()
      rmSync(join(folder, 'closed'))
      const summary = await drained
      expectConserved(summary)
      expect(summary).toMatchObject({ ok: true, nacked: 0, inFlight: 0 })
      expect(summary.acked + summary.abandoned).toBe(summary.read)
      // What is acked was written, and only a reader's death leaves more written than acked.
      const ids = new Set(written())
      expect(linesOf('acked').filter((id) => !ids.has(id))).toEqual([])
      if (thread === 'egress') expect([ids.size, summary.abandoned]).toEqual([summary.read, 0])
    })
  }

  it('does not hold up a stop', async () => {
    const topology = await untilDown('egress')
    const startedMs = performance.now()
    const summary = await topology.stop()
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    expectConserved(summary)
    expect(summary).toMatchObject({ ok: false, inFlight: 0 })
    expect(summary.nacked).toBeGreaterThan(0)
    expect(topology.inspect().state).toBe('stopped')
  })

  it('does not come back with another definition', async () => {
    // A copy of the fixture that can be changed.
    const path = join(folder, 'topology.mjs')
    const text = readFileSync(new URL('./fixtures/supervised.mjs', import.meta.url), 'utf8')
    const absolute = text
      .replace('../../../dist/', `${ROOT}dist/`)
      .replace('./parameters.mjs', `${ROOT}test/threads/fixtures/parameters.mjs`)
    writeFileSync(path, absolute)
    const url = new URL(`file://${path}`)
    for (const [key, value] of Object.entries({ fault: 'exitWhenTold', folder, count: 'Infinity' }))
      url.searchParams.set(key, value)
    running = await start(url, quiet)
    const topology = running
    await until('some acks', () => topology.progress().acked > 100)
    appendFileSync(path, '// changed\n')
    writeFileSync(join(folder, 'die'), '')
    await expect(topology.finished).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/on thread map the module gave another definition/),
    })
    expect(topology.progress().restarts).toBe(1)
  })
})

describe('a thread that cannot be ended', () => {
  it('ends the process, by SIGKILL, and says whose fault it was', { timeout: 40_000 }, async () => {
    const startedMs = performance.now()
    const module = 'test/threads/fixtures/supervised-native.mjs'
    const { code, stderr } = await runNode([MAIN, 'run', module, '--quiet'])
    expect(code).toBeNull()
    expect(stderr).toMatch(
      /thread map cannot be ended \(was ended: the handler of map has not returned for 300 ms\): the process ends itself \(SIGKILL\)/,
    )
    expect(performance.now() - startedMs).toBeLessThan(15_000)
  })
})
