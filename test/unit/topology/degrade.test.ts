// A stage with a degrade handler, in one loop: who is called when, and what is told of it.

import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../src/index.js'
import type { Message } from '../../../src/kernel/message.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { defineTopology } from '../../../src/topology/define.js'
import { start } from '../../../src/topology/start.js'
import type { DegradeOptions, MapHandler, MapStage, Output } from '../../../src/topology/types.js'

type Written = {
  value: string
  degraded: unknown
  headers: Message['headers']
  id: string
  keys: readonly string[]
}

/** Runs messages, one after the other, through a stage. */
async function play(count: number, stage: Partial<MapStage>, more: { fallback?: Sink } = {}) {
  const written: Written[] = []
  const logs: LogRecord[] = []
  let given = 0
  let settled = 0
  const topology = defineTopology({
    name: 'degrade',
    threads: 0,
    order: 'none',
    source: {
      ack: (acks) => {
        settled += acks.length
      },
      read: () => {
        // One at a time: the next when the last is settled.
        if (given > settled) return []
        return given === count
          ? null
          : [{ value: String(given), offset: given++, keys: ['k'], headers: { own: 'yes' } }]
      },
    },
    map: { handler: () => undefined, concurrency: 1, ...stage },
    retry: { backoff: { initialMs: 0 } },
    sink: {
      write(batch) {
        for (const message of batch) {
          const { id, keys, headers } = message
          written.push({ value: message.text(), degraded: headers['millrace-degraded'], headers, id, keys })
        }
        return batch.map(Response.ok)
      },
    },
    ...more,
  })
  const running = await start(topology, { log: (record) => logs.push(record), logLevel: 'info' })
  return { running, written, logs, summary: await running.finished }
}

const fails: MapHandler = () => {
  throw new Error('down')
}
const degrade = (more: Partial<DegradeOptions> = {}): DegradeOptions => ({
  handler: (message) => `stood in for ${message.text()}`,
  calls: 4,
  openMs: 3_600_000,
  ...more,
})

describe('a stage with a degrade handler', () => {
  it('calls it while too many calls fail, also for those that failed before; each of its outputs says so', async () => {
    const { written, logs, summary, running } = await play(4, {
      handler: fails,
      retry: { attempts: 4 },
      degrade: degrade(),
    })
    expect(summary).toMatchObject({ ok: true, acked: 4, failed: 4 })
    expect(written.map(({ value, degraded }) => [value, degraded])).toEqual(
      [0, 1, 2, 3].map((n) => [`stood in for ${n}`, 'map']),
    )
    expect(written[0]).toMatchObject({ id: '0', keys: ['k'], headers: { own: 'yes' } })
    const { degraded, ready, troubles, actors } = running.inspect()
    expect(degraded).toEqual([expect.stringMatching(/^the degrade handler has stood in on map for \d+ s$/)])
    expect([ready, troubles]).toEqual([false, []])
    expect(actors[1].counts.degraded).toBe(4)
    expect(logs.filter(({ level }) => level === 'warn').map(({ message }) => message)).toContain(
      'map: 4 of 4 calls failed: down; the degrade handler takes over for 3,600,000 ms',
    )
  })

  it('tries the handler again, and goes back to it; outputs of its own say nothing', async () => {
    let calls = 0
    const { written, logs, running } = await play(6, {
      handler: (message) => {
        if (++calls <= 2) throw new Error('down')
        return message.text()
      },
      retry: { attempts: 1, onExhausted: 'drop' },
      // The first probe is due at once.
      degrade: degrade({ calls: 2, openMs: 1, handler: waits }),
    })
    async function waits(message: Message) {
      const untilMs = performance.now() + 3
      while (performance.now() < untilMs) await new Promise((resolve) => setImmediate(resolve))
      return `stood in for ${message.text()}`
    }
    expect(written.at(-1)).toMatchObject({ value: '5', degraded: undefined })
    expect(written.some(({ degraded }) => degraded === 'map')).toBe(true)
    expect(running.inspect().degraded).toBe(undefined)
    expect(logs.some(({ message }) => /^map: its handler works again after \d+\.\d s$/.test(message))).toBe(
      true,
    )
  })

  it('gives up on a message that fails while others work, as without one', async () => {
    const lost: string[] = []
    const fallback: Sink = {
      write: (batch) => {
        lost.push(...batch.map((message) => message.text()))
        return batch.map(Response.ok)
      },
    }
    let isCalled = false
    const handler = () => {
      isCalled = true
    }
    const { summary } = await play(
      1,
      {
        handler: fails,
        retry: { attempts: 3 },
        degrade: degrade({ calls: 100, handler }),
      },
      { fallback },
    )
    expect([summary.fallback, lost, isCalled]).toEqual([1, ['0'], false])
  })

  it('a degrade handler that fails is tried again, and then the message is given up', async () => {
    const { summary } = await play(
      1,
      { handler: fails, retry: { attempts: 2 }, degrade: degrade({ calls: 1, handler: fails }) },
      { fallback: { write: (batch) => batch.map(Response.ok) } },
    )
    expect(summary).toMatchObject({ failed: 2, fallback: 1 })
  })

  it('counts a promise that takes too long as a failure', async () => {
    const { written } = await play(1, {
      handler: () => new Promise(() => {}),
      handlerTimeoutMs: 20,
      retry: { attempts: 1 },
      degrade: degrade({ calls: 1 }),
    })
    expect(written).toMatchObject([{ value: 'stood in for 0', degraded: 'map' }])
  })

  const output: Output = { value: 'a', headers: { mine: '1' } }
  it.each<[string, MapHandler, [string, object][]]>([
    ['text', () => 'a', [['a', { own: 'yes' }]]],
    ['bytes', () => Buffer.from('a'), [['a', { own: 'yes' }]]],
    ['the message itself', (message) => message, [['0', { own: 'yes' }]]],
    ['an output with headers', () => output, [['a', { mine: '1' }]]],
    [
      'a list',
      () => ['a', output],
      [
        ['a', { own: 'yes' }],
        ['a', { mine: '1' }],
      ],
    ],
    [
      'a stream',
      function* () {
        yield* ['a', 'b']
      } as MapHandler,
      [
        ['a', { own: 'yes' }],
        ['b', { own: 'yes' }],
      ],
    ],
    [
      'an async stream',
      async function* () {
        yield* ['a', 'b']
      } as MapHandler,
      [
        ['a', { own: 'yes' }],
        ['b', { own: 'yes' }],
      ],
    ],
    ['a promise', async () => 'a', [['a', { own: 'yes' }]]],
  ])('marks %s', async (_, handler, wanted) => {
    const stage = { handler: fails, retry: { attempts: 1 }, degrade: degrade({ calls: 1, handler }) }
    const { written } = await play(1, stage)
    expect(written.map(({ value, headers }) => [value, { ...headers }])).toEqual(
      wanted.map(([value, headers]) => [value, { ...headers, 'millrace-degraded': 'map' }]),
    )
  })

  it('what is no result is an error of its own', async () => {
    const handler = (() => 7) as unknown as MapHandler
    const stage = { handler: fails, retry: { attempts: 1 }, degrade: degrade({ calls: 1, handler }) }
    await expect(play(1, stage)).rejects.toMatchObject({
      code: 'ERR_HANDLER',
      message: expect.stringContaining('not number'),
    })
  })
})

describe('its options', () => {
  const define = defineTopology as (options: unknown) => ReturnType<typeof defineTopology>
  const base = { name: 'a', source: { read: () => null }, sink: { write: () => [] } }

  it('have defaults', () => {
    const handler = () => undefined
    const wanted = { handler, failures: 0.5, calls: 20, openMs: 5_000, probes: 1 }
    expect(define({ ...base, map: { handler, degrade: handler } }).stages[0].degrade).toEqual(wanted)
    expect(define({ ...base, map: { handler, degrade: { handler, probes: 3 } } }).stages[0].degrade).toEqual({
      ...wanted,
      probes: 3,
    })
    expect(define({ ...base, map: handler }).stages[0].degrade).toBe(undefined)
  })

  it.each([
    [
      'nothing of use',
      7,
      'map.degrade: got 7, wanted a function (message, context), or { handler, failures, calls, openMs, probes }',
    ],
    [
      'a share above 1',
      { handler: () => {}, failures: 2 },
      'map.degrade.failures: got 2, wanted a number from 0.01 to 1',
    ],
    [
      'an unknown one',
      { handler: () => {}, probe: 1 },
      'unknown option map.degrade.probe; did you mean map.degrade.probes?',
    ],
  ])('are checked: %s', (_, given, problem) => {
    expect(() => define({ ...base, map: { handler: () => undefined, degrade: given } })).toThrow(problem)
  })
})
