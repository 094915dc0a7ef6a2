// A traced source has one span a record, from its reading until it is settled; the record carries its context on.

import { describe, expect, it } from 'vitest'
import type { SourceRecord } from '../../../src/sources/source.js'
import { endedSpans, makeTracing, traceOf } from './sdk.js'

function receive(records: readonly SourceRecord[], sequence = 0) {
  const tracing = makeTracing()
  const source = tracing.source('inbox', 2)
  return { tracing, source, records: source.received(records, sequence) }
}

const idsOf = () => endedSpans().map(({ attributes }) => attributes['messaging.message.id'])

describe('a span', () => {
  it('lasts until its record is settled', () => {
    const { source, records } = receive([{ value: 'a', offset: 7 }], 5)
    expect(endedSpans()).toEqual([])
    source.settled(4, false)
    expect(endedSpans()).toEqual([])
    source.settled(5, false)
    const [span] = endedSpans()
    expect(span).toMatchObject({ name: 'receive inbox', failed: undefined, parentId: undefined })
    expect(span.attributes).toMatchObject({ 'millrace.outcome': 'ack', 'messaging.message.id': '7' })
    expect(records[0].trace).toBe(`00-${span.traceId}-${span.id}-01`)
    source.settled(5, false)
    expect(endedSpans()).toHaveLength(1)
    // It would grow with every record.
    expect((source as unknown as { open: Map<number, unknown> }).open.size).toBe(0)
  })

  it('fails where its record is nacked', () => {
    receive([{ value: 'a', offset: 7 }]).source.settled(0, true)
    expect(endedSpans()).toMatchObject([{ failed: 'nacked', attributes: { 'millrace.outcome': 'nack' } }])
  })

  it('fails where the end comes first', async () => {
    const { tracing, source } = receive([{ value: 'a' }, { value: 'b' }])
    source.settled(0, false)
    await tracing.close()
    expect(endedSpans().map(({ failed }) => failed)).toEqual([undefined, 'not settled before the end'])
  })

  it('has the name that the message will have', () => {
    const { source } = receive(
      [{ value: 'a', id: 'own', offset: 1 }, { value: 'a', offset: 1n, partition: 3 }, { value: 'a' }],
      8,
    )
    for (const sequence of [8, 9, 10]) source.settled(sequence, false)
    expect(idsOf()).toEqual(['own', '3-1', '2-10'])
    expect(endedSpans()[1].attributes['messaging.destination.partition.id']).toBe('3')
  })
})

describe('the context that a record came with', () => {
  const parentOf = (record: Partial<SourceRecord>) => {
    receive([{ value: 'a', ...record }]).source.settled(0, false)
    return endedSpans()[0].parentId
  }
  it.each([
    ['trace', { trace: traceOf('a') }, 'a'.repeat(16)],
    ['a header', { headers: { traceparent: traceOf('b') } }, 'b'.repeat(16)],
    ['a header of bytes', { headers: { traceparent: Buffer.from(traceOf('b')) } }, 'b'.repeat(16)],
    [
      'trace, where both are there',
      { trace: traceOf('a'), headers: { traceparent: traceOf('b') } },
      'a'.repeat(16),
    ],
    [
      'a header, where trace is nonsense',
      { trace: 'x', headers: { traceparent: traceOf('b') } },
      'b'.repeat(16),
    ],
    ['nobody', { headers: { traceparent: 'nonsense' } }, undefined],
  ])('is that of %s', (_, record, wanted) => {
    expect(parentOf(record)).toBe(wanted)
  })

  it('goes on where it is not sampled: no span, and no trace of its own', () => {
    const { source, records } = receive([{ value: 'a', trace: traceOf('a', false) }])
    source.settled(0, false)
    expect(endedSpans()).toEqual([])
    expect(records[0].trace).toMatch(new RegExp(`^00-${'a'.repeat(32)}-[0-9a-f]{16}-00$`))
  })
})

it('records stay what they were, of whatever class', () => {
  class Line {
    value = 'a'
    get offset() {
      return 9n
    }
  }
  const given = new Line()
  const { records } = receive([given, 7 as unknown as SourceRecord, null as unknown as SourceRecord])
  expect(records[0]).toMatchObject({ value: 'a', offset: 9n })
  expect(records.slice(1)).toEqual([7, null])
  expect(given).not.toHaveProperty('trace')
})
