// A traced sink has one span a write, with links to its messages; and its messages carry their trace in their headers.

import { trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import type { Message } from '../../../src/kernel/message.js'
import { Response } from '../../../src/sinks/response.js'
import type { Sink } from '../../../src/sinks/sink.js'
import { type MessageSpec, makeMessages } from '../../support/messages.js'
import { endedSpans, makeTracing, traceOf } from './sdk.js'

const ok = (batch: readonly Message[]) => batch.map(Response.ok)

function write(write: Sink['write'], specs: readonly Partial<MessageSpec>[], options: Partial<Sink> = {}) {
  const batch = makeMessages(specs.map((spec, i) => ({ value: 'v', id: `m${i}`, ...spec })))
  const traced = makeTracing().sink('shop', { ...options, write })
  return { batch, traced, answer: traced.sink.write(batch) }
}

const onlySpan = () => {
  const spans = endedSpans()
  expect(spans).toHaveLength(1)
  return spans[0]
}
const id = (digit: string) => digit.repeat(16)

describe('its span', () => {
  it('has the only message as its parent', () => {
    write(ok, [{ trace: traceOf('a') }])
    expect(onlySpan()).toMatchObject({
      name: 'send shop',
      parentId: id('a'),
      links: [id('a')],
      failed: undefined,
    })
    expect(onlySpan().attributes).toMatchObject({
      'messaging.batch.message_count': 1,
      'messaging.message.id': 'm0',
    })
  })

  it('links to all that are recorded, and is in the trace of the first of them', () => {
    write(ok, [{ trace: traceOf('a', false) }, { trace: traceOf('b') }, {}, { trace: traceOf('c') }])
    expect(onlySpan()).toMatchObject({ parentId: id('b'), links: [id('b'), id('c')] })
    expect(onlySpan().attributes).toMatchObject({ 'messaging.batch.message_count': 4 })
  })

  it('is none where none of them is recorded', () => {
    write(ok, [{ trace: traceOf('a', false) }, { trace: traceOf('b', false) }])
    expect(endedSpans()).toEqual([])
  })

  it('is active in the write, and ends with the answer', async () => {
    let active: string | undefined
    const { answer } = write(
      async (batch) => {
        await undefined
        active = trace.getActiveSpan()?.spanContext().spanId
        return ok(batch)
      },
      [{ trace: traceOf('a') }],
    )
    expect(endedSpans()).toEqual([])
    await answer
    expect(active).toBe(onlySpan().id)
  })

  it('tells what was not written, message by message', () => {
    const responses = (batch: readonly Message[]) => [
      Response.ok(batch[0]),
      Response.failure(batch[1], 'busy'),
      Response.fallback('m2', 'never'),
      Response.nack(batch[3], { reason: 'later' }),
      Response.hold(batch[4], { delayMs: 1 }),
      Response.serve(batch[5], 'answer'),
    ]
    write(
      responses,
      Array.from({ length: 6 }, () => ({ trace: traceOf('a') })),
    )
    const { failed, events } = onlySpan()
    expect(failed).toBe('3 of 6 messages were not written')
    expect(
      events.map(({ name, attributes }) => [
        name,
        attributes?.['messaging.message.id'],
        attributes?.['exception.message'],
      ]),
    ).toEqual([
      ['failure', 'm1', 'busy'],
      ['fallback', 'm2', 'never'],
      ['nack', 'm3', 'later'],
    ])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('disk full')
      },
    ],
  ])('fails where the write %s', async (_, failing) => {
    await expect((async () => write(failing, [{ trace: traceOf('a') }]).answer)()).rejects.toThrow(
      'disk full',
    )
    expect(onlySpan().failed).toBe('disk full')
  })

  it('ends where the write is given up; the late answer changes nothing', async () => {
    let settle: () => void = () => {}
    const { batch, traced, answer } = write(
      (messages) =>
        new Promise((resolve) => {
          settle = () => resolve(ok(messages))
        }),
      [{ trace: traceOf('a') }],
    )
    traced.gaveUp(batch, new Error('no answer'))
    expect(onlySpan().failed).toBe('no answer')
    settle()
    expect(await answer).toHaveLength(1)
    expect(onlySpan().failed).toBe('no answer')
  })

  it.each([undefined, 7, [7, null], 'ok'])('says nothing of an answer against the contract: %j', (odd) => {
    const { answer } = write(() => odd as unknown as Response[], [{ trace: traceOf('a') }])
    expect(answer).toBe(odd)
    expect(onlySpan().failed).toBeUndefined()
  })
})

it('an answer that throws when it is looked at is passed on as it is', async () => {
  const trap = () => {
    throw new Error('trap')
  }
  const odd = [new Proxy({}, { get: trap, has: trap })] as unknown as Response[]
  const specs = [{ trace: traceOf('a') }]
  expect(write(() => odd, specs).answer === odd).toBe(true)
  expect((await write(async () => odd, specs).answer) === odd).toBe(true)
  expect(onlySpan().failed).toBeUndefined()
})

describe('the headers of its messages', () => {
  const seen = (spec: Partial<MessageSpec>) => write(ok, [spec]).batch[0].headers

  it('carry the trace of the message, and all else that was there', () => {
    const trace = `${traceOf('a')}\nvendor=1`
    const headers = { traceparent: traceOf('f'), own: 'x', bytes: Buffer.from('y') }
    expect({ ...seen({ trace, headers }) }).toEqual({
      traceparent: traceOf('a'),
      tracestate: 'vendor=1',
      own: 'x',
      bytes: Buffer.from('y'),
    })
  })

  it('carry it where nothing is recorded, too', () => {
    expect(seen({ trace: traceOf('a', false) }).traceparent).toBe(traceOf('a', false))
  })

  it('are as they were where there is no trace', () => {
    expect({ ...seen({ headers: { own: 'x' } }) }).toEqual({ own: 'x' })
    expect({ ...seen({}) }).toEqual({})
  })

  it('have no time-out of their own: a message that is written again has them again', () => {
    const { batch, traced } = write(ok, [{ trace: traceOf('a') }])
    traced.sink.write(batch)
    expect(batch[0].headers.traceparent).toBe(traceOf('a'))
  })
})

it('keeps what the sink promises', () => {
  const { sink } = write(ok, [{}], { ordered: true, atomic: true }).traced
  expect(sink).toMatchObject({ ordered: true, atomic: true })
  expect(write(ok, [{}]).traced.sink).not.toHaveProperty('ordered')
})
