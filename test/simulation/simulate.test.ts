// simulate() for users: their own handlers and sinks, real promises; and topologies that are broken, which it must see.

import { describe, expect, it } from 'vitest'
import {
  defineTopology,
  generator,
  Response,
  type Sink,
  type Topology,
  type TopologyOptions,
} from '../../src/index.js'
import { simulate } from '../../src/testing/simulate.js'
import type { SimulateOptions } from '../../src/testing/simulation/simulate-options.js'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
const messages = Array.from({ length: 30 }, (_, i) => ({
  value: JSON.stringify({ n: i }),
  keys: [`key-${i % 3}`],
}))

type Parts = Omit<TopologyOptions, 'name' | 'source'>

function topologyOf(parts: Parts): Topology {
  return defineTopology({ name: 'mine', source: generator({ count: 1 }), order: 'key', ...parts })
}

function memorySink(stored: Map<string, Buffer>, more: Partial<Sink> = {}): Sink {
  return {
    write: (batch) => {
      for (const message of batch) stored.set(message.id, message.bytes())
      return batch.map(Response.ok)
    },
    ...more,
  }
}

/** Prices with real promises, some of which take a turn of the event loop. */
async function price(message: { json: () => unknown; attempt: number }) {
  const { n } = message.json() as { n: number }
  if (n % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
  if (n % 7 === 3 && message.attempt === 1) throw new Error('not at the first try')
  return n % 5 === 0 ? [] : Array.from({ length: 1 + (n % 3) }, (_, i) => JSON.stringify({ n, i }))
}

/** Gives the text of the failure; fails where there is none. */
async function failureOf(parts: Parts, options: SimulateOptions = {}): Promise<string> {
  try {
    await simulate(topologyOf(parts), { seed: SEED, runs: 300, messages, ...options })
  } catch (error) {
    return (error as Error).message
  }
  throw new Error(`nothing was seen with seed ${SEED}`)
}

describe(`simulate (seed ${SEED})`, { timeout: 120_000 }, () => {
  it('plays a sound topology in many schedules, with deaths in all of its threads', async () => {
    const stored = new Map<string, Buffer>()
    const sink: Sink = {
      concurrency: 2,
      batchMax: 4,
      write: async (batch) => {
        await new Promise((resolve) => setImmediate(resolve))
        for (const message of batch) stored.set(message.id, message.bytes())
        return batch.map(Response.ok)
      },
    }
    const result = await simulate(topologyOf({ map: { handler: price, threads: 2 }, sink }), {
      seed: SEED,
      runs: 40,
      messages,
      accepted: () => ({ sink: [...stored.values()] }),
    })
    expect(result).toMatchObject({ seed: SEED, runs: 40, schedules: 40, failures: [] })
    expect(result.crashes).toBeGreaterThan(40)
    const expected = messages.flatMap((_, n) =>
      n % 5 === 0 ? [] : Array.from({ length: 1 + (n % 3) }, (_, i) => `{"n":${n},"i":${i}}`),
    )
    expect([...stored.values()].map(String).sort()).toEqual(expected.sort())
  })

  it('makes a topology with a source of its own anew for each run', async () => {
    const make = () =>
      defineTopology({ name: 'own', source: generator({ count: 20, keys: 2 }), sink: memorySink(new Map()) })
    expect(await simulate(make, { seed: SEED, runs: 10 })).toMatchObject({ runs: 10, failures: [] })
    await expect(simulate(make(), { seed: SEED })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/each run reads the source again: give `messages`, or a function/),
    })
  })

  it('plays the same again for the same seed', async () => {
    const topology = topologyOf({ map: { handler: price, threads: 2 }, sink: memorySink(new Map()) })
    const results = [1, 2].map(() => simulate(topology, { seed: SEED, runs: 5, messages }))
    const [one, other] = [await results[0], await results[1]]
    expect(one).toEqual(other)
  })

  it('sees a sink that answers ok and has written nothing, where it is told what is there', async () => {
    const stored = new Map<string, Buffer>()
    const lying: Sink = {
      write: (batch) => {
        for (const message of batch)
          if (!message.text().includes('17')) stored.set(message.id, message.bytes())
        return batch.map(Response.ok)
      },
    }
    const text = await failureOf({ sink: lying }, { accepted: () => ({ sink: [...stored.values()] }) })
    expect(text).toMatch(/P4: sink answered for message .* that it was written, and it is not there/)
  })

  it('sees a handler that keeps what it should pass on', async () => {
    let kept = 0
    const handler = (message: { text: () => string }) => (++kept % 50 === 0 ? undefined : message.text())
    expect(await failureOf({ map: { handler, threads: 1 }, sink: memorySink(new Map()) })).toMatch(
      /I1: message .* reached sink in the run without faults, and not in this one/,
    )
  })

  it('sees a breach of the sink contract, and a promise that never settles', async () => {
    const missing: Sink = { write: (batch) => batch.slice(1).map(Response.ok) }
    expect(await failureOf({ sink: missing })).toMatch(/no response for/)
    const stuck: Sink = { write: () => new Promise(() => {}), writeTimeoutMs: 50, retry: { attempts: 1 } }
    const drops = { ...stuck, retry: { attempts: 1, onExhausted: 'stop' as const } }
    expect(await failureOf({ sink: drops }, { realMsMax: 50 })).toMatch(/no answer within 50 ms/)
  })

  it('says how to play it again, and tells the story', async () => {
    let lives = 0
    const handler = (message: { text: () => string }) => `${message.text()} ${lives}`
    const sink: Sink = {
      open: () => {
        lives++
      },
      write: (batch) => batch.map(Response.ok),
    }
    const result = await simulate(topologyOf({ map: { handler, threads: 1 }, sink }), {
      seed: SEED,
      runs: 300,
      messages,
      onFailure: 'return',
    })
    expect(result.failures).toHaveLength(1)
    const [{ seed, error, trace }] = result.failures
    expect(error.message).toMatch(/I2: message .* with another value than in the run without faults/)
    expect(trace.length).toBeGreaterThan(20)
    expect(trace.join('\n')).toMatch(/egress +sink is given/)
    expect(Number.isInteger(seed)).toBe(true)
    const text = await failureOf({ map: { handler, threads: 1 }, sink })
    expect(text).toMatch(/Run it again: simulate\(topology, \{ seed: \d+, runs: 1 \}\)/)
  })

  it.each([-1, 2 ** 32, 0.5])('wants a seed of 32 bits without a sign: %d', async (seed) => {
    const run = simulate(topologyOf({ sink: memorySink(new Map()) }), { seed, messages })
    await expect(run).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(/^seed: got/),
    })
  })

  it('wants runs, and a topology', async () => {
    const topology = topologyOf({ sink: memorySink(new Map()) })
    await expect(simulate(topology, { runs: 0, messages })).rejects.toMatchObject({ code: 'ERR_CONFIG' })
    await expect(simulate({} as Topology, { messages })).rejects.toMatchObject({ code: 'ERR_CONFIG' })
  })
})
