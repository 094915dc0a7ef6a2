// defineTopology: every mistake has one line with path, got and wanted; every default is filled in.

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { isMillraceError } from '../../../src/kernel/failure.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import type { Source } from '../../../src/sources/source.js'
import { defineTopology, isTopology } from '../../../src/topology/define.js'
import { topologySchema } from '../../../src/topology/schema.js'

const source = (more: Partial<Source> = {}): Source => ({ read: () => null, ...more })
const sink = (more: Partial<Sink> = {}): Sink => ({ write: (batch) => batch.map(Response.ok), ...more })
const handler = () => undefined
const define = defineTopology as (options: unknown) => ReturnType<typeof defineTopology>
const base = () => ({ name: 'orders', source: source(), sink: sink() })

/** Gives the lines of the error, without `topology "orders": `. */
function problemsOf(options: unknown): string[] {
  try {
    define(options)
  } catch (error) {
    if (!isMillraceError(error)) throw error
    expect(error.code).toBe('ERR_CONFIG')
    return error.message.split('\n').map((line) => line.replace(/^topology "orders": /, ''))
  }
  return []
}

class Connection {
  #open = true
  write(batch: readonly never[]) {
    return this.#open ? batch : []
  }
}

describe('what is wrong is said', () => {
  const attempts = 'a whole number from 1 to 1,000,000, or Infinity'
  const aSink = 'a sink: an object with write(batch)'
  const aWrite = 'a function write(batch) that gives a Response for each message'
  const aMap = 'a function (message, context), a map stage { handler } or { branches }, or a list of them'
  const table: [what: string, options: object, problems: string[]][] = [
    [
      'threads as text',
      { map: { handler, threads: 'two' } },
      ['map.threads: got "two", wanted a whole number from 1 to 64'],
    ],
    [
      'too many threads',
      { map: { handler, threads: 65 } },
      ['map.threads: got 65, wanted a whole number from 1 to 64'],
    ],
    [
      'a fraction',
      { map: { handler, threads: 1.5 } },
      ['map.threads: got 1.5, wanted a whole number from 1 to 64'],
    ],
    [
      'not a number',
      { limits: { graceMs: Number.NaN } },
      ['limits.graceMs: got NaN, wanted a whole number from 0 to 3,600,000'],
    ],
    [
      'a misspelt option',
      { map: { handler, thread: 2 } },
      ['unknown option map.thread; did you mean map.threads?'],
    ],
    ['a misspelt option at the top', { snik: sink() }, ['unknown option snik; did you mean sink?']],
    [
      'an option that is like no other',
      { limits: { zzz: 1 } },
      [
        'unknown option limits.zzz; known here: messageBytes, memoryBytes, inFlight, graceMs, contractBreaches, poisonAfter and maxDeliveries',
      ],
    ],
    [
      'an unknown option of the second stage',
      { map: [handler, { handler, oder: 'key' }] },
      ['unknown option map[1].oder; did you mean map[1].order?'],
    ],
    [
      'an unknown field of a backoff',
      { retry: { backoff: { initial: 1 } } },
      ['unknown option retry.backoff.initial; did you mean retry.backoff.initialMs?'],
    ],
    [
      'a source without read',
      { source: { ack: () => {} } },
      [
        'source.read: got nothing on an object with ack, wanted a function read(max) that gives a list of records, or null at the end',
      ],
    ],
    ['no source', { source: undefined }, ['source: got nothing, wanted a source: an object with read(max)']],
    [
      'a sink without write',
      { sink: { open: () => {}, close: () => {} } },
      [`sink.write: got nothing on an object with open and close, wanted ${aWrite}`],
    ],
    ['a sink as a function', { sink: () => [] }, [`sink: got a function, wanted ${aSink}`]],
    ['a sink as a class', { sink: Connection }, [`sink: got the class Connection, wanted ${aSink}`]],
    [
      'a sink as a promise',
      { sink: Promise.resolve(sink()) },
      [`sink.write: got nothing on a promise (await it), wanted ${aWrite}`],
    ],
    [
      'a source in place of a sink',
      { sink: source() },
      [`sink.write: got nothing on an object with read, wanted ${aWrite}`],
    ],
    ['null', { fallback: null }, [`fallback: got null, wanted ${aSink}`]],
    ['a list of sinks', { sinks: [sink()] }, ['sinks: got a list of 1, wanted an object of sinks by name']],
    [
      'a bad field of a sink',
      { sink: sink({ batchMax: 0 }) },
      ['sink.batchMax: got 0, wanted a whole number from 1 to 65,536'],
    ],
    [
      'a bad time-out of a named sink',
      { sinks: { audit: sink({ writeTimeoutMs: -1 }) } },
      ['sinks.audit.writeTimeoutMs: got -1, wanted a whole number from 1 to 86,400,000'],
    ],
    ['a map as text', { map: 'upper' }, [`map: got "upper", wanted ${aMap}`]],
    [
      'a handler as text',
      { map: { handler: 'upper' } },
      ['map.handler: got "upper", wanted a function (message, context)'],
    ],
    [
      'a stage without a handler',
      { map: { threads: 2 } },
      ['map.handler: got nothing, wanted a function (message, context)'],
    ],
    [
      'a bad entry of a list',
      { map: [handler, 7] },
      ['map[1]: got 7, wanted a function (message, context), or a map stage { handler } or { branches }'],
    ],
    ['no attempts', { retry: { attempts: 0 } }, [`retry.attempts: got 0, wanted ${attempts}`]],
    [
      'half an attempt',
      { map: { handler, retry: { attempts: 0.5 } } },
      [`map.retry.attempts: got 0.5, wanted ${attempts}`],
    ],
    [
      'jitter above 1',
      { retry: { backoff: { jitter: 1.1 } } },
      ['retry.backoff.jitter: got 1.1, wanted a number from 0 to 1'],
    ],
    [
      'a factor below 1',
      { sink: sink({ retry: { backoff: { factor: 0.5 } } }) },
      ['sink.retry.backoff.factor: got 0.5, wanted a number from 1 to 1,000'],
    ],
    [
      'an unknown onExhausted',
      { retry: { onExhausted: 'ignore' } },
      ['retry.onExhausted: got "ignore", wanted "fallback", "drop", "nack" or "stop"'],
    ],
    ['an unknown order', { order: 'keys' }, ['order: got "keys", wanted "none", "key" or "source"']],
    [
      'a name with a space',
      { name: 'my orders' },
      ['topology: name: got "my orders", wanted letters, digits, "-", "_" and ".", at most 128'],
    ],
    [
      'messages above 64 MiB',
      { limits: { messageBytes: 2 ** 26 + 1 } },
      ['limits.messageBytes: got 67,108,865, wanted a whole number from 1 to 67,108,864'],
    ],
    [
      'threads at the top',
      { threads: 2 },
      [
        'threads: got 2, wanted 0 (everything in one loop), or nothing; map.threads is the number of map threads',
      ],
    ],
    [
      'several mistakes',
      { map: { handler: 1, threads: 'two' }, odrer: 'key', sink: 5 },
      [
        'map.handler: got 1, wanted a function (message, context)',
        'map.threads: got "two", wanted a whole number from 1 to 64',
        `sink: got 5, wanted ${aSink}`,
        'unknown option odrer; did you mean order?',
      ],
    ],
  ]
  test.each(table)('%s', (_what, options, problems) => {
    expect(problemsOf({ ...base(), ...options })).toEqual(problems)
  })

  test.each([
    [5, '5'],
    [undefined, 'nothing'],
    [null, 'null'],
    [[], 'an empty list'],
    [() => ({}), 'a function'],
  ])('options that are %j', (options, got) => {
    expect(problemsOf(options)).toEqual([
      `topology: got ${got}, wanted an object of options, with name, source and sink`,
    ])
  })

  test('the message begins with the name of the topology', () => {
    expect(() => define({ ...base(), map: { handler, threads: 'two' } })).toThrow(
      /^topology "orders": map\.threads: got "two", wanted a whole number from 1 to 64$/,
    )
  })
})

describe('what contradicts itself is said', () => {
  const noFallback =
    'got "fallback" without a fallback sink, wanted a sink as `fallback`, or "drop", "nack" or "stop"'
  const toFallback = { onExhausted: 'fallback' } as const
  const one = 'one of sink, fallback, onSuccess, drop or audit'
  const route = (to: unknown, when: unknown = { and: ['x'] }) => ({
    sinks: { audit: sink() },
    routes: [{ when, to }],
  })
  const condition = 'an object with exactly one of and, or, not'
  const table: [what: string, options: object, problems: string[]][] = [
    ['fallback without one, at the top', { retry: toFallback }, [`retry.onExhausted: ${noFallback}`]],
    ['of a stage', { map: { handler, retry: toFallback } }, [`map.retry.onExhausted: ${noFallback}`]],
    [
      'of the second stage',
      { map: [handler, { handler, retry: toFallback }] },
      [`map[1].retry.onExhausted: ${noFallback}`],
    ],
    ['of the sink', { sink: sink({ retry: toFallback }) }, [`sink.retry.onExhausted: ${noFallback}`]],
    [
      'of a named sink',
      { sinks: { audit: sink({ retry: toFallback }) } },
      [`sinks.audit.retry.onExhausted: ${noFallback}`],
    ],
    [
      'of onSuccess',
      { onSuccess: sink({ retry: toFallback }) },
      [`onSuccess.retry.onExhausted: ${noFallback}`],
    ],
    [
      'a fallback sink with limited attempts',
      { fallback: sink({ retry: { attempts: 5 } }) },
      ['fallback.retry.attempts: got 5, wanted Infinity, or nothing: a fallback sink keeps trying'],
    ],
    [
      'a fallback sink that gives up',
      { fallback: sink({ retry: { onExhausted: 'drop' } }) },
      ['fallback.retry.onExhausted: got "drop", wanted nothing: a fallback sink keeps trying'],
    ],
    [
      'a route to an unknown name',
      route('audti'),
      [`routes[0].to: got "audti", wanted ${one}; did you mean "audit"?`],
    ],
    ['one of several unknown', route(['sink', 'zzz']), [`routes[0].to[1]: got "zzz", wanted ${one}`]],
    [
      'a route to no fallback',
      route('fallback'),
      ['routes[0].to: got "fallback" without such a sink, wanted a sink as `fallback`, or another name'],
    ],
    [
      'a name twice',
      route(['audit', 'audit']),
      ['routes[0].to[1]: got "audit" twice, wanted each name once'],
    ],
    [
      'drop and more',
      route(['drop', 'audit']),
      ['routes[0].to[0]: got "drop" beside other names, wanted "drop" alone, or sinks'],
    ],
    [
      'a route to nowhere',
      route([]),
      ['routes[0].to: got an empty list, wanted at least one name; to drop, "drop"'],
    ],
    [
      'two conditions',
      route('audit', { and: ['x'], or: ['y'] }),
      [`routes[0].when: got an object with and and or, wanted ${condition}`],
    ],
    ['no condition', route('audit', {}), [`routes[0].when: got an empty object, wanted ${condition}`]],
    [
      'an unknown condition',
      route('audit', { nor: ['x'] }),
      [
        'unknown option routes[0].when.nor; did you mean routes[0].when.or?',
        `routes[0].when: got an object with nor, wanted ${condition}`,
      ],
    ],
    [
      'tags that are no list',
      route('audit', { and: 'x' }),
      ['routes[0].when.and: got "x", wanted a list of tags'],
    ],
    [
      'a tag that is no text',
      route('audit', { not: [1] }),
      ['routes[0].when.not[0]: got 1, wanted a tag: a text'],
    ],
    [
      'or of nothing',
      route('audit', { or: [] }),
      [
        'routes[0].when.or: got an empty list, wanted a list of at least one tag (an empty one matches nothing)',
      ],
    ],
    ...['sink', 'fallback', 'onSuccess', 'drop'].map((name): [string, object, string[]] => [
      `a sink called ${name}`,
      { sinks: { [name]: sink() } },
      [`sinks.${name}: got a reserved name, wanted a name other than sink, fallback, onSuccess and drop`],
    ]),
    [
      'a sink with a space in its name',
      { sinks: { 'a b': sink() } },
      ['sinks["a b"]: got the name "a b", wanted letters, digits, "-", "_" and ".", at most 128'],
    ],
    [
      'orders of two stages',
      { map: [{ handler, order: 'key' }, handler, { handler, order: 'none' }] },
      ['map[2].order: got "none", wanted "key" as in map[0].order: a topology keeps one order'],
    ],
    [
      'an order across the threads of a source',
      { source: { ...source(), threads: 2 }, map: { handler, order: 'source' } },
      [
        'map.order: got "source" with a source on 2 threads, wanted "key" or "none", or a source with threads: 1',
      ],
    ],
    [
      'orders of the topology and its stage',
      { order: 'source', map: { handler, order: 'key' } },
      ['map.order: got "key", wanted "source" as in order: a topology keeps one order'],
    ],
    [
      'two stages of one name',
      {
        map: [
          { handler, name: 'a' },
          { handler, name: 'a' },
        ],
      },
      ['map[1].name: got "a", wanted a name that nothing else has'],
    ],
    [
      'a stage called as a sink',
      { sinks: { audit: sink() }, map: { handler, name: 'audit' } },
      ['map.name: got "audit", wanted a name that nothing else has'],
    ],
    [
      'beside an unknown option',
      { retry: toFallback, odrer: 'key' },
      ['unknown option odrer; did you mean order?', `retry.onExhausted: ${noFallback}`],
    ],
  ]
  test.each(table)('%s', (_what, options, problems) => {
    expect(problemsOf({ ...base(), ...options })).toEqual(problems)
  })
})

describe('what is right is taken', () => {
  test('class instances are kept as they are, whatever else they have', () => {
    const connection = Object.assign(new Connection(), { secret: 1, batchMax: 7 }) as unknown as Sink
    const topology = defineTopology({ ...base(), sink: connection })
    expect(topology.sinks[0]).toMatchObject({ name: 'sink', role: 'sink', batchMax: 7 })
    expect(topology.sinks[0].sink).toBe(connection)
  })

  test('nothing of the source, the sinks and the handler is called', () => {
    const never = () => {
      throw new Error('called')
    }
    const made = { open: never, close: never }
    defineTopology({
      name: 'a',
      source: { read: never, ...made },
      map: never,
      sink: { write: never, ...made },
    })
  })

  test('a topology is frozen, but not what the user made', () => {
    const own = base()
    const topology = defineTopology({ ...own, map: handler, routes: [{ when: { and: ['a'] }, to: 'drop' }] })
    const parts = [
      topology,
      topology.limits,
      topology.stages,
      topology.stages[0],
      topology.stages[0].retry.backoff,
    ]
    for (const part of [...parts, topology.sinks[0], topology.routes[0].when])
      expect(Object.isFrozen(part)).toBe(true)
    expect(Object.isFrozen(own.sink)).toBe(false)
    expect(Object.isFrozen(own.source)).toBe(false)
  })

  test('the tags and targets of a route are copies', () => {
    const tags = ['a']
    const to = ['sink', 'onSuccess']
    const topology = defineTopology({ ...base(), onSuccess: sink(), routes: [{ when: { or: tags }, to }] })
    tags.push('b')
    to.push('c')
    expect(topology.routes).toEqual([{ when: { or: ['a'] }, to: ['sink', 'onSuccess'] }])
  })

  test('a topology is known by its brand, also that of another copy of the package', () => {
    expect(isTopology(defineTopology(base()))).toBe(true)
    expect(isTopology({ [Symbol.for('millrace.topology')]: true })).toBe(true)
    for (const other of [null, undefined, 'x', base(), { ...defineTopology(base()) }])
      expect(isTopology(other)).toBe(false)
  })

  test('every bound can be reached', () => {
    const limits = {
      messageBytes: 2 ** 26,
      inFlight: 1_048_576,
      graceMs: 0,
      contractBreaches: 1,
      maxDeliveries: 0,
    }
    const retry = { attempts: Infinity, backoff: { initialMs: 0, factor: 1, maxMs: 0, jitter: 1 } }
    const topology = defineTopology({ ...base(), limits, retry, map: { handler, threads: 64 } })
    expect(topology.limits).toMatchObject(limits)
    expect(topology.stages[0].retry).toEqual({ ...retry, onExhausted: 'stop' })
  })

  test('with a fallback sink, everything may go there', () => {
    const retry = { onExhausted: 'fallback' } as const
    const other = sink({ retry })
    const more = { retry, map: { handler, retry }, sink: other, sinks: { audit: other }, onSuccess: other }
    expect(problemsOf({ ...base(), ...more, fallback: sink() })).toEqual([])
  })

  test('a condition may match everything', () => {
    const topology = defineTopology({
      ...base(),
      routes: [
        { when: { and: [] }, to: 'drop' },
        { when: { not: [] }, to: 'sink' },
      ],
    })
    expect(topology.routes.map(({ to }) => to)).toEqual([['drop'], ['sink']])
  })
})

test('the schema becomes a JSON schema', () => {
  expect(z.toJSONSchema(topologySchema(), { unrepresentable: 'any', io: 'input' })).toMatchObject({
    required: ['name', 'source', 'sink'],
    additionalProperties: false,
    properties: {
      retry: { properties: { attempts: { type: 'integer', minimum: 1 } } },
      limits: { properties: { inFlight: { minimum: 1, maximum: 1_048_576 } } },
    },
  })
})
