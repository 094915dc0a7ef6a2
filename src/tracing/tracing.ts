// The tracing of one thread: makes the spans of its source, its map stages and its sinks.
// One trace goes through all threads: a record carries the context of the span that made it, and the next span is its child.

import type { Attributes, Context, Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { ActorTracing, TracedHandler, TracedSink } from '../actors/actor-tracing.js'
import type { MapHandler } from '../actors/map-handler.js'
import type { Headers } from '../kernel/codec.js'
import { countText } from '../kernel/count-text.js'
import { within } from '../kernel/deadline.js'
import { messageOf, toErrorRecord } from '../kernel/failure.js'
import type { Log } from '../kernel/log.js'
import type { Sink } from '../sinks/sink.js'
import { headerGetter } from './header-getter.js'
import { spanContextOf } from './trace-text.js'
import { traceHandler } from './traced-handler.js'
import { traceSink } from './traced-sink.js'
import { TracedSource } from './traced-source.js'

export type Api = typeof import('@opentelemetry/api')

/** How long the SDK may take to send what it holds. */
const FLUSH_MS = 3_000

export class Tracing implements ActorTracing {
  readonly api: Api
  readonly tracer: Tracer
  private readonly common: Attributes
  private readonly log: Log
  private readonly sources: TracedSource[] = []

  constructor(api: Api, topology: string, thread: string, log: Log) {
    this.log = log
    this.api = api
    this.tracer = api.trace.getTracer('millrace')
    this.common = { 'messaging.system': 'millrace', 'millrace.topology': topology, 'thread.name': thread }
  }

  /** Gives what the reader tells of its records. */
  source(name: string, epoch: number): TracedSource {
    const source = new TracedSource(this, name, epoch)
    this.sources.push(source)
    return source
  }

  /** Gives the handler with a span for each of its calls. */
  handler(stage: string, handler: MapHandler): TracedHandler {
    return traceHandler(this, stage, handler)
  }

  /** Gives the sink with a span for each of its writes. */
  sink(name: string, sink: Sink): TracedSink {
    return traceSink(this, name, sink)
  }

  /**
   * Ends the spans of what was not settled, and has the SDK send what it still holds: a thread ends without a word to it.
   * Never rejects, and does not wait for long.
   */
  async close(): Promise<void> {
    for (const source of this.sources) source.close()
    const provider = this.api.trace.getTracerProvider() as Provider
    const lost = (why: string) => this.log.warn(`the last spans are lost: ${why}`)
    const sent = Promise.resolve((provider.getDelegate?.() ?? provider).forceFlush?.())
    await within(
      FLUSH_MS,
      // An SDK rejects with a list: an error for each of its processors.
      sent.catch((error) => lost(messageOf(Array.isArray(error) ? error[0] : error))),
      () => lost(`the SDK has not sent them after ${countText(FLUSH_MS)} ms`),
    )
  }

  /** The attributes of all spans of one kind, by the messaging conventions. */
  attributesFor(operation: 'receive' | 'process' | 'send', destination: string): Attributes {
    return {
      ...this.common,
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': destination,
    }
  }

  /** Reads the trace context of a message or a record, if it has one. */
  spanContextOf(trace: string | undefined): SpanContext | undefined {
    return spanContextOf(trace, this.api.createTraceState)
  }

  /** The context that a message was sent in: its trace, and what else the SDK's propagator finds in its headers. */
  contextOf(trace: SpanContext | undefined, headers: Headers | undefined): Context {
    const { ROOT_CONTEXT, propagation, trace: spans } = this.api
    const context =
      headers === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, headers, headerGetter)
    return trace === undefined ? context : spans.setSpanContext(context, trace)
  }

  /** Ends a span that failed. */
  endFailed(span: Span, error: unknown): void {
    const { name, message, stack } = toErrorRecord(error)
    span.recordException({ name, message, ...(stack && { stack }) })
    span.setAttribute('error.type', name)
    span.setStatus({ code: this.api.SpanStatusCode.ERROR, message })
    span.end()
  }
}

/** What is registered may stand for another provider; only those of an SDK have something to send. */
type Provider = { getDelegate?: () => Provider; forceFlush?: () => Promise<void> }
