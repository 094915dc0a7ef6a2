// Crashes between any two stores of mappers, forwarder and sinks: nothing is lost, and only what a sink had in hand is repeated.

import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { MapHandler, Output } from '../../src/actors/map-handler.js'
import { Inbound } from '../../src/kernel/inbound.js'
import type { Message } from '../../src/kernel/message.js'
import { Response } from '../../src/sinks/response.js'
import type { Sink } from '../../src/sinks/sink.js'
import type { Source } from '../../src/sources/source.js'
import { seeded } from '../../src/testing/seeded.js'
import { World } from '../../src/testing/world.js'
import { defineTopology } from '../../src/topology/define.js'
import type { Order } from '../../src/topology/types.js'

type Case = {
  seed: number
  count: number
  order: Order
  threads: number
  stages: number
  async: boolean
  fanOut: number
  routed: boolean
  crashRate: number
  sinkCrashes: boolean
  capacityBytes: number
  position: number
  sequence: number
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  count: fc.integer({ min: 1, max: 120 }),
  order: fc.constantFrom<Order>('none', 'key', 'source'),
  threads: fc.integer({ min: 1, max: 3 }),
  stages: fc.integer({ min: 1, max: 2 }),
  async: fc.boolean(),
  fanOut: fc.constantFrom(1, 1, 3, 40),
  routed: fc.boolean(),
  crashRate: fc.constantFrom(0, 0.02, 0.1),
  sinkCrashes: fc.boolean(),
  capacityBytes: fc.constantFrom(2048, 4096, 65_536),
  position: fc.constantFrom(0, 2 ** 31 - 64, -64, -8),
  sequence: fc.constantFrom(0, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 33),
})

type Written = { name: string; text: string; value: number; key: string }

/** Runs one case in a world; gives what the sinks accepted and what the source was told. */
async function play(input: Case) {
  const random = seeded(input.seed)
  const written: Written[] = []
  const acked: number[] = []
  let world: World
  const later = <Value>(value: Value) => (input.async && random() < 0.6 ? world.later(value) : value)
  const handler: MapHandler = (message) => later(expand(message, input, random))
  const sink = (name: string): Sink => ({
    ordered: name === 'sink',
    write: (batch) => {
      for (const message of batch) written.push(entryOf(name, message))
      return later(batch.map(Response.ok)) as Response[]
    },
  })
  const topology = defineTopology({
    name: 'crashes',
    source: countingSource(input.count, acked),
    map: Array.from({ length: input.stages }, () => ({ handler, threads: input.threads, concurrency: 8 })),
    sink: sink('sink'),
    ...(input.routed && {
      sinks: { other: sink('other') },
      routes: [
        { when: { or: ['other'] }, to: 'other' },
        { when: { or: ['both'] }, to: ['sink', 'other'] },
      ],
    }),
    order: input.order,
    limits: { inFlight: 16, messageBytes: 100 },
  })
  world = new World({
    topology,
    random,
    capacityBytes: input.capacityBytes,
    start: { position: input.position | 0, sequence: input.sequence },
    crashRate: input.crashRate,
    unit: 'actor',
    mayCrash: (name) => name !== 'reader' && (input.sinkCrashes || (name !== 'sink' && name !== 'other')),
  })
  await world.run()
  return { written, acked, world }
}

/** What the first stage makes of a record is known by its value alone, so the expected outputs are too. */
function expand(
  message: Message,
  input: Case,
  random: () => number,
): Output | Output[] | AsyncIterable<Output> {
  const text = message.text()
  const [value] = text.split('/')
  const children = text.includes('/') ? 1 : childrenOf(Number(value), input)
  const tags = tagsOf(Number(value), input)
  if (children === 1) return { value: text.includes('/') ? text : `${value}/0`, tags }
  const outputs = Array.from({ length: children }, (_, i) => ({ value: `${value}/${i}`, tags }))
  return input.async && random() < 0.3 ? streamOf(outputs) : outputs
}

async function* streamOf(outputs: Output[]): AsyncIterable<Output> {
  yield* outputs
}

function childrenOf(value: number, { fanOut }: Case): number {
  return fanOut === 1 ? 1 : value % (fanOut + 1)
}

function tagsOf(value: number, { routed }: Case): string[] {
  return routed ? [['sink'], ['other'], ['both']][value % 3] : []
}

function entryOf(name: string, message: Message): Written {
  const text = message.text()
  return { name, text, value: Number(text.split('/')[0]), key: message.keys[0] ?? '' }
}

function countingSource(count: number, acked: number[]): Source {
  let next = 0
  return {
    ordered: true,
    read: (max) => {
      if (next === count) return null
      const records = []
      while (records.length < Math.min(max, 7) && next < count) {
        records.push({ value: String(next), offset: next, keys: next % 5 === 0 ? [] : [`key-${next % 4}`] })
        next++
      }
      return records
    },
    ack: (acks) => {
      for (const { offset } of acks) acked.push(Number(offset))
    },
  }
}

function expectedOf(input: Case): string[] {
  const expected: string[] = []
  for (let value = 0; value < input.count; value++) {
    const names = { sink: ['sink'], other: ['other'], both: ['sink', 'other'] }[
      tagsOf(value, input)[0] ?? 'sink'
    ] as string[]
    for (let i = 0; i < childrenOf(value, input); i++)
      for (const name of names) expected.push(`${name} ${value}/${i}`)
  }
  return expected.sort()
}

function check(input: Case, { written, acked }: { written: Written[]; acked: number[] }): void {
  const got = written.map(({ name, text }) => `${name} ${text}`).sort()
  const expected = expectedOf(input)
  if (input.crashRate > 0 && input.sinkCrashes) expect([...new Set(got)]).toEqual(expected)
  else expect(got).toEqual(expected)
  expect(acked.sort((a, b) => a - b)).toEqual(Array.from({ length: input.count }, (_, i) => i))
}

/** First occurrences of each text at a sink come in the order of their values, where that is promised. */
function checkOrder(input: Case, written: Written[]): void {
  const last = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, text, value, key } of written) {
    if (seen.has(`${name} ${text}`)) continue
    seen.add(`${name} ${text}`)
    const order =
      input.order === 'source' ? name : input.order === 'key' && key !== '' ? `${name} ${key}` : undefined
    if (order === undefined) continue
    const place = placeOf(value, text)
    const before = last.get(order)
    if (before !== undefined) expect(before < place, `${before} before ${place} in ${order}`).toBe(true)
    last.set(order, place)
  }
}

function placeOf(value: number, text: string): string {
  return `${String(value).padStart(9, '0')}/${(text.split('/')[1] ?? '').padStart(9, '0')}`
}

describe('the commit cell', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('loses nothing, repeats nothing and keeps order, whoever dies between any two stores', {
    timeout: 300_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (input) => {
        const result = await play(input)
        check(input, result)
        checkOrder(input, result.written)
      }),
      { numRuns: Number(process.env.RUNS ?? 400) },
    )
  })

  it('fails when a successor does not wipe larger marks (C3)', { timeout: 300_000 }, async () => {
    vi.spyOn(Inbound.prototype as unknown as { wipeLargerMark(): void }, 'wipeLargerMark').mockImplementation(
      () => {},
    )
    const property = fc.asyncProperty(cases, async (input) => {
      check(
        input,
        await play({ ...input, async: true, order: 'none', crashRate: 0.2, sinkCrashes: false, count: 120 }),
      )
    })
    const result = await fc.check(property, { numRuns: 300, endOnFailure: true })
    expect(result.failed).toBe(true)
  })
})
