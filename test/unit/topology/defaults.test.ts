// Every default, and what decides where several places say something.

import { describe, expect, test } from 'vitest'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import type { Source } from '../../../src/sources/source.js'
import { withDefaults } from '../../../src/topology/defaults.js'
import type { MapStage, TopologyOptions } from '../../../src/topology/types.js'

const machine = { cores: 8, memoryBytes: 1_001 }
const source: Source = { read: () => null }
const sink = (more: Partial<Sink> = {}): Sink => ({ write: (batch) => batch.map(Response.ok), ...more })
const handler = () => undefined
const backoff = { initialMs: 10, factor: 2, maxMs: 1_000, jitter: 0.2 }
const topologyOf = (more: Partial<TopologyOptions> = {}, on = machine) =>
  withDefaults({ name: 'a', source, sink: sink(), ...more }, on)

test('the smallest topology', () => {
  const own = { name: 'a', source, sink: sink() }
  expect(withDefaults(own, machine)).toEqual({
    name: 'a',
    source,
    stages: [],
    sinks: [
      {
        name: 'sink',
        role: 'sink',
        sink: own.sink,
        retry: { attempts: Infinity, backoff, onExhausted: 'stop' },
        writeTimeoutMs: 30_000,
        thread: 'egress',
        batchMax: 500,
        concurrency: 1,
      },
    ],
    routes: [],
    fallback: undefined,
    onSuccess: undefined,
    order: 'key',
    limits: {
      messageBytes: 1_048_576,
      memoryBytes: 500,
      inFlight: 16_384,
      graceMs: 10_000,
      contractBreaches: 1,
      maxDeliveries: 10,
      poisonAfter: 3,
    },
    inline: false,
  })
})

test('a map stage', () => {
  expect(topologyOf({ map: handler }).stages).toEqual([
    {
      name: 'map',
      level: 0,
      handler,
      threads: 7,
      concurrency: 64,
      handlerTimeoutMs: 30_000,
      retry: { attempts: 3, backoff, onExhausted: 'stop' },
      rekey: false,
    },
  ])
})

test('stages are numbered where there are several, unless they have names', () => {
  const names = (map: TopologyOptions['map']) => topologyOf({ map }).stages.map(({ name }) => name)
  expect(names([handler])).toEqual(['map'])
  expect(names([handler, { handler }, { handler, name: 'last' }])).toEqual(['map-1', 'map-2', 'last'])
})

test.each<[cores: number, given: (number | undefined)[], threads: number[]]>([
  [8, [undefined], [7]],
  [1, [undefined], [1]],
  [2, [undefined], [1]],
  [8, [undefined, undefined], [4, 3]],
  [8, [4, undefined, undefined], [4, 2, 1]],
  [4, [undefined, 8, undefined], [1, 8, 1]],
  [2, [undefined, undefined, undefined], [1, 1, 1]],
])('on %i cores, stages with %j threads get %j', (cores, given, threads) => {
  const map = given.map((each): MapStage => (each === undefined ? { handler } : { handler, threads: each }))
  expect(topologyOf({ map }, { cores, memoryBytes: 1 }).stages.map((stage) => stage.threads)).toEqual(threads)
})

test('with threads: 0 everything is in one loop, whatever the stages say', () => {
  const topology = topologyOf({ threads: 0, map: [{ handler, threads: 4 }, handler] })
  expect(topology.inline).toBe(true)
  expect(topology.stages.map(({ threads }) => threads)).toEqual([1, 1])
})

describe('retry', () => {
  test('with a fallback sink, what is exhausted goes there', () => {
    const topology = topologyOf({ fallback: sink(), onSuccess: sink(), map: handler, sinks: { b: sink() } })
    const all = [...topology.stages, ...topology.sinks, topology.onSuccess]
    expect(all.map((each) => each?.retry.onExhausted)).toEqual([
      'fallback',
      'fallback',
      'fallback',
      'fallback',
    ])
  })

  test('without one, the caller of a source that only tells is told', () => {
    const source: Source = { read: () => null, redelivers: false }
    const topology = topologyOf({ source, map: handler })
    expect([...topology.stages, ...topology.sinks].map(({ retry }) => retry.onExhausted)).toEqual([
      'nack',
      'nack',
    ])
    const [stage] = topologyOf({ source, map: handler, fallback: sink() }).stages
    expect(stage.retry.onExhausted).toBe('fallback')
  })

  test('each field is decided on its own: own, else topology, else default', () => {
    const topology = topologyOf({
      retry: { attempts: 7, backoff: { initialMs: 1, factor: 3 }, onExhausted: 'nack' },
      map: { handler, retry: { backoff: { factor: 4, maxMs: undefined } } },
      sink: sink({ retry: { attempts: 2, onExhausted: 'drop' } }),
    })
    expect(topology.stages[0].retry).toEqual({
      attempts: 7,
      backoff: { initialMs: 1, factor: 4, maxMs: 1_000, jitter: 0.2 },
      onExhausted: 'nack',
    })
    expect(topology.sinks[0].retry).toEqual({
      attempts: 2,
      backoff: { initialMs: 1, factor: 3, maxMs: 1_000, jitter: 0.2 },
      onExhausted: 'drop',
    })
  })

  test('a fallback sink keeps trying, whatever the topology says; its backoff is as of the others', () => {
    const { fallback } = topologyOf({
      retry: { attempts: 2, backoff: { maxMs: 50 }, onExhausted: 'drop' },
      fallback: sink({ retry: { backoff: { factor: 5 } } }),
    })
    const expected = {
      attempts: Infinity,
      backoff: { ...backoff, maxMs: 50, factor: 5 },
      onExhausted: 'stop',
    }
    expect(fallback?.retry).toEqual(expected)
    expect(fallback).toMatchObject({ name: 'fallback', role: 'fallback' })
  })

  test('an onSuccess sink is as any other, and stops without a fallback', () => {
    const { onSuccess } = topologyOf({ retry: { attempts: 4 }, onSuccess: sink() })
    expect(onSuccess).toMatchObject({
      name: 'onSuccess',
      role: 'onSuccess',
      retry: { attempts: 4, onExhausted: 'stop' },
    })
  })
})

describe('order', () => {
  const stream: Source = { read: () => null, ordered: true }
  const ordered = sink({ ordered: true })
  test.each<[order: string, why: string, options: Partial<TopologyOptions>]>([
    ['source', 'one stream to ordered sinks', { source: stream, sink: ordered, sinks: { b: ordered } }],
    ['key', 'a sink is not ordered', { source: stream, sink: ordered, sinks: { b: sink() } }],
    ['key', 'the source is not one stream', { sink: ordered }],
    ['key', 'the source runs on several threads', { source: { ...stream, threads: 2 }, sink: ordered }],
    ['none', 'the topology says so', { source: stream, sink: ordered, order: 'none' }],
    [
      'none',
      'a stage says so',
      { source: stream, sink: ordered, map: [handler, { handler, order: 'none' }] },
    ],
    ['source', 'a fallback sink does not count', { source: stream, sink: ordered, fallback: sink() }],
  ])('is %s where %s', (order, _why, options) => {
    expect(topologyOf(options).order).toBe(order)
  })
})

test('the sinks come in their order, the one named sink first', () => {
  const topology = topologyOf({
    sinks: { b: sink({ batchMax: 1 }), a: sink({ concurrency: 3, writeTimeoutMs: 5 }) },
  })
  expect(
    topology.sinks.map(({ name, batchMax, concurrency, writeTimeoutMs }) => [
      name,
      batchMax,
      concurrency,
      writeTimeoutMs,
    ]),
  ).toEqual([
    ['sink', 500, 1, 30_000],
    ['b', 1, 1, 30_000],
    ['a', 500, 3, 5],
  ])
})
