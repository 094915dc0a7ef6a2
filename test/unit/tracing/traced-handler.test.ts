// A traced handler gives what the handler gave, with its span's context in every output; its span ends once, however it went.

import { trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import type { MapHandler, MapOutput, MapResult, Output } from '../../../src/actors/map-handler.js'
import type { Log } from '../../../src/kernel/log.js'
import { makeMessage } from '../../support/messages.js'
import { endedSpans, makeTracing, traceOf } from './sdk.js'

const CONTEXT = { log: {} as Log, stage: 'stage', thread: 0 }
const UPSTREAM = traceOf('a')

function call(handler: MapHandler, spec = {}) {
  const message = makeMessage({ value: 'text', id: 'id', keys: ['k'], trace: UPSTREAM, ...spec })
  const traced = makeTracing().handler('stage', handler)
  return { message, traced, result: () => traced.handler(message, CONTEXT) }
}

const onlySpan = () => {
  const spans = endedSpans()
  expect(spans).toHaveLength(1)
  return spans[0]
}
const traceparent = () => `00-${onlySpan().traceId}-${onlySpan().id}-01`

async function all(result: MapResult): Promise<MapOutput[]> {
  const outputs: MapOutput[] = []
  for await (const output of result as AsyncIterable<MapOutput>) outputs.push(output)
  return outputs
}

describe('what it gives', () => {
  it.each([
    ['text', () => 'b', { value: 'b' }],
    ['an output', () => ({ value: 'b', tags: ['t'], keys: [] }), { value: 'b', tags: ['t'], keys: [] }],
    ['a promise of text', async () => 'b', { value: 'b' }],
  ])('%s, with the trace', async (_, handler, wanted) => {
    const output = await call(handler as MapHandler).result()
    expect(output).toMatchObject({ ...wanted, trace: traceparent() })
    expect(onlySpan()).toMatchObject({ name: 'process stage', parentId: 'a'.repeat(16), failed: undefined })
    expect(onlySpan().attributes).toMatchObject({
      'messaging.message.id': 'id',
      'millrace.attempt': 1,
      'millrace.delivery': 0,
    })
  })

  it('nothing, for nothing', () => {
    expect(call(() => undefined).result()).toBeUndefined()
    expect(call(() => null).result()).toBeNull()
    expect(onlySpan().failed).toBeUndefined()
  })

  it('each of an array; the message itself with its keys, where it has siblings', () => {
    const outputs = call((message) => ['b', message]).result() as Output[]
    expect(outputs).toMatchObject([{ value: 'b' }, { keys: ['k'] }])
    expect(String(outputs[1].value)).toBe('text')
    expect(outputs.map((output) => output.trace)).toEqual([traceparent(), traceparent()])
  })

  it('the message itself, alone, as no more than its value: keys that are given could change its lane', () => {
    const [one] = call((message) => [message]).result() as Output[]
    const two = call((message) => message).result() as Output
    for (const output of [one, two]) expect(Object.keys(output).sort()).toEqual(['trace', 'value'])
    expect(call((message) => message, { value: null }).result()).toMatchObject({ value: null })
  })

  it('a trace that the handler gives itself, as it is', () => {
    expect(call(() => ({ value: 'b', trace: traceOf('c') })).result()).toMatchObject({ trace: traceOf('c') })
  })

  it('what is not recorded, untouched', () => {
    const result = { value: 'b' }
    expect(call(() => result, { trace: traceOf('a', false) }).result()).toBe(result)
    expect(endedSpans()).toEqual([])
  })
})

describe('streams', () => {
  it('end their span when they have been read, and are read within it', async () => {
    let inside: string | undefined
    async function* parts() {
      yield 'b'
      inside = trace.getActiveSpan()?.spanContext().spanId
      yield { value: 'c' }
    }
    const result = call(parts).result()
    expect(endedSpans()).toEqual([])
    expect(await all(result as MapResult)).toMatchObject([{ value: 'b' }, { value: 'c' }])
    expect(inside).toBe(onlySpan().id)
  })

  it('may be synchronous', () => {
    const result = call(function* () {
      yield 'b'
    }).result() as Iterable<Output>
    const outputs = [...result]
    expect(outputs).toEqual([{ value: 'b', trace: traceparent() }])
  })

  it('that fail, fail their span, once', async () => {
    const failing = call(async function* () {
      yield 'b'
      throw new Error('broken off')
    })
    await expect(all(failing.result() as MapResult)).rejects.toThrow('broken off')
    expect(onlySpan().failed).toBe('broken off')
  })

  it('that give what is no output, fail their span', () => {
    const result = call(function* () {
      yield 7 as unknown as string
    }).result() as Iterable<Output>
    expect(() => [...result]).toThrow(/a handler returns text/)
    expect(onlySpan().failed).toMatch(/a handler returns text/)
  })

  it('that nobody reads to the end, fail their span, and are told', () => {
    let isClosed = false
    const result = call(function* () {
      try {
        yield 'b'
        yield 'c'
      } finally {
        isClosed = true
      }
    }).result() as Iterable<Output>
    for (const output of result) if (output.value === 'b') break
    expect(isClosed).toBe(true)
    expect(onlySpan().failed).toBe('not read to its end')
  })
})

describe('failures', () => {
  it.each([
    [
      'a throw',
      () => {
        throw new RangeError('no')
      },
    ],
    [
      'a rejection',
      async () => {
        throw new RangeError('no')
      },
    ],
  ])('%s is recorded, and passed on', async (_, handler) => {
    await expect((async () => call(handler).result())()).rejects.toThrow('no')
    const { failed, events, attributes } = onlySpan()
    expect(failed).toBe('no')
    expect(attributes['error.type']).toBe('RangeError')
    expect(events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': 'no' } }])
  })

  it('a result that is none is recorded, and throws as it does without tracing', () => {
    expect(() => call(() => 7 as unknown as string).result()).toThrow(/a handler returns text/)
    expect(onlySpan().failed).toMatch(/a handler returns text/)
  })

  it('an error that throws when it is looked at costs its own message', () => {
    const trap = () => {
      throw new Error('trap')
    }
    const odd = new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap })
    const { result } = call(() => {
      throw odd
    })
    let thrown: unknown
    try {
      result()
    } catch (error) {
      thrown = error
    }
    expect(thrown === odd).toBe(true)
    expect(onlySpan().failed).toMatch(/throws when it is looked at/)
  })

  it('a call that is given up ends its span then; what comes late changes nothing', async () => {
    let settle: (value: string) => void = () => {}
    const { message, traced, result } = call(
      () =>
        new Promise<string>((resolve) => {
          settle = resolve
        }),
    )
    const late = result()
    traced.gaveUp(message, new Error('too late'))
    expect(onlySpan().failed).toBe('too late')
    settle('b')
    expect(await late).toBe('b')
    traced.gaveUp(message, new Error('again'))
    expect(onlySpan().failed).toBe('too late')
  })

  it('a retry while the first call still goes on has a span of its own', async () => {
    const settles: ((value: string) => void)[] = []
    const { message, traced, result } = call(
      () =>
        new Promise<string>((resolve) => {
          settles.push(resolve)
        }),
    )
    const first = result()
    traced.gaveUp(message, new Error('too late'))
    const second = result()
    settles[0]('late')
    await first
    settles[1]('b')
    expect(await second).toMatchObject({ value: 'b' })
    expect(endedSpans().map(({ failed }) => failed)).toEqual(['too late', undefined])
  })
})
