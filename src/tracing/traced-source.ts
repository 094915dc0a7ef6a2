// The spans of a source: one for each record, from its reading until it is settled. They are what all other spans hang on.
// Called by the reader, once a read and once a settled record. A span of a reader that dies is lost; the record's next one is new.

import type { Attributes, Span } from '@opentelemetry/api'
import type { RecordTrace } from '../actors/actor-tracing.js'
import type { SourceRecord } from '../sources/source.js'
import { traceText } from './trace-text.js'
import type { Tracing } from './tracing.js'

export class TracedSource implements RecordTrace {
  private readonly tracing: Tracing
  private readonly spanName: string
  private readonly attributes: Attributes
  private readonly epoch: number
  /** By sequence: of records in flight, those that are recorded. */
  private readonly open = new Map<number, Span>()

  constructor(tracing: Tracing, name: string, epoch: number) {
    this.tracing = tracing
    this.spanName = `receive ${name}`
    this.attributes = tracing.attributesFor('receive', name)
    this.epoch = epoch
  }

  received(records: readonly SourceRecord[], sequence: number): readonly SourceRecord[] {
    // What is no record is for the reader to complain about.
    return records.map((record, i) =>
      typeof record === 'object' && record !== null ? this.begin(record, sequence + i) : record,
    )
  }

  settled(sequence: number, isNacked: boolean): void {
    const span = this.open.get(sequence)
    if (span === undefined) return
    this.open.delete(sequence)
    span.setAttribute('millrace.outcome', isNacked ? 'nack' : 'ack')
    if (isNacked) this.fail(span, 'nacked')
    span.end()
  }

  /** Ends the spans of what is still in flight: nobody will settle it. */
  close(): void {
    for (const span of this.open.values()) {
      this.fail(span, 'not settled before the end')
      span.end()
    }
    this.open.clear()
  }

  private begin(record: SourceRecord, sequence: number): SourceRecord {
    const { tracing, spanName, attributes } = this
    const { api, tracer } = tracing
    const parent = tracing.contextOf(tracing.spanContextOf(record.trace), record.headers)
    const span = tracer.startSpan(spanName, { kind: api.SpanKind.CONSUMER, attributes }, parent)
    if (span.isRecording()) {
      span.setAttributes(this.attributesOf(record, sequence))
      this.open.set(sequence, span)
    }
    // Not recorded is a decision too, and goes along: what comes after would be traced by itself.
    return withTrace(record, traceText(span.spanContext()))
  }

  private attributesOf(record: SourceRecord, sequence: number): Attributes {
    const { id, offset, partition } = record
    const place = partition === undefined ? String(offset) : `${partition}-${offset}`
    const attributes: Attributes = {
      'messaging.message.id': id ?? (offset === undefined ? `${this.epoch}-${sequence}` : place),
    }
    if (partition !== undefined) attributes['messaging.destination.partition.id'] = String(partition)
    return attributes
  }

  private fail(span: Span, message: string): void {
    span.setAttribute('error.type', message)
    span.setStatus({ code: this.tracing.api.SpanStatusCode.ERROR, message })
  }
}

/** Field by field: a record may be of a class, and is its source's. */
function withTrace(record: SourceRecord, trace: string): SourceRecord {
  const { value, offset, partition, generation, id, keys, tags, headers, eventTime, deadline } = record
  return { value, offset, partition, generation, id, keys, tags, headers, eventTime, deadline, trace }
}
